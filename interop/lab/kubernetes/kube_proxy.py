"""A real kube-proxy on a node."""

import json

from lab.kubernetes.api import kubeconfig
from lab.kubernetes.daemon import Daemon
from lab.kubernetes.pki import DIRECTORY
from lab.waiting import eventually

CONFIGURATION, KUBECONFIG = "/run/lab/kube-proxy.conf", "/run/lab/kube-proxy.kubeconfig"
CLEAN = ("/kubernetes/kube-proxy", "--cleanup")


class KubeProxy:
    """The kube-proxy of one node, which asks the API server there."""

    def __init__(self, node, port, mode):
        self.node = node
        self.server = f"https://127.0.0.1:{port}"
        self.mode = mode
        self.daemon = Daemon(node.host, "kube-proxy", "/kubernetes/kube-proxy", "--config", CONFIGURATION)

    def start(self):
        """Starts it, and waits until it says that it is well."""
        self.node.host.write(KUBECONFIG, kubeconfig(
            {"server": self.server, "certificate-authority": f"{DIRECTORY}/ca.crt"},
            {"client-certificate": f"{DIRECTORY}/admin.crt", "client-key": f"{DIRECTORY}/admin.key"}))
        self.node.host.write(CONFIGURATION, json.dumps({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": self.mode,
            "hostnameOverride": self.node.name, "clientConnection": {"kubeconfig": KUBECONFIG},
            "detectLocalMode": "ClusterCIDR", "clusterCIDR": "10.244.0.0/16,fd00:244::/32",
            # Settings of the whole machine, which a container may not change.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "iptables": {"localhostNodePorts": False},
        }))
        self.daemon.start()
        eventually(f"kube-proxy of {self.node.name} is well", lambda: self.node.host.shell(
            "curl --silent --output /dev/null --write-out %{http_code} http://127.0.0.1:10256/healthz",
            check=False) == "200", 60)

    def stop(self):
        """Ends it and takes its rules away."""
        self.daemon.stop("KILL")
        self.node.host.run(*CLEAN, check=False)
