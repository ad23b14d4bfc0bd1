"""Installs the release's artefacts on a clean Debian with systemd as process 1, and plays their operator with the commands of
docs/systemd.md: configure, start, look, reload, freeze, narrow, upgrade, stop, purge; then the same binary from the tarball and from the
system extension. A router (BIRD) in a network namespace of the same container has the other end of the session, and the client."""

import argparse
import json
import sys
import time
from pathlib import Path

from lab import images
from lab.document import commands
from lab.engine import EngineError, choose
from lab.waiting import Failed, eventually, expect, expect_equal

IMAGE, LABEL = "localhost/bgpvip-install-test", "bgpvip.install"
VIP, NODE, ROUTER = "192.0.2.10", "10.0.0.2", "10.0.0.1"
CONFIGURATION = f"""\
localAS: 65001
routerID: {NODE}
vips: [{VIP}]
peers: ["{ROUTER}:65000"]
checks: [tcp://127.0.0.1:8080]
checkInterval: 200ms
checkTimeout: 200ms
"""
BIRD = f"""\
log "/run/bird.log" all;
router id {ROUTER};
protocol device {{ }}
protocol kernel {{ ipv4 {{ export all; }}; }}
protocol bgp node {{
  local as 65000; neighbor {NODE} as 65001; direct; passive on; error wait time 1, 1;
  ipv4 {{ import all; export none; }};
}}
"""
ROUTING = f"""\
ip netns add tor && ip link add up0 type veth peer name down0 && ip link set down0 netns tor
ip addr add {NODE}/24 dev up0 && ip link set up0 up
ip netns exec tor sh -c 'ip addr add {ROUTER}/24 dev down0; ip link set down0 up; ip link set lo up; mkdir -p /run/bird; bird -c /run/bird.conf'
"""


class Server:
    """The container."""

    def __init__(self, engine, package):
        self.engine, self.name = engine, "bgpvip-install-test"
        self.began = None
        # The commands of the page that have not been played yet.
        self.page = [block.script.replace("bgpvip_VERSION_amd64.deb", package.name)
                     for block in commands("systemd.md") if block.places]

    def __enter__(self):
        self.remove()
        self.engine.command(
            "run", "-d", "--name", self.name, "--label", LABEL, "--systemd=always", "--cap-add", "SYS_ADMIN",
            "--cap-add", "NET_ADMIN", "--cap-add", "SYS_NICE", "--network", "none", IMAGE)
        eventually("systemd has started", lambda: self.ask("systemctl is-system-running") in ("running", "degraded"), 60)
        return self

    def __exit__(self, kind, *unused):
        if kind is Failed:
            print(self.ask("systemctl status -n 0 bgpvip; journalctl --no-pager -u bgpvip | tail -n 40; tail -n 20 /run/bird.log"))
        self.remove()

    def remove(self):
        """Removes the container of this run, or of one before."""
        self.engine.command("kill", self.name, check=False)
        self.engine.command("rm", "-f", self.name, check=False, timeout=60)

    def run(self, command):
        """Runs a shell command that must succeed; returns what it printed."""
        answer = self.engine.command("exec", self.name, "sh", "-c", command, check=False, timeout=120)
        expect(answer.returncode == 0, f"{command}: exit status {answer.returncode}: {answer.stdout}{answer.stderr}")
        return answer.stdout.strip()

    def play(self, beginning):
        """Runs the commands of the page that begin so, in root's home directory."""
        script = next(script for script in self.page if script.startswith(beginning))
        self.page.remove(script)
        return self.run(f"set -e; cd /root\n{script}")

    def ask(self, command):
        """Runs a shell command, and returns what it printed if it succeeds or not."""
        return self.engine.command("exec", self.name, "sh", "-c", command, check=False, timeout=120).stdout.strip()

    def write(self, path, text):
        """Writes a file."""
        self.engine.command("exec", "-i", self.name, "sh", "-c", f"cat > {path}", text_input=text)

    def copy(self, file):
        """Copies a file into /root."""
        self.engine.command("cp", str(file), f"{self.name}:/root/{file.name}")

    def unit(self, key):
        """A property of the service."""
        return self.run(f"systemctl show --property {key} --value bgpvip")

    def has_route(self):
        """True while the router has the VIP."""
        return VIP in self.ask("ip netns exec tor birdc show route")

    def has_vip(self):
        """True while the VIP is on lo."""
        return f" {VIP}/32 " in self.ask("ip -4 addr show dev lo")


def install(server, _):
    """The package is installed, and does nothing before there are settings."""
    server.began = time.monotonic()
    server.play("dpkg --install")
    expect_equal(server.ask("systemctl is-enabled bgpvip"), "disabled", "the unit after the installation")
    expect_equal(server.ask("systemctl is-active bgpvip"), "inactive", "the service after the installation")
    server.run("bgpvip version && man --warnings -P cat bgpvip bgpvip-run >/dev/null")
    server.run("bash -n /usr/share/bash-completion/completions/bgpvip && systemd-analyze verify bgpvip.service")
    return server.run("systemd-analyze security bgpvip.service | tail -n 1").lstrip("→ ")


