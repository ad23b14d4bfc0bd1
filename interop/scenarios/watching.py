"""What a running daemon shows, and whom it tells: commands, health endpoints, the status page, a program."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

from lab.browser import Browser
from lab.evidence import ARTEFACTS
from lab.node import TOR_AS, VIP, VIP6
from lab.resident import Resident
from lab.waiting import eventually, expect, expect_equal
from lab.tor_config import bird_neighbors
from scenarios.rack import PREFIX, await_next_hops

CHANGES = "/run/lab/changes"
NOTIFY = "/run/lab/notify"
# A telephone, a tablet, a window of half a screen, a screen.
SCREENS = (390, 768, 1000, 1280)


def resident(lab, **settings):
    """One node in service, with its bgpvip on the host."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node]))
    node.service.start()
    bgpvip = Resident(lab.engine, lab.product, node, BGPVIP_METRICS="9179", **settings)
    bgpvip.start()
    await_next_hops(lab, [node])
    return node, bgpvip


def exits(bgpvip, status, *arguments):
    """The command must end with this exit status; returns what it has said on standard error."""
    _, said, found = bgpvip.ask(*arguments)
    expect_equal(found, status, f"the exit status of `bgpvip {' '.join(arguments)}`")
    return said


def get(node, path):
    """The status and the body of a page at the port for metrics."""
    answer = node.host.run("curl", "-s", "-w", "\n%{http_code}", f"http://127.0.0.1:9179{path}")
    body, _, code = answer.rpartition("\n")
    return int(code), body


def watching(lab):
    """status, events and why in JSON, --watch on narrow terminals and over a restart, health endpoints, the status page."""
    node, bgpvip = resident(lab)
    status = bgpvip.json("status")
    expect_equal((status["node"], status["phase"]), ("n1", "running"), "the node and its phase")
    peers = bgpvip.json("peers")
    expect_equal(peers, [{**status["peers"][0], **moving(peers[0])}], "peers --json")
    expect(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", status["peers"][0]["stateSince"]), "no RFC 3339 time")
    for command in ("status", "peers", "vips", "why"):
        exits(bgpvip, 0, command, "--all")
    expect_equal([chain["vip"] for chain in bgpvip.json("why")], [PREFIX], "the VIPs of `bgpvip why --json`")
    expect_equal([get(node, path)[0] for path in ("/livez", "/readyz")], [200, 200], "livez and readyz")
    page = get(node, "/")[1]
    expect("<h1>n1</h1>" in page and VIP in page and "Established" in page, "the status page lacks the node")

    terminals(bgpvip)
    node.service.kill()
    await_next_hops(lab, [])
    exits(bgpvip, 1, "status")
    exits(bgpvip, 1, "vips")
    exits(bgpvip, 0, "peers")
    expect_equal(bgpvip.json("vips")[0]["reasonCode"], "unhealthy", "the VIP's reason code")
    codes = [event["code"] for event in bgpvip.json("events")]
    wanted = ["vip-healthy", "vip-bound", "advertised", "vip-unhealthy", "withdrawn", "vip-unbound"]
    expect_equal([code for code in codes if code in wanted], wanted, "the order of events")
    expect_equal(get(node, "/readyz")[0], 200, "readyz with a bad verdict")
    exits(bgpvip, 2, "events", "--since", "soon")
    expect(exits(bgpvip, 2, "peers", "10.9.9.9") != "", "no word about a peer that is none")
    node.service.start()
    await_next_hops(lab, [node])
    over_a_restart(lab, node, bgpvip)
    return f"{len(codes)} events"


def status_page(lab):
    """The status page in a browser: nothing is wider than a telephone's screen; pictures of it are kept."""
    browser = Browser()
    node, bgpvip = resident(lab, BGPVIP_VIP=f"{VIP},{VIP6}", BGPVIP_PEERS=f"{lab.nodes[0].router}:{TOR_AS},10.2.0.2:{TOR_AS}")
    eventually("probes have passed", lambda: recent(bgpvip).endswith("." * 20))
    node.service.kill()
    eventually("probes have failed", lambda: recent(bgpvip).endswith("xxx"))
    node.service.start()
    await_next_hops(lab, [node])
    eventually("there are probes for the whole strip", lambda: len(recent(bgpvip)) == 64, 30)
    page = get(node, "/")[1]
    found = browser.widths(page, SCREENS)
    expect(all(width <= screen for screen, width in found.items()), f"screens and the width of the page: {found}")
    pictures = ARTEFACTS / "status_page"
    pictures.mkdir(parents=True, exist_ok=True)
    for width in SCREENS:
        browser.picture(page, pictures / f"{width}-light.png", width, 700)
        browser.picture(page, pictures / f"{width}-dark.png", width, 700, dark=True)
    return f"fits {', '.join(map(str, SCREENS))} pixels"


def recent(bgpvip):
    """The recent probes of the check, as `.` and `x`."""
    return bgpvip.json("status")["checks"][0].get("recent") or ""


def moving(peer):
    """What changes from one answer to the next although nothing happens."""
    return {key: peer[key] for key in ("stateSeconds", "messagesSent", "messagesReceived") if key in peer} | {
        key: peer[key] for key in ("stateSince", "lastErrorAt", "lastErrorSecondsAgo") if key in peer}


def terminals(bgpvip):
    """The watch fits into the terminal, has colours unless they are not wanted, and ends with the interrupt."""
    for columns in (30, 60, 120):
        shown, status = bgpvip.watch(columns, 2.5, "status", "--watch")
        expect_equal(status, -2, "how an interrupted watch ends")
        expect(shown.count("bgpvip 0.1.0 on n1") >= 2, f"the watch has not been drawn again: {shown!r}")
        expect("\x1b[32mEstablished\x1b[0m" in shown, "no colour on a terminal")
        lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown).replace("\r", "").split("\n")
        longest = max((line for line in lines if " " in line.strip()), key=len)
        expect(len(longest) <= columns, f"a line of {len(longest)} characters on {columns} columns: {longest!r}")
    plain, _ = bgpvip.watch(60, 1.5, "peers", "--watch", NO_COLOR="1")
    expect("Established" in plain and "\x1b[3" not in plain, "colours in spite of NO_COLOR")


