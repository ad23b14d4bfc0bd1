"""The machine fails under bgpvip: its standard error, netlink, files and programs that hang."""

import time
from concurrent.futures import ThreadPoolExecutor

from lab.fib import RouteWatch
from lab.resident import Resident
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect
from scenarios.hostile.limits import HOLD_TIME, LEAVING, Figures, hold, losses
from scenarios.rack import PREFIX, await_bound, await_next_hops

SWITCH = "/run/lab/switch"
SETTINGS = {"BGPVIP_HOLD_TIME": f"{HOLD_TIME}s", "BGPVIP_LINGER": "0", "BGPVIP_SETTLE": "0"}


def hostile_stderr(lab):
    """Standard error is closed, full, unread, gone: sessions, commands, a withdrawal and the end stay within their limits."""
    kinds = lab.nodes[0].host.run("python3", "/lab/stderr.py", "list").splitlines()
    lab.bird.start(bird_neighbors(lab.nodes, hold_time=HOLD_TIME))

    def write(node, bgpvip, kind, watch):
        bgpvip.start("python3", "/lab/stderr.py", kind, BGPVIP_LOG_LEVEL="debug")
        begun = time.monotonic_ns()
        watch.wait(f"has {node.name}, whose standard error is {kind},", lambda hops: node.address in hops, after=begun)
        figures = Figures(node, bgpvip)
        with figures.watching_messages(lab.tor):
            for _ in range(6):
                figures.ask()
                time.sleep(0.5)
            crash(node, watch, figures)
        figures.leave()
        await_bound(node, False)
        node.service.start()
        return figures

    return f"{len(kinds)} kinds of standard error; {hold(*on_all_nodes(lab, kinds, write))}"


def hostile_netlink(lab):
    """Each netlink call of a start and an end fails once: the VIP is advertised all the same, and nothing is left of it."""
    node = lab.nodes[0]
    node.service.start()
    bgpvip = Resident(lab.engine, lab.product, node, **SETTINGS)
    lab.bird.start(bird_neighbors(lab.nodes, hold_time=HOLD_TIME))
    bgpvip.start("python3", "/lab/inject.py", "netlink", SWITCH)
    await_next_hops(lab, [node])
    bgpvip.stop()
    node.service.kill()
    calls = int(eventually("the calls are counted", lambda: node.host.shell(f"cat {SWITCH}.count", check=False)))

    def fail(node, bgpvip, number, watch):
        node.host.write(SWITCH, f"ENOBUFS {number}")
        begun = time.monotonic_ns()
        bgpvip.start("python3", "/lab/inject.py", "netlink", SWITCH)
        ended = eventually(
            f"the ToR has {node.name}, of whose netlink calls number {number} fails",
            lambda: [change for change in watch.changes if change["at"] >= begun and node.address in change["nextHops"]]
            and "serves" or "cannot start: " in bgpvip.log() and "ends", 10)
        if ended == "ends":
            bgpvip.daemon.await_end()
        else:
            asked = time.monotonic()
            bgpvip.stop()
            expect(time.monotonic() - asked <= LEAVING, f"call {number}: the end takes {time.monotonic() - asked:.1f} s")
        await_bound(node, False)
        return ended

    said = on_all_nodes(lab, range(1, calls + 1), fail)
    return f"{calls} calls, {said.count('ends')} of which end the start, for a supervisor to try again"


def hostile_execve_hangs(lab):
    """The kernel does not come back from execve of a check's program: the route is withdrawn, and all else goes on."""
    node = lab.nodes[0]
    bgpvip, figures = begin(lab, node, "exec", BGPVIP_CHECK="exec:/bin/true", BGPVIP_CHECK_INTERVAL="100ms",
                            BGPVIP_CHECK_TIMEOUT="300ms", BGPVIP_CHECK_FALL="2")
    with RouteWatch(lab.tor, PREFIX) as watch:
        with figures.watching_messages(lab.tor):
            at = time.monotonic_ns()
            node.host.write(SWITCH, "hang")
            gone = watch.wait("is lost", lambda hops: hops == [], after=at)
            figures.withdrawals.append((gone - at) / 1e9)
            for _ in range(10):
                figures.ask()
                time.sleep(0.3)
            node.host.run("rm", SWITCH)
            watch.wait("is back", bool, after=gone)
    return end_amid(node, "hang", figures)


def hostile_files_hang(lab):
    """No file can be opened: a check that reads its token for each connection uses the last one, and a crash is noticed."""
    node = lab.nodes[0]
    node.host.write("/run/lab/token", "secret")
    node.service.close_connections("announced")
    node.service.start()
    bgpvip, figures = begin(lab, node, "open", BGPVIP_CHECK_TOKEN_FILE="/run/lab/token", BGPVIP_CHECK_INSECURE="true",
                            BGPVIP_DRAIN_FILE="/run/lab/drain")
    live_through(lab, node, "hang", figures)
    return end_amid(node, "hang", figures)


def hostile_no_threads(lab):
    """No thread and no process can be made: sessions, commands, checks, a withdrawal and the end stay within their limits."""
    node = lab.nodes[0]
    node.service.start()
    bgpvip, figures = begin(lab, node, "fork")
    live_through(lab, node, "EAGAIN", figures)
    return end_amid(node, "EAGAIN", figures)


def begin(lab, node, calls, **settings):
    """A bgpvip whose system calls of one kind can be made to hang, in service."""
    lab.bird.start(bird_neighbors([node], hold_time=HOLD_TIME))
    bgpvip = Resident(lab.engine, lab.product, node, **SETTINGS, **settings)
    bgpvip.start("python3", "/lab/inject.py", calls, SWITCH)
    await_next_hops(lab, [node])
    time.sleep(2)
    return bgpvip, Figures(node, bgpvip)


def live_through(lab, node, fault, figures):
    """While the harm lasts, no route changes without cause, a crash of the service is noticed, and so is its return."""
    with RouteWatch(lab.tor, PREFIX) as watch:
        with figures.watching_messages(lab.tor):
            at = time.monotonic_ns()
            node.host.write(SWITCH, fault)
            for _ in range(10):
                figures.ask()
                time.sleep(0.3)
            expect(not losses(watch, node, at), f"the ToR's route has changed without cause: {watch.changes}")
            crash(node, watch, figures)
            node.service.start()
            await_next_hops(lab, [node])
            node.host.run("rm", SWITCH)


def end_amid(node, fault, figures):
    """The harm is over and begins anew, and bgpvip ends amid it; returns the figures as text."""
    figures.recover()
    node.host.write(SWITCH, fault)
    time.sleep(0.5)
    figures.leave()
    await_bound(node, False)
    return hold(figures)


def crash(node, watch, figures):
    """The service is killed."""
    killed = node.service.kill()
    gone = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=killed)
    figures.withdrawals.append((gone - killed) / 1e9)


def on_all_nodes(lab, things, work):
    """Does `work` for each thing, on three nodes at a time; returns what it returned."""

    def share(number):
        node = lab.nodes[number]
        node.service.start()
        bgpvip = Resident(lab.engine, lab.product, node, **SETTINGS)
        return [work(node, bgpvip, thing, watch) for thing in list(things)[number::len(lab.nodes)]]
    with RouteWatch(lab.tor, PREFIX) as watch, ThreadPoolExecutor() as pool:
        return [said for part in pool.map(share, range(len(lab.nodes))) for said in part]


ALL = (hostile_stderr, hostile_netlink, hostile_execve_hangs, hostile_files_hang, hostile_no_threads)
