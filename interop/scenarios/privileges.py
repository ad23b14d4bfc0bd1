"""What a running daemon may still do, read from the kernel; and that it does its work with that."""

from pathlib import Path

from lab.node import VIP
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import await_bound, await_next_hops
from scenarios.reload import BOTH, configured, peers
from scenarios.watching import resident

# Bit 12 is CAP_NET_ADMIN.
NET_ADMIN = "0000000000001000"
CONFINED = {"NoNewPrivs": "1", "Seccomp": "2", "CapInh": "0000000000000000", "CapPrm": NET_ADMIN, "CapEff": NET_ADMIN,
            "CapBnd": NET_ADMIN}
# Only root can leave the bounding set, which means nothing to a process that can run no program.
OF_A_USER = {name: value for name, value in CONFINED.items() if name not in ("CapBnd", "CapInh")}
# In no file of the image.
USER = "65532"
HOLD_TIME = "30s"
CHECKED = "/run/lab/checked"
# Asks the service, and writes what the program itself may do: nothing forbids a program of a check to write.
PROGRAM = f"""#!/bin/sh
cat /proc/self/status > {CHECKED}
exec curl -skf -o /dev/null https://127.0.0.1:6443/readyz
"""


def least_privilege(lab):
    """As root and as another user: of all capabilities CAP_NET_ADMIN is left; failover, drain, reload and rekeying work."""
    root, other = lab.nodes[:2]
    lab.bird.start(bird_neighbors([root, other], vips=BOTH, password="first", hold_time=30))
    given = ("NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", "SYS_NICE", "SETPCAP", "DAC_OVERRIDE")
    threads = 0
    for node, capabilities, options in ((root, given, ()), (other, ("NET_ADMIN",), ("--user", f"{USER}:{USER}"))):
        with configured(node, holdTime=HOLD_TIME, peers=peers(
                node, tor={"passwordFile": "/etc/bgpvip/password"}, spine=False, client=False)) as running:
            running.file("password", "first\n")
            running.start(capabilities, options)
            await_next_hops(lab, [node])
            threads += confined(process(node.speaker.inspect("{{.State.Pid}}")), CONFINED if node is root else OF_A_USER)
            works(lab, node, running)
            node.speaker.signal("TERM")
            expect_equal(node.speaker.exit_status(), 0, "the exit status")
            await_bound(node, False)
            await_next_hops(lab, [])
    return f"CAP_NET_ADMIN, no_new_privs and a filter on all of {threads} threads seen"


def works(lab, node, running):
    """What a daemon does in its life: a crash of the service, a reload, a rekeying, a refused reload, a drain."""
    node.service.kill()
    await_next_hops(lab, [])
    await_bound(node, False)
    node.service.start()
    await_next_hops(lab, [node])
    await_bound(node, True)

    node.speaker.ask("drain", "--wait")
    await_next_hops(lab, [])
    node.speaker.ask("undrain")
    await_next_hops(lab, [node])

    running.reload(vips=[VIP])
    running.reload(vips=list(BOTH))
    eventually("the second VIP is advertised again", lambda: lab.tor.next_hops(f"{BOTH[1]}/32") == [node.address])
    since = lab.bird.since(node.name)
    running.file("password", "second\n")
    running.reload()
    lab.tor.run("python3", "/lab/rekey.py", node.address, "second")
    running.reload(vips=[VIP])
    eventually("what is sent under the new password arrives", lambda: lab.tor.next_hops(f"{BOTH[1]}/32") == [], 30)
    expect_equal(lab.bird.since(node.name), since, "BIRD's uptime of the session")

    good = running.config["checks"]
    running.write(checks=[{"name": "program", "exec": ["/usr/bin/bgpvip", "version"]}])
    refused = node.speaker.command("reload")
    expect_equal(refused.returncode, 2, "the exit status of a reload that adds a program")
    expect("gave up at its start: restart bgpvip" in refused.stderr, f"`bgpvip reload` prints {refused.stderr!r}")
    running.reload(checks=good)


def least_privilege_programs(lab):
    """With a check that runs a program: the program runs, may write, and has no capability that the daemon gave up."""
    node = lab.nodes[0]
    node.host.write("/run/lab/check", PROGRAM)
    node.host.run("chmod", "755", "/run/lab/check")
    node, bgpvip = resident(lab, BGPVIP_CHECK="exec:/run/lab/check")
    pid = node.host.run("cat", bgpvip.daemon.file).strip()
    confined({"daemon": node.host.run("cat", f"/proc/{pid}/status")}, CONFINED)
    confined({"program": node.host.run("cat", CHECKED)}, CONFINED)
    node.service.kill()
    await_next_hops(lab, [])
    node.service.start()
    await_next_hops(lab, [node])
    bgpvip.stop()
    await_bound(node, False)


def process(pid):
    """The kernel's account of each thread of a process of this machine."""
    return {path.parent.name: path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/status")}


def confined(threads, expected):
    """Every thread must be confined like this; returns how many there are."""
    expect(threads, "no thread was seen")
    for number, status in threads.items():
        shown = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        for name, value in expected.items():
            expect_equal(shown[name], value, f"{name} of thread {number}")
    return len(threads)
