"""containerd and a real kubelet on a host, with images from files."""

import json
import shutil
import tempfile
from pathlib import Path

from lab import images
from lab.kubernetes.daemon import Daemon
from lab.waiting import eventually

# What a host needs for them: a kubelet makes cgroups and mounts. All of it goes with the container.
OPTIONS = ("--privileged", "--cgroupns", "private",
           "--tmpfs", "/var/lib/containerd:exec", "--tmpfs", "/var/lib/kubelet:exec")
CONTROL_PLANE = "localhost/bgpvip-lab-control-plane"
# Where the archives of the images are, on every host.
ARCHIVES = "/images"
MANIFESTS = "/etc/kubernetes/manifests"
SOCKET = "unix:///run/containerd/containerd.sock"
CONTAINERD = """\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox}"
  restrict_oom_score_adj = true
  disable_apparmor = true
"""
ALONE = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "staticPodPath": MANIFESTS,
    "fileCheckFrequency": "1s", "evictionHard": {"memory.available": "1Mi"}, "address": "127.0.0.1",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
}


def archive(engine, directory, product, found):
    """Saves the product's image and one with the control plane's programs as files in a directory."""
    if Path(directory, "product.tar").exists():
        return
    with tempfile.TemporaryDirectory() as context:
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
            shutil.copy(found / name, context)
        images.build(engine, CONTROL_PLANE, "control-plane.Containerfile", context)
    for name, image in (("control-plane", CONTROL_PLANE), ("product", product)):
        engine.command("save", "--output", f"{directory}/{name}.tar", image, timeout=300)


class Kubelet:
    """The kubelet of one host, and its containerd."""

    def __init__(self, host):
        self.host = host
        self.containerd = Daemon(host, "containerd", "containerd", "--config", "/run/lab/containerd.conf")
        self.daemon = None

    def prepare(self, names=()):
        """Starts containerd with the images; the control plane's also gets these names."""
        self.host.run("mkdir", "-p", MANIFESTS, "/var/log/pods")
        self.host.run("mount", "--make-rshared", "/")
        self.host.write("/run/lab/containerd.conf", CONTAINERD.format(sandbox=f"{CONTROL_PLANE}:latest"))
        self.containerd.start()
        eventually("containerd answers", lambda: "Server" in self.host.run("ctr", "version", check=False))
        for name in ("product", "control-plane"):
            self.host.run("ctr", "-n", "k8s.io", "images", "import", f"{ARCHIVES}/{name}.tar", timeout=180)
        for name in names:
            self.host.run("ctr", "-n", "k8s.io", "images", "tag", "--force", f"{CONTROL_PLANE}:latest", name)

    def start_alone(self):
        """Starts a kubelet that knows nothing but the manifests of its host."""
        self.host.write("/run/lab/kubelet.conf", json.dumps(ALONE))
        self.run("--config=/run/lab/kubelet.conf")

    def start_for_kubeadm(self):
        """Starts the kubelet as its unit does: again and again, until kubeadm has written its configuration."""
        self.run("--config=/var/lib/kubelet/config.yaml", "--kubeconfig=/etc/kubernetes/kubelet.conf",
                 "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf")

    def run(self, *arguments):
        """Starts the kubelet, and starts it again whenever it ends."""
        known = self.host.shell("/kubernetes/kubelet --help", check=False)
        remote = ("--container-runtime=remote",) if "--container-runtime string" in known else ()
        command = " ".join(("/kubernetes/kubelet", *arguments, *remote, f"--container-runtime-endpoint={SOCKET}",
                            "--cgroup-driver=cgroupfs", "--fail-swap-on=false"))
        self.daemon = Daemon(self.host, "kubelet", "sh", "-c", f"while :; do {command}; sleep 1; done")
        self.daemon.start()

    def stop(self):
        """Ends the kubelet, every container and containerd."""
        if self.daemon:
            self.daemon.stop("KILL")
        self.host.shell("pkill -9 -x kubelet; pkill -9 -f '[c]ontainerd-shim'; pkill -9 -x etcd; pkill -9 kube-; "
                        "pkill -9 -f '^[b]gpvip'; pkill -9 -f '[s]leep infinity'", check=False)
        self.containerd.stop("KILL")
        self.host.shell(f"rm -rf {MANIFESTS} /etc/kubernetes /run/containerd; mkdir -p {MANIFESTS}", check=False)

    def place(self, name, manifest):
        """Puts a manifest where the kubelet looks, whole at once."""
        self.host.write(f"/run/lab/{name}", manifest)
        self.host.run("mv", f"/run/lab/{name}", f"{MANIFESTS}/{name}")

    def take(self, name):
        """Takes a manifest away."""
        self.host.run("rm", f"{MANIFESTS}/{name}")

