"""Services of type LoadBalancer with real API servers and kube-proxies; pods are processes of the nodes."""

import os
import statistics
import time

from lab.fib import RouteWatch
from lab.kubernetes.connections import Connections
from lab.kubernetes.flows import FlowKeeping
from lab.kubernetes.shop import NAMESPACE, OURS, POOL, Shop, service
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import milliseconds

IPTABLES, NFTABLES = "iptables", "nftables"
# New connections in a second.
RATE = 50
UPDATES, REHASHED_UPDATES = int(os.environ.get("BGPVIP_UPDATES", "5")), 5
OUTAGE = int(os.environ.get("BGPVIP_OUTAGE", "60"))
ROUNDS = 10
# Nanoseconds.
CRASH_LIMIT, RETURN_LIMIT = 5e6, 1e9
# Services that are created at once, how many at a time, and seconds until all must have an address.
MANY, AT_ONCE, MANY_LIMIT = 100, 25, 60
# Seconds in which nothing may change any more.
QUIET = 10


def services_updates(cluster):
    """Rolling updates of a Service with externalTrafficPolicy Local: no connection fails behind a ToR that keeps flows."""
    with Shop(cluster, IPTABLES) as shop, FlowKeeping(cluster.tor, shop.nodes, POOL):
        connections, changes = roll(cluster, shop, UPDATES)
    figures = (f"{connections.done} new connections in {UPDATES} updates with {len(changes)} changes of the next hops: "
               f"{len(connections.failures)} failed")
    expect(not connections.failures, f"{figures}: {connections.failures[:5]}")
    return figures


def services_rehashed(cluster):
    """The same behind Linux, which spreads open connections anew with each change: no other connection fails."""
    with Shop(cluster, IPTABLES) as shop:
        connections, changes = roll(cluster, shop, REHASHED_UPDATES)
    lost, moved = [], []
    for failure in connections.failures:
        is_moved = any(failure["start"] <= at <= failure["end"] for at in changes) and "reset" in failure["error"]
        (moved if is_moved else lost).append(failure)
    figures = (f"{connections.done} new connections in {REHASHED_UPDATES} updates with {len(changes)} changes of the next "
               f"hops: {len(lost)} failed, besides {len(moved)} that a change moved to another node while they were open")
    expect(not lost, f"{figures}: {lost[:5]}")
    return figures


def roll(cluster, shop, updates):
    """Rolling updates under new connections: the client, and when the next hops changed on the ToR."""
    shop.open()
    with RouteWatch(cluster.tor, shop.prefix) as watch:
        with Connections(cluster.client, shop.address, 80, RATE) as connections:
            time.sleep(1)
            for _ in range(updates):
                shop.deployment.roll()
            time.sleep(1)
        changes = [change["at"] for change in watch.changes[1:]]
    shop.await_pods()
    return connections, changes


def services_killed(cluster):
    """SIGKILL of a pod: its next hop leaves the ToR's kernel within 5 ms (median of 10), and is back within a second."""
    out, back = [], []
    with Shop(cluster, NFTABLES) as shop:
        shop.open()
        pod = shop.deployment.pods[0]
        with RouteWatch(cluster.tor, shop.prefix) as watch:
            for _ in range(ROUNDS):
                killed = pod.signal("KILL")
                gone = watch.wait(f"lost {pod.node.name}", lambda hops: pod.node.address not in hops, killed)
                out.append(gone - killed)
                pod.start()
                started = time.monotonic_ns()
                back.append(watch.wait(f"has {pod.node.name}", lambda hops: pod.node.address in hops, gone) - started)
    figures = f"out after {span(out)}; back after {span(back)}"
    expect(statistics.median(out) <= CRASH_LIMIT, f"out of the ToR's kernel too late: {figures}")
    expect(max(back) <= RETURN_LIMIT, f"back in the ToR's kernel too late: {figures}")
    return figures


