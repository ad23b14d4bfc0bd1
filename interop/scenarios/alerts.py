"""The alerts and the dashboard of docs/monitoring, in a Prometheus that is fed by a real run."""

import json
import re
import time

from lab.prometheus import MONITORING, Prometheus
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import await_next_hops, start_rack

PORT = 9179


def alerts(lab):
    """Alerts in a real Prometheus: none in service and in a planned drain, and the right ones for what fails."""
    start_rack(lab, lab.nodes, BGPVIP_METRICS=f":{PORT}")
    first, second, third = lab.nodes
    with Prometheus(lab.engine, lab.spine, [f"{node.address}:{PORT}" for node in lab.nodes]) as prometheus:
        prometheus.promtool("check", "rules", "/rules/alerts.orig.yaml")
        prometheus.promtool("test", "rules", "/rules/alerts.test.yaml")
        metrics = first.host.run("curl", "-s", f"http://{first.address}:{PORT}/metrics")
        prometheus.promtool("check", "metrics", text=metrics)
        eventually("all nodes are scraped", lambda: len(prometheus.query("bgpvip_ready == 1")) == 3, 30)

        started = time.monotonic()
        first.speaker.ask("drain", "--wait", "--reason", "new kernel")
        time.sleep(5)
        first.speaker.ask("undrain")
        await_next_hops(lab, lab.nodes)
        time.sleep(3)
        fired = prometheus.firing(since=int(time.monotonic() - started) + 1)
        expect_equal(fired, set(), "what has fired in service and during a planned drain")
        expect(prometheus.query("bgpvip_bgp_session_planned_ends_total == 1"), "the drain is no planned end")

        fires(prometheus, second.service.fail, "BgpvipVIPUnhealthy")
        fires(prometheus, third.service.kill, "BgpvipVIPAdvertisedByTooFewNodes")
        expect("BgpvipVIPNotAdvertised" not in prometheus.firing(), "an outage is reported while one node serves")
        fires(prometheus, first.service.kill, "BgpvipVIPNotAdvertised")
        second.service.recover()
        for node in (first, third):
            node.service.start()
        eventually("all alerts end", lambda: not prometheus.firing(), 40)
        fires(prometheus, lambda: lab.tor.shell("kill -9 $(pidof bird)"), "BgpvipPeerDown")
        panels = dashboard(prometheus)
    return f"{panels} queries of the dashboard have data"


def fires(prometheus, act, alert):
    """What is done makes this alert fire, which did not before."""
    expect(alert not in prometheus.firing(), f"{alert} fires before anything is wrong")
    act()
    eventually(f"{alert} fires", lambda: alert in prometheus.firing(), 40)


def dashboard(prometheus):
    """Every query of the dashboard is understood, and has data unless it is about BFD, which is not configured; their number."""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    for query in queries:
        found = prometheus.query(re.sub(r"\$(instance|vip)", ".*", query))
        expect(found or "bfd" in query, f"no data for {query}")
    return len(queries)