def configure_and_start(server, _):
    """`systemctl enable --now` returns when it is decided whether the VIP is in service, and a client gets an answer through it."""
    server.write("/run/bird.conf", BIRD)
    server.run(ROUTING)
    server.write("/etc/bgpvip/bgpvip.yaml", CONFIGURATION)
    server.run("systemd-run --quiet --unit service python3 -m http.server 8080 --bind 0.0.0.0")
    server.play("bgpvip check")
    server.run("echo secret > /root/tor-password")
    server.play("install -m 640")
    expect_equal(server.run("runuser -u bgpvip cat /etc/bgpvip/tor-password"), "secret", "the password, for the user")
    server.run("rm /etc/bgpvip/tor-password")
    server.play("systemctl enable --now")
    expect_equal(server.unit("ActiveState"), "active", "the service")
    eventually("a client gets an answer", lambda: "200" in server.ask(
        f"ip netns exec tor curl --silent --max-time 1 --output /dev/null --write-out '%{{http_code}}' http://{VIP}:8080/"))
    answered = time.monotonic() - server.began
    expect(server.has_route(), "the router has no route")
    eventually("the status line", lambda: server.unit("StatusText") == f"1/1 peers Established, {VIP} advertised", 5)
    server.play("systemctl status")
    process = "/proc/$(systemctl show -p MainPID --value bgpvip)"
    expect_equal(server.run(f"stat -c %U {process}"), "bgpvip", "the user of the daemon")
    capabilities = server.run(f"grep CapEff {process}/status").split()[1]
    return f"{answered:.1f} s from the installation to the client's first answer; CapEff {capabilities}"


def follow(server, _):
    """The status line and the journal follow a service that fails and comes back."""
    server.run("systemctl stop service.service")
    eventually("the route is gone", lambda: not server.has_route())
    eventually("the status says why", lambda: "not advertised: check" in server.unit("StatusText"), 5)
    server.run("systemd-run --quiet --unit service python3 -m http.server 8080 --bind 0.0.0.0")
    eventually("the route is back", server.has_route)
    lines = [json.loads(line) for line in server.run("journalctl -u bgpvip -o json").splitlines()]
    ours = [line for line in lines if "level=" in line["MESSAGE"]]
    expect(ours, "the journal has no line of the daemon")
    expected = {"info": "6", "notice": "5", "warning": "4", "error": "3"}
    for line in ours:
        level = line["MESSAGE"].split("level=")[1].split()[0]
        expect_equal(line["PRIORITY"], expected[level], f"the priority of {line['MESSAGE']}")
        expect(line["MESSAGE"].startswith("level="), f"a line begins with more than its level: {line['MESSAGE']}")
    return ", ".join(sorted({f"{line['MESSAGE'].split('level=')[1].split()[0]} → {line['PRIORITY']}" for line in ours}))


def reload(server, _):
    """`systemctl reload` applies what has changed and keeps the session; settings that are wrong change nothing."""
    process, since = server.unit("MainPID"), server.run("ip netns exec tor birdc show protocols node | tail -n 1")
    server.write("/etc/bgpvip/bgpvip.yaml", CONFIGURATION.replace(f"[{VIP}]", f"[{VIP}, 192.0.2.11]"))
    server.run("systemctl reload bgpvip")
    eventually("the router has the new route", lambda: "192.0.2.11" in server.ask("ip netns exec tor birdc show route"))
    eventually("the status line", lambda: server.unit("StatusText") == "1/1 peers Established, 2/2 VIPs advertised", 5)
    server.write("/etc/bgpvip/bgpvip.yaml", "localAS: none\n")
    expect("exit status 1" in server.ask("systemctl reload bgpvip || echo exit status $?"), "wrong settings were taken")
    server.write("/etc/bgpvip/bgpvip.yaml", CONFIGURATION)
    server.run("systemctl reload bgpvip")
    eventually("the status line", lambda: server.unit("StatusText") == f"1/1 peers Established, {VIP} advertised", 5)
    expect_equal(server.unit("MainPID"), process, "the process")
    expect_equal(server.unit("ActiveState"), "active", "the service")
    expect_equal(server.run("ip netns exec tor birdc show protocols node | tail -n 1"), since, "the session")


def freeze(server, _):
    """The watchdog restarts a daemon that is frozen, and the VIP comes back."""
    process, started = server.unit("MainPID"), time.monotonic()
    server.run(f"kill -STOP {process}")
    eventually("the watchdog has restarted the daemon", lambda: server.unit("NRestarts") == "1", 30)
    eventually("the route is back", lambda: server.unit("MainPID") not in (process, "0") and server.has_route(), 30)
    took = time.monotonic() - started
    expect("watchdog" in server.run("journalctl -u bgpvip").lower(), "the journal does not speak of the watchdog")
    return f"back {took:.1f} s after SIGSTOP"


