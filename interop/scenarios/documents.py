"""The pages for operators: each command in them is run, on the machines that they name."""

import contextlib
import textwrap
import time

from lab.document import commands
from lab.engine import INTEROP
from lab.node import NODE_AS, TOR_AS, VIP
from lab.site import Site, door
from lab.waiting import eventually, expect, expect_equal
from lab.tor_config import bird_neighbors
from scenarios.rack import PREFIX, await_bound, await_next_hops

# Pages of which the commands that need no cluster are run on a node of the rack.
OTHER_PAGES = (
    "../README.md", "kubernetes.md", "from-kube-vip.md", "from-keepalived.md", "from-exabgp.md", "from-bird.md",
    "settings.md", "switches.md", "doctor.md", "upgrade.md", "reload.md", "troubleshooting.md", "services.md")
# What they call the configuration file.
FILE = "localAS: {local}\nvips: [{vip}]\npeers: ['{router}:{tor}']\n"
INCLUDE = 'include "/etc/bird/bgpvip.conf";\n'
# What `ssh NAME COMMAND` does on the workstation.
SSH = """\
#!/bin/sh
name=$1
shift
case $name in
{cases}
*) echo "ssh: there is no $name" >&2; exit 255 ;;
esac
"""


def getting_started(lab):
    """A stranger with docs/getting-started.md alone: from the image to a client's first answer, and back to nothing."""
    started = time.monotonic()
    answered = None
    with rack_of_a_stranger(lab) as machines:
        for block in commands("getting-started.md"):
            for place in block.places:
                said = machines[place](block.script)
                if place == "client":
                    expect(said.strip() in [node.name for node in lab.nodes], f"the client got {said!r}")
                    answered = time.monotonic() - started
            after(block, lab)
        await_next_hops(lab, lab.nodes[:2])
        await_bound(lab.nodes[2], False)
    expect(answered is not None, "no client asked")
    return f"{answered:.0f} s from the page's first command to the client's first answer"


def after(block, lab):
    """What must hold after a block, and is waited for as its reader would."""
    if "--detach" in block.script or "undrain" in block.script:
        await_next_hops(lab, lab.nodes)


@contextlib.contextmanager
def rack_of_a_stranger(lab):
    """By name, what runs a script on each machine of the page; the nodes have Podman and no image."""
    nodes = {f"node{number}": node for number, node in enumerate(lab.nodes, start=1)}
    for node in lab.nodes:
        node.service.start()
        # The page's switch has one address for each node.
        node.host.run("ip", "-6", "route", "del", "default")
    lab.tor.run("mkdir", "-p", "/etc/bird")
    lab.tor.write("/etc/bird/bgpvip.conf", "")
    lab.bird.start(INCLUDE)
    with contextlib.ExitStack() as stack:
        for node in lab.nodes:
            stack.callback(node.host.run, "ip", "-6", "route", "add", "default", "via", node.router6)
        sites = {name: stack.enter_context(Site(lab.engine, node.host, "/root")) for name, node in nodes.items()}
        workstation = stack.enter_context(Site(lab.engine, lab.spine, str(INTEROP.parent)))
        doors = {name: site.door for name, site in sites.items()} | {"switch": door(lab.tor)}
        cases = "\n".join(f'{name}) exec {" ".join(command)} sh -ec "cd; $*" ;;' for name, command in doors.items())
        workstation.install(lab.product)
        workstation.write("/usr/local/bin/ssh", SSH.format(cases=cases), mode="755")
        yield {
            "workstation": lambda script: workstation.run(f"export BGPVIP_BINARY=/usr/local/bin/bgpvip\n{script}"),
            "switch": lab.tor.shell, "client": lab.client.shell, **{name: site.run for name, site in sites.items()}}


def documents(lab):
    """Every command of the other pages that needs no cluster is run on a node, where bgpvip is installed."""
    node, count = lab.nodes[0], 0
    lab.bird.start(bird_neighbors(lab.nodes))
    node.service.start()
    with Site(lab.engine, node.host, "/root") as site:
        site.install(lab.product)
        site.write("/etc/bgpvip/bgpvip.yaml", FILE.format(local=NODE_AS, vip=VIP, router=node.router, tor=TOR_AS))
        for page in OTHER_PAGES:
            for block in commands(page):
                if not block.places:
                    continue
                expect_equal(block.places, ("node1",), f"the place of a block in docs/{page}")
                if block.needs and not lab.tor.next_hops(PREFIX):
                    site.run(f"bgpvip run --local-as {NODE_AS} --vip {VIP} --peers {node.router}:{TOR_AS} "
                             "> /root/bgpvip.log 2>&1 & echo $! > /root/bgpvip.pid")
                    await_next_hops(lab, [node])
                site.run(textwrap.dedent(block.script))
                if block.needs:
                    await_next_hops(lab, [node])
                count += 1
        site.run("kill $(cat /root/bgpvip.pid)")
        eventually("the VIP has left", lambda: not node.has_vip())
    return f"{count} blocks of {len(OTHER_PAGES)} pages"
