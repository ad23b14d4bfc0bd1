"""Passwords that change while a session is up, with each router program."""

import tempfile
import time
from pathlib import Path

from lab.node import TOR_AS
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, peer_status

# How long the second end may take, as docs/reload.md has it: half of the hold time after us, a third of it after the router.
HOLD_TIME = 24
AFTER_US, AFTER_THE_ROUTER = HOLD_TIME / 2, HOLD_TIME / 3


def md5_rotated(cell):
    """TCP MD5: another password at one end, then at the other, within the hold time: the session goes on."""
    node, router = cell.nodes[0], cell.router
    with tempfile.TemporaryDirectory(prefix="bgpvip-lab-") as directory:
        Path(directory).chmod(0o755)
        file = Path(directory, "password")
        file.write_text("first\n")

        def change_ours(password):
            file.write_text(password + "\n")
            ended = node.speaker.command("reload")
            expect_equal((ended.returncode, ended.stderr), (0, ""), "the exit status and the errors of `bgpvip reload`")
            expect("the key is replaced and its session stays" in ended.stdout, f"`bgpvip reload` prints {ended.stdout!r}")

        def change_the_routers(password):
            router.host.run("python3", "/lab/rekey.py", node.address, password)

        router.start(cell.neighbor(node, password="first", hold_time=HOLD_TIME))
        node.service.start()
        node.speaker.start(
            node.environment(f"{node.router}:{TOR_AS}", BGPVIP_PEER_PASSWORD_FILE="/secret/password",
                             BGPVIP_HOLD_TIME=f"{HOLD_TIME}s"), ["run"],
            directories={directory: "/secret"})
        router.await_established(node.address)
        router.await_paths(PREFIX, node.address)
        since = router.since(node.address)
        for password, change_first, pause, change_second in (
                ("second", change_the_routers, AFTER_THE_ROUTER, change_ours),
                ("third", change_ours, AFTER_US, change_the_routers)):
            change_first(password)
            time.sleep(pause)
            change_second(password)
            # Our patience after the change is two hold times.
            time.sleep(2 * HOLD_TIME + 1)
            expect(router.established(node.address), f"the session has ended: {router.farewell(node.address)}")
            expect_equal(router.since(node.address), since, "what the router shows of the session's beginning")
        expect_equal((peer_status(node)["state"], peer_status(node)["flaps"]), ("Established", 0), "state and flaps")

        # What the program itself does when its operator changes the password.
        router.change_password(node.address, "fourth")
        time.sleep(1)
        ended = not router.established(node.address) or router.since(node.address) != since
        changed = time.monotonic()
        change_ours("fourth")
        router.await_established(node.address)
        router.await_paths(PREFIX, node.address)
        back = time.monotonic() - changed
        eventually("bgpvip is Established", lambda: peer_status(node)["state"] == "Established")
    own = f"{router.title} itself ends the session when its password is changed by command; back {back:.1f} s after ours" \
        if ended else f"{router.title} keeps the session when its password is changed by command"
    return (f"hold time {HOLD_TIME} s: the session goes on with the router's key changed {AFTER_THE_ROUTER:.0f} s before "
            f"ours, and {AFTER_US:.0f} s after ours; {own}")
