"""Where the API server and its companions come from: a directory that the user names, or the image of the release."""

import os
from pathlib import Path

from lab.engine import LABEL, EngineError
from lab.evidence import ARTEFACTS
from lab.waiting import Missing

VARIABLE = "BGPVIP_KUBERNETES"
SERVER = "kube-apiserver"
# What the scenarios with a kubelet need besides.
NODE_PARTS = ("kubelet", "kubeadm", "kubectl", "kube-controller-manager", "kube-scheduler")
# What the scenarios with Services need besides.
PROXY = "kube-proxy"
IMAGE = "registry.k8s.io/kube-apiserver:v1.34.1"
IN_IMAGE = "/usr/local/bin/kube-apiserver"
HOW = (f"no {SERVER}: name a directory with it by {VARIABLE} (kubelet, kubeadm, kubectl, kube-controller-manager, "
       f"kube-scheduler and {PROXY} there are used too), or let {IMAGE} be pulled")


def find(engine):
    """The directory with the parts; raises `Missing` if there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        directory = Path(named).resolve()
        if not os.access(directory / SERVER, os.X_OK):
            raise EngineError(f"{VARIABLE}={named}: there is no program {SERVER} in it")
        return directory
    if not engine.has_image(IMAGE) and engine.command("pull", IMAGE, check=False, timeout=300).returncode != 0:
        raise Missing(HOW)
    directory = ARTEFACTS / "kubernetes"
    directory.mkdir(exist_ok=True)
    container = engine.command("create", "--label", LABEL, IMAGE, SERVER).stdout.split()[-1]
    try:
        engine.command("cp", f"{container}:{IN_IMAGE}", str(directory / SERVER))
    finally:
        engine.command("rm", container, check=False)
    return directory


def lacking(directory, *names):
    """Which of these programs the directory does not have."""
    return [name for name in names if not os.access(directory / name, os.X_OK)]
