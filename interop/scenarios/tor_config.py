"""`bgpvip tor-config` where no session is needed: the programs parse what it prints."""

from lab.bird import HEADER
from lab.engine import INTEROP
from lab.waiting import expect

# What the tests of the room SwitchSide hold, word by word.
TEXTS = INTEROP.parent / "Tests" / "Core" / "SwitchSideTexts"
FILE = "/run/lab/tor-config"


def tor_config(lab):
    """BIRD and FRR parse the text of `bgpvip tor-config` for every case of its tests."""
    texts = {dialect: sorted(TEXTS.glob(f"*.{dialect}")) for dialect in ("bird", "frr", "sonic")}
    for text in texts["bird"]:
        lab.tor.write(FILE, HEADER.format(router_id="10.0.0.1") + text.read_text(encoding="utf-8"))
        lab.tor.run("bird", "-p", "-c", FILE)
    for text in texts["frr"] + texts["sonic"]:
        lab.tor.write(FILE, text.read_text(encoding="utf-8"))
        lab.tor.run("vtysh", "-C", "-f", FILE)
    counts = [len(found) for found in texts.values()]
    expect(min(counts) >= 4, f"there are {counts} texts only")
    return f"{counts[0]} texts by BIRD, {counts[1] + counts[2]} by FRR"
