"""Validates manifests against kubernetes-schema.json: see `interop/manifests`."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import yaml

INTEROP = Path(__file__).resolve().parent
SCHEMA = json.loads((INTEROP / "kubernetes-schema.json").read_text(encoding="utf-8"))
KINDS = {
    ("v1", "Namespace"): "io.k8s.api.core.v1.Namespace", ("v1", "ConfigMap"): "io.k8s.api.core.v1.ConfigMap",
    ("v1", "Pod"): "io.k8s.api.core.v1.Pod", ("apps/v1", "DaemonSet"): "io.k8s.api.apps.v1.DaemonSet",
    ("v1", "ServiceAccount"): "io.k8s.api.core.v1.ServiceAccount",
    **{("rbac.authorization.k8s.io/v1", kind): f"io.k8s.api.rbac.v1.{kind}"
       for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")},
}
LEAST = ("--local-as", "65001", "--vip", "10.255.0.1", "--peers", "10.0.1.1:65000")
# What differs in the manifest from one to the other.
CASES = (
    LEAST,
    ("--interface", "lo", "--address", "192.168.0.40", "--controlplane", "--bgp", "--localAS", "65000", "--bgpRouterID",
     "192.168.0.2", "--bgppeers", "192.168.0.10:65000::false,192.168.0.11:65000::false"),
    (*LEAST, "--bfd", "100ms", "--listen", "--metrics", ":9179", "--settle", "60s", "--control-socket", "none"),
    (*LEAST, "--peer-password-file", "/etc/bgpvip/tor", "--check-ca-file", "/etc/kubernetes/pki/ca.crt", "--check-body",
     'a "quoted": text', "--drain-file", "/etc/bgpvip/drain"),
)
# With nothing but Services, and beside a virtual address.
SERVICES = ("--local-as", "65001", "--peers", "10.0.1.1:65000", "--services", "--services-pools", "192.0.2.0/26")
CASES += (SERVICES, (*LEAST, "--services", "--services-namespace", "other", "--services-unclassed"))
FILE = "localAS: 65001\nvips: [10.255.0.1, fd00:255::1]\n# both families\npeers:\n- gateway:65000\n"


def faults(text):
    """What is wrong with the documents of a manifest, one line each."""
    found = []
    for document in yaml.safe_load_all(text):
        kind = (document.get("apiVersion"), document.get("kind"))
        if kind not in KINDS:
            found.append(f"{kind} is not a kind of ours")
            continue
        schema = {"$ref": f"#/$defs/{KINDS[kind]}", "$defs": SCHEMA["$defs"]}
        for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
            found.append(f"{kind[1]}: {'.'.join(map(str, error.path))}: {error.message}")
    return found


def printed(*arguments):
    """What `bgpvip manifest` prints."""
    return subprocess.run([sys.argv[1], "manifest", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True).stdout


def cases(kind, printed_by=printed):
    """A manifest of this kind for every case, with the command that prints it."""
    for case in CASES:
        yield f"manifest {kind} {' '.join(case)}", printed_by(kind, *case)


def manifests():
    """Every manifest to look at, with a name for it."""
    yield from cases("pod")
    yield from cases("daemonset")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "bgpvip.yaml")
        file.write_text(FILE, encoding="utf-8")
        text = printed("daemonset", "--config", str(file), "--peer-password-file", "/secrets/tor")
        config = list(yaml.safe_load_all(text))[1]["data"]["bgpvip.yaml"]
        if config != FILE:
            sys.exit(f"the ConfigMap has {config!r} in place of the file")
        yield "manifest daemonset --config", text
    for file in ("namespace.yaml", "daemonset.yaml"):
        yield f"docs/kustomize/{file}", (INTEROP.parent / "docs" / "kustomize" / file).read_text(encoding="utf-8")


def main():
    """The command line; the exit status is 0 only if nothing is wrong."""
    wrong = count = 0
    for name, text in manifests():
        count += 1
        for fault in faults(text):
            wrong += 1
            print(f"{name}: {fault}")
    # The schema must be one that finds something.
    broken = printed("pod", *LEAST).replace("hostNetwork: true", "hostNetwork: yes please\n  hostNetwerk: true")
    if len(faults(broken)) != 2:
        wrong += 1
        print("a manifest with two faults was not found to have two")
    print(f"{count} manifests, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
