"""BIRD."""

from lab import bird
from lab.routers.router import ROUTER_ID, Path, Router


class BirdRouter(Router):
    """BIRD 2, with what `bgpvip tor-config bird` prints."""

    name, package, title = "bird", "bird2", "BIRD"
    honours_graceful_shutdown = "by one line of filter"
    two_octet_setup = "configured for any external AS"
    has_fib, flush = True, "ip route flush proto bird"
    log_file = "/log/bird.log"
    impossible = {"bfd_shut_down": "BIRD does not say AdminDown"}

    def __init__(self, host, product):
        super().__init__(host, product)
        self.bird = bird.Bird(host, ROUTER_ID)
        self.names = {}

    def start(self, *neighbors):
        self.names = {neighbor.address: "bgpvip_" + neighbor.address.replace(".", "_").replace(":", "_")
                      for neighbor in neighbors}
        config = self.tor_config("bird", neighbors)
        if not neighbors[0].four_octet_as:
            # Without 4-octet AS numbers BIRD can neither be told of one nor does it accept AS_TRANS for it.
            config = config.replace("  direct;\n", "  direct;\n  enable as4 off;\n")
            config = config.replace(f" as {neighbors[0].peer_as};", " external;")
        # BIRD resolves next hops that are hops away in its own table only.
        self.bird.start("protocol static { ipv4; route 10.0.9.0/24 via 10.0.2.2; }\n", config)

    def launch(self):
        self.bird.launch()

    def kill(self):
        self.bird.kill()

    def established(self, address):
        return self.bird.state(self.names[address]) == "Established"

    def since(self, address):
        return self.bird.since(self.names[address])

    def change_password(self, address, password):
        self.host.run("sed", "-i", f's/password "[^"]*"/password "{password}"/', bird.CONFIGURATION)
        self.host.run("birdc", "configure")

    def paths(self, prefix):
        addresses = {name: address for address, name in self.names.items()}
        return [
            Path(neighbor=addresses[route["protocol"]], next_hop=route["next_hop"].split()[0], origin=route["origin"],
                 as_path=route.get("as_path", ""), local_pref=int(route["local_pref"]),
                 communities=tuple(pair.strip("()").replace(",", ":") for pair in route.get("community", "").split()))
            for route in self.bird.routes(prefix)]

    def farewell(self, address):
        shown = self.bird.peer(self.names[address])
        return ", ".join(shown[key] for key in ("Last error", "Message") if key in shown)

    def bfd_state(self, address):
        return self.bird.bfd_state(address)

    def shut_down(self, address, text):
        self.host.run("birdc", "disable", self.names[address], f'"{text}"')

    def ask_refresh(self, address):
        self.host.run("birdc", "reload", "in", self.names[address])
