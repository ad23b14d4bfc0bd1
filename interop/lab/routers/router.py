"""What the lab asks of a router, whichever program it runs."""

from dataclasses import dataclass

from lab.tor_config import tor_config
from lab.waiting import eventually

CONFIGURATION = "/run/lab/router.conf"
ROUTER_ID = "10.0.0.1"
NOT_LOOKED_AT = {
    "md5_rotated": "shown with BIRD and FRR", "pools": "`bgpvip tor-config` prints nothing for the program",
}
# For programs without BFD.
NO_BFD = dict.fromkeys(("bfd", "bfd_frozen", "bfd_drain", "bfd_shut_down"), "the program has no BFD")


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
    # Its log, with a time on each line; and whether it logs each step, which a scenario may ask for before the start.
    log_file, debugs = None, False
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
    # Why the text of a shutdown on the router does not reach us; empty if it does.
    loses_shutdown_text = ""
    # Scenarios that cannot be had with this program, and why.
    impossible = {}

    def __init__(self, host, product):
        self.host = host
        self.product = product

    def tor_config(self, dialect, neighbors):
        """What `bgpvip tor-config` prints for these neighbors."""
        return tor_config(self.host.engine, self.product, dialect, neighbors)

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

    def since(self, address):
        """What the router shows of the beginning of the session with a neighbor: another value for each session."""
        raise NotImplementedError

    def change_password(self, address, password):
        """Changes a neighbor's password as the program's operator does."""
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

    def shut_down(self, address, text):
        """Has the router end the session with a neighbor for good, with this text (RFC 9003)."""
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
