"""What is kept of a failed scenario: the state of every host, all logs, what routers and bgpvip say."""

import shutil
from pathlib import Path

from lab.engine import INTEROP, EngineError

ARTEFACTS = INTEROP / "artefacts"
COMMANDS = [
    "ip addr",
    "ip -4 route",
    "ip -6 route",
    "ss -tanp",
    "ps axww",
    "cat /run/lab/*.conf",
    "birdc show protocols all",
    "birdc show route all",
    "vtysh -c 'show bgp neighbors' -c 'show bgp all detail' -c 'show ip route'",
    "gobgp neighbor; gobgp global rib; gobgp global rib -a ipv6",
    "bgpctl show; bgpctl show rib detail",
    "tail -n 400 /log/*",
]
SPEAKER_QUESTIONS = [["peers"], ["vips"], ["peers", "--json"]]


def collect(place, scenario):
    """Prints and saves everything of a rack or a cell; one file a host under interop/artefacts/SCENARIO."""
    directory = ARTEFACTS / scenario
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    reports = {name: host_report(host) for name, host in place.hosts.items()}
    reports |= {f"{node.name}-bgpvip": speaker_report(node.speaker) for node in place.nodes}
    for name, report in reports.items():
        (directory / f"{name}.txt").write_text(report, encoding="utf-8")
        print(f"===== {scenario}: {name}\n{report}")
    if neighbor_table_overflows():
        print("===== this machine's ARP table overflowed since it started, which loses packets in all containers: "
              "raise net.ipv4.neigh.default.gc_thresh1/2/3")
    print(f"===== {scenario}: saved in {directory}", flush=True)


def neighbor_table_overflows():
    """How often the kernel found its ARP table full; the table is shared by all network namespaces."""
    try:
        lines = Path("/proc/net/stat/arp_cache").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    column = lines[0].split().index("table_fulls")
    return sum(int(line.split()[column], 16) for line in lines[1:])


def host_report(host):
    """The output of all commands on one host; most hosts run none of the router programs."""
    parts = []
    for command in COMMANDS:
        said = attempt(lambda: host.shell(f"{command} 2>&1", check=False))
        parts.append(f"--- {command}\n{said.rstrip()}\n")
    return "".join(parts)


def speaker_report(speaker):
    """State and log of one bgpvip container."""
    state = speaker.inspect("{{.State.Status}}, exit status {{.State.ExitCode}}")
    if not state:
        return "no container\n"
    parts = [f"--- container: {state}\n"]
    for question in SPEAKER_QUESTIONS:
        parts.append(f"--- bgpvip {' '.join(question)}\n{attempt(lambda: speaker.ask(*question)).rstrip()}\n")
    return "".join(parts) + f"--- log\n{attempt(speaker.log)}"


def attempt(question):
    """An answer, or why there is none."""
    try:
        return question()
    except EngineError as error:
        return f"({error})"
