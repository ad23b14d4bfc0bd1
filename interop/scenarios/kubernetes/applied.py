"""The printed manifests and docs/kustomize under `kubectl apply`."""

from lab.document import PAGES
from lab.kubernetes.cluster import FRONT
from lab.kubernetes.pki import DIRECTORY
from lab.waiting import expect
from manifests import cases

KUSTOMIZE = "/run/lab/kustomize"


def manifests_applied(cluster):
    """kubectl applies the printed DaemonSets and the base of Kustomize without a warning, and a second time changes nothing."""
    cluster.serve(FRONT)
    host = cluster.members[0].host
    count = 0

    def printed_by(*arguments):
        return cluster.printed("manifest", *arguments)

    def kubectl(*arguments, text=None):
        """What kubectl prints; a warning is a fault."""
        said = host.run(
            "/kubernetes/kubectl", f"--server=https://127.0.0.1:{FRONT}", *[
                f"--{flag}={DIRECTORY}/{file}" for flag, file in (
                    ("certificate-authority", "ca.crt"), ("client-certificate", "admin.crt"), ("client-key", "admin.key"))],
            "--warnings-as-errors", *arguments, text_input=text)
        return said.splitlines()

    def apply(name, *arguments, text=None):
        """Applies twice to a cluster with no DaemonSet of ours; namespaces stay, for want of their controller."""
        kubectl("--namespace=bgpvip", "delete", "daemonsets", "--all", "--wait=false")
        for asked, answers in (("once", ("created", "configured", "unchanged")), ("again", ("unchanged",))):
            for line in kubectl("apply", "--validate=strict", *arguments, text=text):
                expect(line.endswith(answers), f"{name}, applied {asked}: {line}")

    # One of the manifests names it for its Leases, and says that it must exist.
    if "namespace/other" not in kubectl("get", "namespaces", "--output=name"):
        kubectl("create", "namespace", "other")
    for name, text in cases("daemonset", printed_by):
        apply(name, "--filename=-", text=text)
        count += 1
    host.run("mkdir", "-p", KUSTOMIZE)
    for file in (PAGES / "kustomize").iterdir():
        host.write(f"{KUSTOMIZE}/{file.name}", file.read_text(encoding="utf-8"))
    apply("docs/kustomize", f"--kustomize={KUSTOMIZE}")
    # A static pod is the kubelet's to start; the API server says what it thinks of the text. Its account has no controller here.
    account(kubectl)
    for name, text in cases("pod", printed_by):
        for line in kubectl("apply", "--validate=strict", "--dry-run=server", "--filename=-", text=text):
            expect("created" in line, f"{name}: {line}")
        count += 1
    return f"{count} manifests and docs/kustomize on {cluster.version()}"


def account(kubectl):
    """The service account that a pod gets in kube-system, unless it is there."""
    if "serviceaccount/default" not in kubectl("--namespace=kube-system", "get", "serviceaccounts", "--output=name"):
        kubectl("--namespace=kube-system", "create", "serviceaccount", "default")