def services_without_api(cluster):
    """All API servers are dead for a minute: no route changes but that of a pod that dies, and none when they are back."""
    with Shop(cluster, IPTABLES) as shop:
        shop.open()
        pod = shop.deployment.pods[0]
        with RouteWatch(cluster.tor, shop.prefix) as watch:
            before = len(watch.changes)
            for server in cluster.servers.values():
                server.stop("KILL")
            time.sleep(OUTAGE / 2)
            expect_equal(watch.changes[before:], [], "changes of the route in the first half")
            killed = pod.signal("KILL")
            gone = watch.wait(f"lost {pod.node.name}", lambda hops: pod.node.address not in hops, killed)
            time.sleep(OUTAGE / 2)
            said = pod.node.speaker.ask("services")
            expect("Services cannot be watched" in said, f"`bgpvip services` says {said}")
            for server in cluster.servers.values():
                server.start()
            cluster.await_servers()
            eventually("all nodes watch again", lambda: all(
                "cannot be watched" not in node.speaker.ask("services") for node in shop.nodes), 60)
            time.sleep(QUIET)
            expect_equal(len(watch.changes[before:]), 1, "the changes of the route, with that of the dead pod")
            pod.start()
            watch.wait(f"has {pod.node.name}", lambda hops: pod.node.address in hops, gone)
    return f"{OUTAGE} s without API; the dead pod was out after {milliseconds(gone - killed)}"


def services_dual_stack(cluster):
    """A Service of both families has an address of each: connections arrive over both, and a pod's crash withdraws both."""
    with Shop(cluster, IPTABLES) as shop:
        shop.open(families=("IPv4", "IPv6"))
        pod, other = shop.deployment.pods
        answered = {}
        for address in (shop.address, shop.address6):
            with Connections(cluster.client, address, 80, RATE) as connections:
                time.sleep(4)
            expect(not connections.failures, f"connections to {address} failed: {connections.failures[:5]}")
            expect_equal(sorted(connections.answered), [pod.name, other.name], f"who answered at {address}")
            answered[address] = connections.done
        with RouteWatch(cluster.tor, shop.prefix) as watch, RouteWatch(cluster.tor, shop.prefix6) as watch6:
            killed = pod.signal("KILL")
            gone = watch.wait(f"has {other.node.name} alone", lambda hops: hops == [other.node.address], killed)
            gone6 = watch6.wait(f"has {other.node.name} alone", lambda hops: hops == [other.node.address6], killed)
        pod.start()
        shop.await_pods()
    return (", ".join(f"{count} connections to {address}" for address, count in answered.items())
            + f"; a dead pod was out after {milliseconds(gone - killed)}, in IPv6 after {milliseconds(gone6 - killed)}")


def services_addresses(cluster):
    """A hundred Services are created at once, and three nodes give them addresses: none is given twice, none is lost."""
    with Shop(cluster, IPTABLES) as shop:
        started = time.monotonic()
        shop.api.create_many("Service", NAMESPACE, "web", service("Cluster"), MANY, AT_ONCE)
        created = time.monotonic()
        given = eventually(f"{MANY} Services have addresses", lambda: (
            found if len(found := shop.addresses()) == MANY else None), MANY_LIMIT)
        took = time.monotonic() - started
        different = {address for addresses in given.values() for address in addresses}
        expect_equal((len(different), {len(addresses) for addresses in given.values()}), (MANY, {1}),
                     "the number of different addresses, and of addresses of a Service")
        time.sleep(QUIET)
        expect_equal(shop.addresses(), given, "the addresses after a while")
        leases = sorted(lease["metadata"]["name"] for lease in shop.api.items("Lease", OURS))
        expect_equal(leases, sorted(f"lb-{address.replace('.', '-')}" for address in different), "the Leases")
    return f"{MANY} Services, created in {created - started:.1f} s, all have different addresses of {POOL} after {took:.1f} s"


def span(durations):
    """Median and range."""
    return (f"{milliseconds(statistics.median(durations))} "
            f"({milliseconds(min(durations))}..{milliseconds(max(durations))})")
