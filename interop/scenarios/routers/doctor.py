"""`bgpvip doctor` with each router program: nothing to find where all is well, and reasons that stay."""

from lab.doctor import codes, findings, findings_beside
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, peer_status

TEXT = "new line card"
VIPS = ("10.255.0.1", "10.255.0.2")


def doctor(cell):
    """Two nodes, all well: `bgpvip doctor` finds nothing, neither before the start of the daemons nor beside them."""
    cell.router.start(*[cell.neighbor(node) for node in cell.nodes])
    for node in cell.nodes:
        node.service.start()
        # A router that has not read its neighbors yet turns the node away, and doctor says so.
        eventually(f"doctor finds nothing on {node.name} before the start",
                   lambda node=node: codes(findings(node, check="https://127.0.0.1:6443/readyz")) == [], 20)
        node.speaker.start(node.environment(), ["run"])
    addresses = [node.address for node in cell.nodes]
    cell.router.await_established(*addresses)
    cell.router.await_paths(PREFIX, *addresses)
    for node in cell.nodes:
        expect_equal(codes(findings_beside(node.speaker)), [], f"the findings on {node.name}")
    return "no finding before the start, none beside the daemon"


def doctor_reasons(cell):
    """The operator shuts the session down with a text; too many prefixes: both are what `bgpvip doctor` goes on to say."""
    node = cell.nodes[0]
    cell.router.start(cell.neighbor(node))
    node.start()
    cell.router.await_established(node.address)
    cell.router.shut_down(node.address, TEXT)
    lost = cell.router.loses_shutdown_text
    shut_down = kept(node, "peer-shut-down", "" if lost else TEXT)
    cell.router.kill()
    cell.router.start(cell.neighbor(node, vips=VIPS, limit=1))
    node.speaker.start(node.environment(BGPVIP_VIP=",".join(VIPS)), ["run"])
    return f"`{shut_down}`{lost}; `{kept(node, 'peer-max-prefix')}`"


def kept(node, code, text=""):
    """Waits until doctor finds it, and does so still after some more attempts; returns what it says."""
    def evidence():
        return next((finding["evidence"] for finding in findings_beside(node.speaker) if finding["code"] == code), None)
    said = eventually(f"doctor finds {code}", evidence)
    expect(text in said, f"doctor does not say {text!r}, but {said!r}")
    eventually("several attempts have followed", lambda: peer_status(node).get("lastErrorSecondsAgo", 0) > 6)
    expect_equal(evidence(), said, "what doctor says then")
    return said
