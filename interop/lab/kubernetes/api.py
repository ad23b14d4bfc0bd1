"""What a scenario asks of a real API server, as the cluster's administrator."""

import base64
import json

from lab.kubernetes.pki import DIRECTORY
from lab.waiting import Failed

# Where the objects are that the scenarios make, by kind.
PATHS = {
    "Namespace": "api/v1/namespaces",
    "Node": "api/v1/nodes",
    "Service": "api/v1/namespaces/{}/services",
    "ConfigMap": "api/v1/namespaces/{}/configmaps",
    "ServiceAccount": "api/v1/namespaces/{}/serviceaccounts",
    "EndpointSlice": "apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "Lease": "apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "DaemonSet": "apis/apps/v1/namespaces/{}/daemonsets",
    "ClusterRole": "apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "Role": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}
MANY = """\
seq {count} | xargs -P {at_once} -n 1 sh -c 'sed "s/NUMBER/$0/" /run/lab/many.json | curl --silent --fail \
    --cacert {pki}/ca.crt --cert {pki}/admin.crt --key {pki}/admin.key --header "Content-Type: application/json" \
    --data-binary @- --output /dev/null {address}'
"""
APPLY, MERGE, JSON = "application/apply-patch+yaml", "application/merge-patch+json", "application/json"


class API:
    """The API server of one host."""

    def __init__(self, host, port):
        self.host = host
        self.address = f"https://127.0.0.1:{port}"

    def ask(self, method, path, body="", kind=JSON):
        """The answer to a request; fails if it is an error."""
        said = self.host.run(
            "curl", "--silent", "--show-error", "--max-time", "30", "--cacert", f"{DIRECTORY}/ca.crt",
            "--cert", f"{DIRECTORY}/admin.crt", "--key", f"{DIRECTORY}/admin.key", "--request", method,
            "--header", f"Content-Type: {kind}", *(["--data-binary", "@-"] if body else []), f"{self.address}/{path}",
            text_input=body)
        answer = json.loads(said)
        if answer.get("kind") == "Status" and answer.get("status") != "Success":
            raise Failed(f"{method} {path}: {answer.get('message')}")
        return answer

    def apply(self, kind, namespace, name, body):
        """Creates an object or changes it, as `kubectl apply --server-side` does; `body` may be YAML, with the name in it."""
        if not isinstance(body, str):
            body = json.dumps(body | {"metadata": {"name": name, **body.get("metadata", {})}})
        path = f"{PATHS[kind].format(namespace)}/{name}?fieldManager=lab&force=true"
        return self.ask("PATCH", path, body, APPLY)

    def set_addresses(self, node):
        """Gives a Node the addresses of both families, as its kubelet does. Apply takes only one of a type."""
        addresses = [{"type": "InternalIP", "address": address} for address in (node.address, node.address6)]
        self.ask("PATCH", f"{PATHS['Node']}/{node.name}/status", json.dumps({"status": {"addresses": addresses}}), MERGE)

    def create_many(self, kind, namespace, name, body, count, at_once):
        """Creates NAME-1, NAME-2 …, many at a time."""
        self.host.write("/run/lab/many.json", json.dumps(body | {"metadata": {"name": f"{name}-NUMBER"}}))
        self.host.shell(MANY.format(
            count=count, at_once=at_once, pki=DIRECTORY, address=f"{self.address}/{PATHS[kind].format(namespace)}"))

    def items(self, kind, namespace):
        """All objects of a kind in a namespace."""
        return self.ask("GET", PATHS[kind].format(namespace))["items"]

    def delete_all(self, kind, namespace):
        """Deletes all objects of a kind in a namespace."""
        for item in self.items(kind, namespace):
            self.ask("DELETE", f"{PATHS[kind].format(namespace)}/{item['metadata']['name']}")

    def kubeconfig(self, namespace, account):
        """A kubeconfig for a service account, whose programs ask the API server of their own host."""
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
        answer = self.ask("POST", f"{PATHS['ServiceAccount'].format(namespace)}/{account}/token", json.dumps(request))
        authority = base64.b64encode(self.host.run("cat", f"{DIRECTORY}/ca.crt").encode()).decode()
        return kubeconfig({"server": self.address, "certificate-authority-data": authority},
                          {"token": answer["status"]["token"]})


def kubeconfig(cluster, user):
    """A kubeconfig with one cluster and one user; JSON is YAML."""
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "clusters": [{"name": "lab", "cluster": cluster}], "users": [{"name": "lab", "user": user}]})
