"""A ToR that keeps each open connection on its node when next hops change, as switches with resilient hashing do."""

# Linux spreads connections anew when a next hop comes or goes. The mark of a connection is the number of its node.
START = """\
set -e
nft -f - <<END
table ip flows {{
    chain open {{
        type filter hook prerouting priority mangle
        ip daddr {pool} ct state established meta mark set ct mark
    }}
    chain new {{
        type filter hook forward priority filter
        ip daddr {pool} ct state new ct mark set oifname map {{ {marks} }}
    }}
}}
END
"""
NODE = """\
ip rule add fwmark {mark} lookup {mark}
ip route add default via {address} table {mark}
"""
STOP = "nft delete table ip flows"
NODE_STOP = "ip rule del fwmark {mark} lookup {mark}\nip route flush table {mark}\n"


class FlowKeeping:
    """From entering to leaving the `with` block: open connections to the pool stay on the node that they began with."""

    def __init__(self, tor, nodes, pool):
        self.tor, self.pool = tor, pool
        # Of the device on the ToR, the number for marks, and the node's address.
        self.nodes = [(node.name.split("-")[-1], 101 + index, node.address) for index, node in enumerate(nodes)]

    def __enter__(self):
        marks = ", ".join(f'"{device}" : {mark}' for device, mark, _ in self.nodes)
        self.tor.shell(START.format(pool=self.pool, marks=marks)
                       + "".join(NODE.format(mark=mark, address=address) for _, mark, address in self.nodes))
        return self

    def __exit__(self, *unused):
        self.tor.shell("\n".join([STOP, *[NODE_STOP.format(mark=mark) for _, mark, _ in self.nodes]]))
