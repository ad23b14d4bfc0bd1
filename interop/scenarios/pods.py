"""The printed pods under `podman kube play`, with their read-only root."""

import re

from lab.client import Requests, spread
from lab.engine import LABEL
from lab.node import NODE_AS, TOR_AS, VIP
from lab.site import Site
from lab.waiting import eventually, expect, expect_equal
from lab.tor_config import bird_neighbors
from scenarios.rack import await_bound, await_next_hops

MAY_DO = "{{.HostConfig.ReadonlyRootfs}} {{.EffectiveCaps}}"


def printed(lab, kind, node, *flags):
    """What `bgpvip manifest` prints for a node; the image carries the lab's name."""
    return lab.engine.command(
        "run", "--rm", "--label", LABEL, "--network", "none", lab.product, "manifest", kind, "--image", lab.product,
        "--local-as", str(NODE_AS), "--vip", VIP, "--peers", f"{node.router}:{TOR_AS}", *flags).stdout


def daemonset_pod(manifest):
    """The ConfigMap of a DaemonSet's manifest, and its pod template as a pod of its own."""
    _, config, daemonset = manifest.split("---\n")
    template = daemonset.partition("  template:\n")[2]
    pod = re.sub("^    ", "", template, flags=re.M).replace("metadata:\n", "metadata:\n  name: bgpvip\n", 1)
    return f"{config}---\napiVersion: v1\nkind: Pod\n{pod}"


def without_run(manifest):
    """A manifest whose mount of /run/bgpvip was left out."""
    mount = r' *- name: run\n *mountPath: "/run/bgpvip"\n'
    volume = r' *- name: run\n *hostPath:\n *path: "/run/bgpvip"\n *type: DirectoryOrCreate\n'
    left = re.sub(f"{mount}|{volume}", "", manifest)
    expect("/run/bgpvip" not in left, "the manifest mounts /run/bgpvip in an unknown way")
    # Nothing may be left of a list that has become empty.
    return re.sub(r"^ *(volumeMounts|volumes):\n(?! *- )", "", left, flags=re.M)


def play(site, manifest):
    """Starts a pod on a server, as its operator would."""
    site.write("/root/bgpvip.yaml", manifest)
    site.run("podman kube play /root/bgpvip.yaml")
    return site.run("podman ps --format '{{.Names}}' | grep -v infra").strip()


def kube_play(lab):
    """podman kube play: the static pod, without /run as well, and the DaemonSet's pod serve with a read-only root."""
    lab.bird.start(bird_neighbors(lab.nodes))
    for node in lab.nodes:
        node.service.start()
    static, bare, daemonset = lab.nodes
    with Site(lab.engine, static.host, "/root") as first, Site(lab.engine, bare.host, "/root") as second, \
            Site(lab.engine, daemonset.host, "/root") as third:
        for site in (first, second, third):
            site.load(lab.product)
        names = [
            play(first, printed(lab, "pod", static)), play(second, without_run(printed(lab, "pod", bare))),
            play(third, daemonset_pod(printed(lab, "daemonset", daemonset)))]
        await_next_hops(lab, lab.nodes)
        spread(Requests(lab.client, VIP, 30).results())
        for site, name in zip((first, second, third), names):
            shown = site.run(f"podman inspect --format '{MAY_DO}' {name}").strip()
            expect_equal(shown, "true [CAP_NET_ADMIN]", "read-only root and capabilities")
            site.host.shell("curl -sf http://127.0.0.1:9179/readyz")
        for site, name in ((first, names[0]), (third, names[2])):
            answer = site.run(f"podman exec {name} bgpvip peers")
            expect("Established" in answer, f"`bgpvip peers` in the pod says {answer!r}")
        said = second.run(f"podman logs {names[1]}")
        expect("no control socket" in said, f"without /run the log says {said!r}")
        for site in (first, second, third):
            # `kube down` of Podman 4.3 kills what runs, whatever grace period the pod has.
            site.run("podman pod stop --time 30 bgpvip && podman kube down /root/bgpvip.yaml")
        for node in lab.nodes:
            await_bound(node, False)
            error = eventually("BIRD shows why the session ended", lambda: lab.bird.peer(node.name).get("Last error"))
            expect("Administrative shutdown" in error, f"BIRD's last error is {error!r}")
    return "three pods serve, and leave with Cease; the log of the one without /run says that there is no control socket"
