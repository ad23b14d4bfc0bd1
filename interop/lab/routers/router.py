"""What the lab asks of a router, whichever program it runs."""

from dataclasses import dataclass, replace

from lab.node import NODE_AS, TOR_AS, VIP, VIP6
from lab.waiting import eventually, expect

CONFIGURATION = "/run/lab/router.conf"
ROUTER_ID = "10.0.0.1"
# For programs without BFD.
NO_BFD = dict.fromkeys(("bfd", "bfd_frozen", "bfd_drain", "bfd_shut_down"), "the program has no BFD")


@dataclass(frozen=True)
class Neighbor:
    """A node, as the router is told of it. The router only listens, as a ToR does towards its servers."""

    address: str
    # The router's own address on the session.
    local: str
    peer_as: int = NODE_AS
    password: str | None = None
    multihop: int | None = None
    ttl_security: bool = False
    extended_next_hop: bool = False
    # Without it the router says that it knows 2-octet AS numbers only (RFC 6793).
    four_octet_as: bool = True
    # The router keeps the paths of a lost session as a last resort, if the node asks for it (RFC 9494).
    long_lived: bool = False
    # BFD at 50 ms, three times; with "apart" its end is not the session's.
    bfd: bool | str = False

    @property
    def internal(self):
        """True for iBGP."""
        return self.peer_as == TOR_AS


@dataclass(frozen=True)
class Path:
    """A path to a prefix as a router shows it; what it does not show is None."""

    neighbor: str
    next_hop: str
    origin: str
    as_path: str
    local_pref: int | None
    communities: tuple[str, ...] = ()


class Router:
    """A BGP program on a host of the lab."""

    name = package = None
    # What people call it.
    title = None
    # Beyond NET_ADMIN and NET_RAW.
    capabilities = ()
    # Whether it installs routes in the kernel; otherwise only its RIB can be asked.
    has_fib = False
    # How to take away what it leaves in the kernel when it is killed.
    flush = None
    # Why the text of a Cease does not appear; empty if it does.
    loses_farewell = ""
    # Whether it takes our AS from our capability also when it does not offer its own; and how it is configured then.
    reads_four_octet_as = True
    two_octet_setup = "configured for AS 4200000001"
    # Whether TTL security makes it ignore packets from farther away; all of them send with TTL 255 then.
    checks_ttl = True
    # How it comes that the program turns GRACEFUL_SHUTDOWN into LOCAL_PREF 0; empty if it does not.
    honours_graceful_shutdown = ""
    # Scenarios that cannot be had with this program, and why.
    impossible = {}

    def __init__(self, host, product):
        self.host = host
        self.product = product

    def tor_config(self, dialect, neighbors):
        """What `bgpvip tor-config` prints for neighbors of one kind, with the password in its place."""
        first = neighbors[0]
        kinds = {replace(neighbor, address="", local="") for neighbor in neighbors}
        expect(len(kinds) == 1, f"the neighbors differ in more than their addresses: {neighbors}")
        router = f"[{first.local}]" if ":" in first.local else first.local
        peer = [router, TOR_AS, first.password or "", first.multihop or ""]
        flags = ["--local-as", first.peer_as, "--vip", f"{VIP},{VIP6}", "--peers", ":".join(map(str, peer)),
                 "--node", ",".join(neighbor.address for neighbor in neighbors)]
        flags += ["--ttl-security", "true"] if first.ttl_security else []
        flags += ["--bfd", "50ms"] if first.bfd is True else []
        flags += ["--llgr", "600s"] if first.long_lived else []
        printed = self.host.engine.command(
            "run", "--rm", "--network", "none", self.product, "tor-config", dialect, *map(str, flags)).stdout
        return printed.replace("<MD5-KEY>", first.password or "")

    def start(self, *neighbors):
        """Configures the program for these neighbors and starts it."""
        self.host.write(CONFIGURATION, self.configuration(neighbors))
        self.launch()

    def configuration(self, neighbors):
        """The program's configuration file."""
        raise NotImplementedError

    def launch(self):
        """Starts the program with the configuration it had, and waits until it answers."""
        raise NotImplementedError

    def kill(self):
        """Kills the program without a word to anyone."""
        raise NotImplementedError

    def established(self, address):
        """Whether the session with a neighbor is Established."""
        raise NotImplementedError

    def paths(self, prefix):
        """All paths to a prefix, by neighbor."""
        raise NotImplementedError

    def farewell(self, address):
        """What the router shows of the end of a session; empty as long as there is nothing."""
        raise NotImplementedError

    def bfd_state(self, address):
        """The state of the router's BFD session with a neighbor, in the router's words; empty if there is none."""
        raise NotImplementedError

    def ask_refresh(self, address):
        """Has the router request all IPv4 routes of a neighbor again."""
        raise NotImplementedError

    def version(self):
        """The version of the Debian package."""
        return self.host.run("dpkg-query", "--showformat=${Version}", "--show", self.package).strip()

    def await_established(self, *addresses, seconds=40):
        """Waits until the sessions with these neighbors are Established."""
        for address in addresses:
            eventually(f"{self.title}: session with {address} Established", lambda: self.established(address), seconds)

    def await_paths(self, prefix, *addresses, seconds=40):
        """Waits until exactly these neighbors have announced the prefix; returns their paths in this order."""
        def complete():
            shown = {path.neighbor: path for path in self.paths(prefix)}
            return sorted(shown) == sorted(addresses) and [[shown[address] for address in addresses]]
        return eventually(f"{self.title}: paths to {prefix} from {list(addresses) or 'nobody'}", complete, seconds)[0]
