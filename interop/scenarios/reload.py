"""Settings that change while bgpvip runs: what follows, and what is left alone, seen from the routers."""

import contextlib
import json
import tempfile
import time
from pathlib import Path

from lab.bird import Bird, Moment, neighbor
from lab.client import Requests, spread
from lab.node import NODE_AS, TOR_AS, VIP
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, TO_THE_NODES, await_bound, await_next_hops, peer_status
from scenarios.routers.bfd import bfd_status

SPINE, CLIENT = "10.2.0.2", "10.1.0.2"
OTHER_VIP = "10.255.0.2"
BOTH = (VIP, OTHER_VIP)
TO_THE_NODES_FROM_THE_CLIENT = "protocol static { ipv4; route 10.0.0.0/16 via 10.1.0.1; }\n"
CONFIG = "/etc/bgpvip/config.yaml"


class Configured:
    """A node whose bgpvip runs with a file that can change; JSON is YAML."""

    def __init__(self, node, directory):
        self.node = node
        self.directory = Path(directory)
        self.config = {}

    def write(self, **settings):
        """Changes settings in the file; None leaves one out."""
        self.config |= settings
        self.config = {key: value for key, value in self.config.items() if value is not None}
        self.file("config.yaml", json.dumps(self.config, indent=1))

    def file(self, name, text):
        """Writes a file beside the configuration."""
        (self.directory / name).write_text(text)

    def start(self, capabilities=("NET_ADMIN",), options=()):
        """Starts the service, and bgpvip with the file; `options` are the engine's."""
        self.node.service.start()
        self.node.speaker.start(
            {"BGPVIP_CONFIG": CONFIG}, ["run"], capabilities, {str(self.directory): "/etc/bgpvip"}, options)

    def reload(self, **settings):
        """Changes settings and has bgpvip read them; returns what `bgpvip reload` prints."""
        self.write(**settings)
        ended = self.node.speaker.command("reload")
        expect_equal((ended.returncode, ended.stderr), (0, ""), "the exit status and the errors of `bgpvip reload`")
        return ended.stdout


@contextlib.contextmanager
def configured(node, **settings):
    """A node with a file of its own: the ToR as peer and two VIPs, unless said otherwise."""
    with tempfile.TemporaryDirectory(prefix="bgpvip-lab-") as directory:
        Path(directory).chmod(0o755)
        running = Configured(node, directory)
        running.write(**{
            "localAS": NODE_AS, "routerID": node.address, "vips": [VIP, OTHER_VIP],
            "peers": [{"address": node.router, "as": TOR_AS}],
            "checks": [{"name": "service", "url": "https://127.0.0.1:6443/readyz", "interval": "200ms", "timeout": "500ms"}],
            **settings})
        yield running


def routers(lab, node):
    """The ToR, the spine and the client's host as three routers of one node, and BIRD's uptime of each session."""
    spine, far = Bird(lab.spine, SPINE), Bird(lab.client, CLIENT)
    lab.bird.start(bird_neighbors([node], vips=BOTH))
    spine.start(TO_THE_NODES, bird_neighbors([node], local=SPINE, multihop=2, vips=BOTH))
    far.start(TO_THE_NODES_FROM_THE_CLIENT, bird_neighbors([node], local=CLIENT, multihop=2, vips=BOTH))
    return lab.bird, spine, far


def peers(node, tor=None, spine=None, client=None):
    """The file's list of those three peers, with options of each; False leaves one out."""
    described = {node.router: tor, SPINE: spine, CLIENT: client}
    return [{"address": address, "as": TOR_AS, **({} if address == node.router else {"multihop": 2}), **(options or {})}
            for address, options in described.items() if options is not False]


