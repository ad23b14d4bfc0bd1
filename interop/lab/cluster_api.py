"""The small Kubernetes API server on a host of the lab, and what scenarios keep in it."""

import base64
import json

from lab.waiting import eventually

PORT, TOKEN = 6444, "lab"
DIRECTORY = "/run/lab/api"
CERTIFICATE = """\
mkdir -p {directory} && cd {directory} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=kubernetes -addext subjectAltName={names} -keyout key -out crt 2>/dev/null && cat crt
"""
KUBECONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "lab",
    "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    "users": [{"name": "lab", "user": {"token": TOKEN}}],
}
GROUPS = {"endpointslices": "apis/discovery.k8s.io/v1", "leases": "apis/coordination.k8s.io/v1",
          "events": "apis/events.k8s.io/v1"}


class ClusterAPI:
    """One API server. What it has outlives its process."""

    def __init__(self, host, addresses):
        self.host = host
        names = ",".join(f"IP:{address}" for address in ("127.0.0.1", *addresses))
        self.certificate = host.shell(CERTIFICATE.format(directory=DIRECTORY, names=names))

    def kubeconfig(self, address):
        """A kubeconfig that leads to it at one of its addresses; JSON is YAML."""
        authority = base64.b64encode(self.certificate.encode()).decode()
        cluster = {"server": f"https://{address}:{PORT}", "certificate-authority-data": authority}
        return json.dumps(KUBECONFIG | {"clusters": [{"name": "lab", "cluster": cluster}]})

    def start(self):
        """Starts it with what it had."""
        self.host.shell(f"rm -f {DIRECTORY}/pid")
        self.host.spawn("api.log", "python3", "/lab/kubernetes_api.py", str(PORT), f"{DIRECTORY}/crt",
                        f"{DIRECTORY}/key", TOKEN, f"{DIRECTORY}/state")
        eventually("the API server answers", lambda: self.host.shell(f"cat {DIRECTORY}/pid 2>/dev/null", check=False))

    def kill(self):
        """SIGKILL; what it had is there at the next start."""
        self.ask("POST", "lab/save")
        self.host.run("python3", "/lab/kill_at.py", f"{DIRECTORY}/pid", "KILL")

    def ask(self, method, path, body=None):
        """The answer to a request; empty if there was none."""
        said = self.host.run(
            "curl", "--silent", "--insecure", "--header", f"Authorization: Bearer {TOKEN}", "--request", method,
            "--data-binary", "@-", f"https://127.0.0.1:{PORT}/{path}", text_input=json.dumps(body) if body else "",
            check=False)
        return json.loads(said) if said else {}

    def put(self, plural, namespace, name, item, **metadata):
        """Creates an object, or replaces it; its status stays unless the item has one."""
        place = "/".join([GROUPS.get(plural, "api/v1"), *(["namespaces", namespace] if namespace else []), plural])
        item = item | {"metadata": {"name": name, **metadata}}
        if self.ask("PUT", f"{place}/{name}", item).get("kind") == "Status":
            self.ask("POST", place, item)

    def items(self, plural):
        """All objects of a kind."""
        return self.ask("GET", f"{GROUPS.get(plural, 'api/v1')}/{plural}").get("items", [])

    def delete(self, plural, namespace, name):
        """Deletes an object."""
        self.ask("DELETE", f"{GROUPS.get(plural, 'api/v1')}/namespaces/{namespace}/{plural}/{name}")