def over_a_restart(lab, node, bgpvip):
    """What is watched while the daemon is gone goes on with the next one."""
    with ThreadPoolExecutor() as pool:
        watch = pool.submit(bgpvip.watch, 100, 9, "peers", "--watch")
        events = pool.submit(bgpvip.watch, 100, 9, "events", "--follow", "--json")
        time.sleep(1.5)
        bgpvip.stop()
        exits(bgpvip, 3, "status")
        time.sleep(1.5)
        bgpvip.start()
        await_next_hops(lab, [node])
        shown = watch.result()[0]
        followed = events.result()[0]
    first, gone, then = (shown.find("Established"), shown.find("is not running here"), shown.rfind("Established"))
    expect(0 <= first < gone < then, "the watch does not show the session, its absence and the next one")
    expect("waiting for it" in followed, "`events --follow` does not say that the daemon is gone")
    numbers = [json.loads(line)["number"] for line in followed.replace("\r", "").split("\n") if line.startswith("{")]
    expect(numbers.count(1) == 2 and numbers[0] == 1, f"the numbers of the events that were followed are {numbers}")


def ready_when(lab):
    """readyWhen: advertised lets /readyz follow the advertisement; decided leaves a drained node ready."""
    node, bgpvip = resident(lab, BGPVIP_READY_WHEN="advertised")
    expect_equal(get(node, "/readyz"), (200, "ok\n"), "readyz of a node that advertises")
    bgpvip.ask("drain", "--wait")
    code, said = get(node, "/readyz")
    expect(code == 503 and "drained" in said, f"readyz of a drained node says {code} {said!r}")
    expect_equal(get(node, "/livez"), (200, "ok\n"), "livez of a drained node")


def on_change(lab):
    """onChange: a program is run at each change, in order, also at the end; one that hangs or fails holds up nothing."""
    node = lab.nodes[0]
    write_program(node, 'echo "$CHANGE $CHANGE_VIP$CHANGE_PEER $CHANGE_OLD_STATE $CHANGE_STATE" >> ' + CHANGES)
    node, bgpvip = resident(lab, BGPVIP_ON_CHANGE=NOTIFY)
    up = {f"vip {PREFIX} withdrawn advertised", f"session {node.router} down up"}
    eventually("the first changes are told", lambda: set(changes(node)) == up)
    node.service.kill()
    eventually("the crash is told", lambda: changes(node)[2:] == [f"vip {PREFIX} advertised unhealthy"])
    node.service.start()
    eventually("the recovery is told", lambda: changes(node)[3:] == [f"vip {PREFIX} unhealthy advertised"])
    bgpvip.stop()
    expect_equal(changes(node)[4:], [
        f"vip {PREFIX} advertised draining", f"vip {PREFIX} draining withdrawn", f"session {node.router} up down",
    ], "what the end of the daemon has told")

    write_program(node, "exit 3")
    bgpvip.start()
    await_next_hops(lab, [node])
    node.service.kill()
    await_next_hops(lab, [])
    said = eventually("the failure is logged", lambda: re.findall("program of onChange fails.*", bgpvip.log()))
    expect("exit status 3" in said[0] and len(said) == 1, f"the failures were logged as {said}")
    write_program(node, "sleep 1000")
    node.service.start()
    await_next_hops(lab, [node])
    killed = time.monotonic()
    node.service.kill()
    await_next_hops(lab, [])
    seconds = time.monotonic() - killed
    expect(seconds < 2, f"with a program that hangs, the route stayed for {seconds:.1f} s")
    return f"{len(changes(node))} changes"


def write_program(node, text):
    """Writes the program, which the daemon finds at its next change."""
    node.host.write(NOTIFY + ".new", f"#!/bin/sh\n{text}\n")
    node.host.shell(f"chmod 755 {NOTIFY}.new && mv {NOTIFY}.new {NOTIFY}")


def changes(node):
    """The lines that the program has written."""
    return node.host.shell(f"cat {CHANGES} 2>/dev/null", check=False).splitlines()