def reload_peers(lab):
    """Reload changes, resets, removes and adds one of three peers: the others' uptime goes on, no request is lost."""
    node = lab.nodes[0]
    three = tor, spine, far = routers(lab, node)
    with configured(node, vips=[VIP], peers=peers(node)) as running:
        running.start()
        for bird in three:
            bird.await_established(node.name)
        await_next_hops(lab, [node])
        since = [bird.since(node.name) for bird in three]
        requests = Requests(lab.client, VIP, 500, 0.01)

        said = running.reload(peers=peers(node, tor={"med": 20}))
        expect("its routes are advertised again and its session stays" in said, f"`bgpvip reload` prints {said!r}")
        eventually("the ToR has the other MED", lambda: tor.route_of(PREFIX, node.name).get("med") == "20")
        expect_equal([bird.since(node.name) for bird in three], since, "BIRD's uptimes after a change of attributes")

        said = running.reload(peers=peers(node, tor={"med": 20}, spine={"holdTime": "30s"}))
        expect(f"peer {SPINE}: hold time changed; its session is reset" in said, f"`bgpvip reload` prints {said!r}")
        eventually("the spine's session is another one", lambda: spine.state(node.name) == "Established"
                   and spine.since(node.name) != since[1])
        expect_equal([tor.since(node.name), far.since(node.name)], [since[0], since[2]], "the other sessions' uptimes")

        since[1] = spine.since(node.name)
        running.reload(peers=peers(node, tor={"med": 20}, spine={"holdTime": "30s"}, client=False))
        farewell = eventually("the removed peer's session ends", lambda: far.state(node.name) != "Established"
                              and far.peer(node.name).get("Last error"))
        expect("de-configured" in farewell, f"the removed peer shows {farewell!r}")
        expect_equal([peer["address"] for peer in node.speaker.status("peers")], [node.router, SPINE], "the peers")
        running.reload(peers=peers(node, tor={"med": 20}, spine={"holdTime": "30s"}))
        far.await_established(node.name)
        expect_equal([tor.since(node.name), spine.since(node.name)], since[:2], "the other sessions' uptimes")
        expect_equal(list(spread(requests.results())), [node.name], "who answered")
        expect_equal(running.reload(), "nothing changes\n", "what a reload without a change prints")
    return f'MED without a withdrawal, hold time resets one session, the removed peer shows "{farewell}"; 500 requests answered'


def reload_vips(lab):
    """Reload removes and adds one of two VIPs: no request to the other one is lost, the session's uptime goes on."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], vips=BOTH))
    with configured(node) as running:
        running.start()
        await_next_hops(lab, [node])
        since = lab.bird.since(node.name)
        requests = Requests(lab.client, OTHER_VIP, 400, 0.01)
        for _ in range(2):
            running.reload(vips=[OTHER_VIP])
            await_next_hops(lab, [])
            await_bound(node, False)
            running.reload(vips=[VIP, OTHER_VIP])
            await_next_hops(lab, [node])
            await_bound(node, True)
        expect_equal(lab.bird.since(node.name), since, "BIRD's uptime of the session")
        expect_equal(list(spread(requests.results())), [node.name], "who answered for the other VIP")
    return "removed and added twice; 400 requests to the other VIP answered"


def reload_checks_and_process(lab):
    """Reload changes a check, log level and format, and the metrics port: nothing is withdrawn; SIGHUP does the same."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], vips=BOTH))
    with configured(node, metrics="127.0.0.1:9179") as running:
        running.start()
        await_next_hops(lab, [node])
        since = lab.bird.since(node.name)
        requests = Requests(lab.client, VIP, 400, 0.01)

        said = running.reload(checks=[{"name": "service", "tcp": "127.0.0.1:6443", "interval": "300ms"}])
        expect("check service: what it asks" in said, f"`bgpvip reload` prints {said!r}")
        expect("level=debug" not in node.speaker.log(), "debug lines are logged already")
        running.reload(logLevel="debug", logFormat="json")
        eventually("debug lines come as JSON", lambda: '"level":"debug"' in node.speaker.log())
        running.write(logLevel="info", logFormat="logfmt", metrics="127.0.0.1:9180")
        node.speaker.signal("HUP")
        eventually("the metrics are served at their new port", lambda: metric(node, 9180))
        expect(metric(node, 9179) is None, "the metrics are still served at their old port")
        expect_equal(lab.bird.since(node.name), since, "BIRD's uptime of the session")
        expect_equal(list(spread(requests.results())), [node.name], "who answered")
        node.service.kill()
        await_next_hops(lab, [])
    return "400 requests answered meanwhile; the changed check withdraws the VIP when the service dies"


def metric(node, port, name="bgpvip_config_last_reload_successful"):
    """A metric without labels of the node's bgpvip; None if nothing is served there."""
    served = node.host.run("curl", "-s", f"http://127.0.0.1:{port}/metrics", check=False)
    return next((line.split()[1] for line in served.splitlines() if line.startswith(name + " ")), None)


