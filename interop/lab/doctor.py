"""`bgpvip doctor` on a node: what it finds and within what time, and the record of how each finding was provoked."""

import json
import re

from lab.engine import LABEL
from lab.node import NODE_AS, TOR_AS, VIP
from lab.waiting import expect

# A finding is there within this time (s).
LIMIT = 5
CAPABILITIES = ("NET_ADMIN", "NET_BIND_SERVICE", "SYS_NICE")
# The findings that were provoked, by code: how, and what was seen.
PROVOKED = {}


def findings(node, capabilities=CAPABILITIES, options=(), **settings):
    """What `bgpvip doctor` finds where no daemon runs, with settings that fit the node but for these.

    A setting that is None is left out; `options` are the container's.
    """
    fitting = {
        "local_as": NODE_AS, "router_id": node.address, "vip": VIP, "peers": f"{node.router}:{TOR_AS}",
        "check": "none", "control_socket": "none"}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in {**fitting, **settings}.items()
             if value is not None]
    speaker = node.speaker
    return timed(speaker.engine.command(
        "run", "--rm", "--label", f"{LABEL}=guest", "--network", f"container:{node.host.container}", "--cap-drop", "ALL",
        *[part for name in capabilities for part in ("--cap-add", name)], *options, speaker.image, "doctor", "--json",
        *flags, check=False))


def findings_beside(speaker):
    """What `bgpvip doctor` finds beside a daemon, with the daemon's settings."""
    return timed(speaker.engine.command(
        "exec", speaker.container, "bgpvip", "doctor", "--json", check=False))


def timed(answer):
    """The findings of an answer that took no longer than it may; the engine's own time does not count."""
    expect(answer.stdout.startswith("{"), f"doctor answers {answer.stdout or answer.stderr!r}")
    told = json.loads(answer.stdout)
    expect(told["seconds"] <= LIMIT, f"doctor took {told['seconds']} s")
    return told["findings"]


def codes(found):
    """The codes of findings."""
    return [finding["code"] for finding in found]


def provoked(found, code, how):
    """The finding must be among these; `how` it was provoked and what it says are recorded. Returns it."""
    expect(code in codes(found), f"{code} is not among what doctor found: {', '.join(codes(found)) or 'nothing'}")
    finding = next(finding for finding in found if finding["code"] == code)
    # Process numbers differ from run to run.
    PROVOKED[code] = (how, re.sub(r"\bpid \d+", "pid …", finding["evidence"]))
    return finding