def narrow(server, _):
    """A unit that is printed on the node has only the capabilities that the settings need."""
    server.play("bgpvip manifest systemd --config")
    eventually("the router has the route", server.has_route)
    capabilities = server.run("grep CapBnd /proc/$(systemctl show -p MainPID --value bgpvip)/status").split()[1]
    expect_equal(int(capabilities, 16), 1 << 12, "the capabilities, of which CAP_NET_ADMIN is number 12,")
    server.run("rm /etc/systemd/system/bgpvip.service && systemctl daemon-reload && systemctl restart bgpvip")
    eventually("the router has the route", server.has_route)


def upgrade(server, artefacts):
    """An upgrade restarts the daemon and keeps the settings."""
    process = server.unit("MainPID")
    server.run(f"dpkg --install /root/{artefacts['deb'].name}")
    eventually("the daemon is a new one", lambda: server.unit("MainPID") not in (process, "0"))
    eventually("the route is back", server.has_route)
    expect_equal(server.run("cat /etc/bgpvip/bgpvip.yaml") + "\n", CONFIGURATION, "the configuration")


def stop(server, _):
    """`systemctl stop` is a clean departure."""
    started = time.monotonic()
    server.run("systemctl stop bgpvip")
    took = time.monotonic() - started
    expect_equal(server.unit("Result"), "success", "the result of the service")
    expect_equal(server.unit("ExecMainStatus"), "0", "the exit status")
    expect(not server.has_vip() and not server.has_route(), "something of the VIP is left")
    log = server.run("cat /run/bird.log")
    expect("Administrative shutdown" in log, f"the router heard of no shutdown: {log[-500:]}")
    return f"{took:.1f} s"


def purge(server, _):
    """Nothing is left after a purge."""
    server.run("systemctl start bgpvip && dpkg --purge bgpvip")
    expect_equal(server.ask("find /etc /usr -name 'bgpvip*'"), "", "what is left")
    expect(not server.has_vip(), "the VIP is left")


def unpack(server, _):
    """The tarball: the unit that the binary prints runs as a user that systemd makes."""
    server.run("userdel bgpvip && mkdir /etc/bgpvip && cd /root && tar -xzf *.tar.gz && cp bgpvip-*/bgpvip /usr/local/bin")
    server.write("/etc/bgpvip/bgpvip.yaml", CONFIGURATION)
    server.play("bgpvip manifest systemd --binary")
    server.run("systemctl daemon-reload && systemctl start bgpvip")
    eventually("the router has the route", server.has_route)
    server.run("bgpvip peers && bgpvip vips")
    score = server.run("systemd-analyze security bgpvip.service | tail -n 1").lstrip("→ ")
    server.run("systemctl stop bgpvip && rm /usr/local/bin/bgpvip /etc/systemd/system/bgpvip.service")
    expect(not server.has_vip(), "the VIP is left")
    return score


def extend(server, artefacts):
    """The system extension, unpacked to a directory because a container has no loop devices."""
    server.run(f"mkdir -p /var/lib/extensions && unsquashfs -quiet -no-progress -dest /var/lib/extensions/bgpvip /root/{artefacts['raw'].name}")
    # As on a host, where the mounts of one process are seen by all.
    server.run("mount --make-rshared / && systemd-sysext merge && systemctl daemon-reload && systemctl start bgpvip")
    eventually("the router has the route", server.has_route)
    server.run("systemctl stop bgpvip && systemd-sysext unmerge")
    expect_equal(server.ask("ls /usr/bin/bgpvip 2>/dev/null"), "", "what is left")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(prog="interop/install-test", description=__doc__)
    parser.add_argument(
        "directory", nargs="?", type=Path, default=images.PROJECT / ".build-dist", help="where the artefacts are")
    directory = parser.parse_args().directory
    artefacts = {file.suffix[1:]: file for file in directory.iterdir() if file.suffix in (".deb", ".gz", ".raw")}
    try:
        engine = choose()
        if engine.name != "podman":
            print("SKIP: only Podman makes a container ready for systemd")
            return
        images.fetch(engine, "bookworm", print)
        images.build(engine, IMAGE, "systemd.Containerfile", images.INTEROP / "image", LABEL)
        with Server(engine, artefacts["deb"]) as server:
            for file in artefacts.values():
                server.copy(file)
            for play in (install, configure_and_start, follow, reload, freeze, narrow, upgrade, stop, purge, unpack, extend):
                started = time.monotonic()
                figures = play(server, artefacts)
                took = time.monotonic() - started
                print(f"PASS {play.__doc__} ({took:.1f} s){': ' + figures if figures else ''}", flush=True)
            expect(not server.page, f"commands of docs/systemd.md that were not played: {server.page}")
    except (Failed, EngineError) as error:
        sys.exit(f"FAIL {error}")


main()