def reload_bfd(lab):
    """Reload changes the BFD interval: a Poll sequence, no flap, and the router has the new interval."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], vips=BOTH, bfd=True))
    with configured(node, bfd="50ms") as running:
        running.start(("NET_ADMIN", "SYS_NICE"))
        await_next_hops(lab, [node])
        eventually("BFD is Up at 50 ms", lambda: bfd_status(node).get("detectionSeconds") == 0.15)

        def row():
            return next((line.split() for line in lab.bird.show("bfd sessions").splitlines()
                         if line.split()[:1] == [node.address]), [])
        eventually("the router's interval is 50 ms", lambda: row()[2:5:2] == ["Up", "0.050"])
        session, bfd_since = lab.bird.since(node.name), Moment(row()[3])
        said = running.reload(bfd="200ms")
        expect("BFD timers" in said, f"`bgpvip reload` prints {said!r}")
        eventually("the router has the new interval", lambda: row()[2:5:2] == ["Up", "0.200"])
        time.sleep(2)
        expect_equal((Moment(row()[3]), lab.bird.since(node.name)), (bfd_since, session), "BIRD's uptimes of BFD and session")
        expect_equal(bfd_status(node)["failures"], 0, "the failures of BFD")
    return "50 ms to 200 ms, no flap at either end"


def reload_invalid(lab):
    """A reload with errors changes nothing and prints what `bgpvip check` prints; a dry run changes nothing either."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], vips=BOTH))
    with configured(node, metrics="127.0.0.1:9179") as running:
        running.start()
        await_next_hops(lab, [node])
        since, good = lab.bird.since(node.name), dict(running.config)
        loaded = metric(node, 9179, "bgpvip_config_last_reload_success_timestamp_seconds")

        running.write(vips=[OTHER_VIP])
        dry = node.speaker.command("reload", "--dry-run")
        expect_equal(dry.returncode, 0, "the exit status of a dry run")
        expect(f"VIP {VIP}/32: removed" in dry.stdout, f"the dry run prints {dry.stdout!r}")

        running.write(holdTime="2s", peers=[{"address": "router", "as": TOR_AS}, {"address": node.router}])
        checked, refused = (node.speaker.command(command) for command in ("check", "reload"))
        expect_equal((checked.returncode, refused.returncode), (2, 2), "the exit statuses of check and reload")
        expect_equal(refused.stderr, checked.stderr, "what reload prints, and not check")
        expect(checked.stderr.count("error:") >= 3, f"check finds less than there is: {checked.stderr}")
        expect_equal(metric(node, 9179), "0", "bgpvip_config_last_reload_successful")
        expect_equal(metric(node, 9179, "bgpvip_config_last_reload_success_timestamp_seconds"), loaded, "the last success")
        node.speaker.signal("HUP")
        eventually("the log says that nothing changes", lambda: node.speaker.log().count("settings not loaded") > 3)

        running.config = {}
        running.file("config.yaml", "localAS: [")
        broken = node.speaker.command("reload")
        expect_equal((broken.returncode, broken.stderr), (2, node.speaker.command("check").stderr), "a file that is no YAML")
        await_next_hops(lab, [node])
        expect(node.has_vip() and node.has_vip(OTHER_VIP), "a VIP has left lo")
        expect_equal(lab.bird.since(node.name), since, "BIRD's uptime of the session")
        running.config = good
        expect_equal(running.reload(), "nothing changes\n", "what a reload of the first file prints")
        expect_equal(metric(node, 9179), "1", "bgpvip_config_last_reload_successful")
    return f"{checked.stderr.count('error:')} errors, the same lines as `bgpvip check`"


