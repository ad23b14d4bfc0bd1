"""Prometheus, in a container of its own beside a host of the rack, with the project's alerts."""

import json
import tempfile
from pathlib import Path

from lab import images
from lab.engine import INTEROP, LABEL
from lab.waiting import eventually, expect

IMAGE = "localhost/bgpvip-lab-monitoring"
MONITORING = INTEROP.parent / "docs" / "monitoring"
CONFIGURATION = """\
global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: bgpvip
    static_configs: [{{targets: {targets}}}]
"""


class Prometheus:
    """Scrapes these targets twice a second. What the alerts wait for is shortened to a second."""

    def __init__(self, engine, host, targets):
        self.engine = engine
        self.host = host
        self.container = f"{host.container}-prometheus"
        images.build(engine, IMAGE, "monitoring.Containerfile", INTEROP / "image")
        self.directory = tempfile.TemporaryDirectory()
        directory = Path(self.directory.name)
        rules = "".join(
            "        for: 1s\n" if line.startswith("        for:") else line
            for line in (MONITORING / "alerts.yaml").read_text().splitlines(keepends=True))
        (directory / "alerts.yaml").write_text(rules)
        (directory / "prometheus.yaml").write_text(CONFIGURATION.format(targets=json.dumps(targets)))
        (directory / "alerts.orig.yaml").write_text((MONITORING / "alerts.yaml").read_text())
        test = (MONITORING / "alerts.test.yaml").read_text()
        (directory / "alerts.test.yaml").write_text(test.replace("[alerts.yaml]", "[alerts.orig.yaml]"))
        directory.chmod(0o755)

    def __enter__(self):
        self.engine.command(
            "run", "-d", "--name", self.container, "--label", f"{LABEL}=guest", "--network",
            f"container:{self.host.container}", "--volume", f"{self.directory.name}:/rules:ro", IMAGE,
            "prometheus", "--config.file=/rules/prometheus.yaml", "--storage.tsdb.path=/tmp/data",
            "--web.listen-address=127.0.0.1:9090")
        eventually("Prometheus is ready", lambda: "Ready" in self.get("/-/ready"), 60)
        return self

    def __exit__(self, *unused):
        self.engine.command("rm", "-f", "-t", "1", self.container, check=False)
        self.directory.cleanup()

    def get(self, path):
        """What Prometheus answers; nothing if it does not."""
        return self.host.run("curl", "-s", f"http://127.0.0.1:9090{path}", check=False)

    def promtool(self, *arguments, text=None):
        """Runs promtool, which must be content, and returns what it says."""
        options = ("-i",) if text is not None else ()
        done = self.engine.command(
            "exec", *options, self.container, "promtool", *arguments, check=False, text_input=text)
        expect(done.returncode == 0, f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def query(self, expression):
        """The samples of an expression: their labels and values."""
        answer = self.host.run(
            "curl", "-s", "--data-urlencode", f"query={expression}", "http://127.0.0.1:9090/api/v1/query")
        found = json.loads(answer)
        expect(found["status"] == "success", f"Prometheus on {expression}: {found.get('error')}")
        return [(sample["metric"], sample["value"][1]) for sample in found["data"]["result"]]

    def firing(self, since=None):
        """The names of the alerts that fire, or that have fired within the last seconds."""
        selector = 'ALERTS{alertstate="firing"}'
        found = self.query(f"count_over_time({selector}[{since}s])" if since else selector)
        return {labels["alertname"] for labels, _ in found}