def gateway_moves(lab):
    """The default route moves: the new gateway becomes a peer and the old one goes; another session's uptime goes on."""
    node, moved = lab.nodes[0], "10.0.1.9"
    spine = Bird(lab.spine, SPINE)
    lab.bird.start(bird_neighbors([node], vips=BOTH))
    spine.start(TO_THE_NODES, bird_neighbors([node], local=SPINE, multihop=2, vips=BOTH))
    lab.tor.run("ip", "addr", "add", f"{moved}/24", "dev", node.name)
    try:
        listed = [{"address": "gateway4", "as": TOR_AS}, {"address": SPINE, "as": TOR_AS, "multihop": 2}]
        with configured(node, peers=listed) as running:
            running.start()
            lab.bird.await_established(node.name)
            spine.await_established(node.name)
            since = spine.since(node.name)
            asked = time.monotonic()
            node.host.run("ip", "route", "replace", "default", "via", moved)
            eventually("the new gateway is the peer", lambda: shown(node) == [moved, SPINE])
            lab.bird.await_established(node.name)
            took = time.monotonic() - asked
            # Without a default route the spine cannot be reached.
            expect_equal(spine.since(node.name), since, "the spine's uptime of its session")
            node.host.run("ip", "route", "delete", "default")
            time.sleep(4)
            expect_equal(shown(node), [moved, SPINE], "the peers without a default route")
            expect_equal(peer_status(node, moved)["state"], "Established", "the session without a default route")
    finally:
        node.host.run("ip", "route", "replace", "default", "via", node.router)
        lab.tor.run("ip", "addr", "del", f"{moved}/24", "dev", node.name)
    return f"Established with the new gateway {took:.1f} s after the route moved; stays when the route goes"


def shown(node):
    """The addresses of the peers."""
    return [peer["address"] for peer in node.speaker.status("peers")]


def things_later(lab):
    """The addresses of metrics and listen, and the interface of the VIPs, come after bgpvip: it warns and is served then."""
    node, late = lab.nodes[0], "10.99.0.1"
    lab.bird.start(bird_neighbors([node], vips=BOTH))
    with configured(node, metrics=f"{late}:9179", listen=f"{late}:1790", interface="late0") as running:
        running.start()
        lab.bird.await_established(node.name)
        eventually("what is missing is named", lambda: all(
            said in node.speaker.log() for said in ("metrics and health cannot be served", "incoming sessions cannot be")))
        eventually("why the VIP is not bound is said", lambda: "no interface late0" in node.speaker.ask("vips"))
        try:
            node.host.run("ip", "link", "add", "late0", "type", "bridge")
            node.host.run("ip", "link", "set", "late0", "up")
            node.host.run("ip", "addr", "add", f"{late}/32", "dev", "late0")
            await_next_hops(lab, [node])
            expect(node.has_vip(device="late0"), "the VIP is not on late0")
            eventually("the metrics are served", lambda: "bgpvip_build_info" in node.host.run(
                "curl", "-s", f"http://{late}:9179/metrics", check=False))
            eventually("the port is listened on", lambda: f"{late}:1790" in node.host.run("ss", "-ltn"))
            node.speaker.remove()
        finally:
            node.host.run("ip", "link", "delete", "late0", check=False)
    return "interface, metrics and listening port within moments of their coming"


def router_id_derived(lab):
    """Where the router ID's interface has IPv6 only: derived from its address, the same after a restart, never 0."""
    node = lab.nodes[0]
    lab.bird.start(neighbor(node.name, node.address6))
    node.host.run("ip", "link", "add", "six0", "type", "bridge")
    try:
        node.host.run("ip", "link", "set", "six0", "up")
        node.host.run("ip", "-6", "addr", "add", "fd00:77::1/128", "dev", "six0", "nodad")
        listed = [{"address": node.router6, "as": TOR_AS}]
        seen = []
        with configured(node, routerID=None, routerInterface="six0", peers=listed, vips=["fd00:255::1"]) as running:
            running.start()
            for _ in range(2):
                lab.bird.await_established(node.name)
                seen.append(lab.bird.peer(node.name)["Neighbor ID"])
                node.speaker.signal("TERM")
                expect_equal(node.speaker.exit_status(), 0, "the exit status")
                node.speaker.restart()
            checked = node.speaker.ask("check")
        expect_equal(seen[0], seen[1], "the router ID after a restart")
        expect(seen[0] != "0.0.0.0", "the router ID is 0")
        expect(f"{seen[0]} (derived from fd00:77::1" in checked, f"`bgpvip check` does not say where it comes from: {checked}")
    finally:
        node.host.run("ip", "link", "delete", "six0")
    return f"{seen[0]}, derived from fd00:77::1"
