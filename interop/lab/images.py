"""The images: Debian as a base, the lab's hosts, and the product with nothing but its binary."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab.engine import INTEROP, LABEL, EngineError

HOST = "localhost/bgpvip-lab-host"
PRODUCT = "localhost/bgpvip-lab-product"
PROJECT = INTEROP.parent
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# What a Debian image leaves out, and a hook as Debian's own images have it: no package files are kept.
BOOTSTRAP = [
    "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates",
    "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--customize-hook=echo 'DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb || true\"; };'"
    " > \"$1/etc/apt/apt.conf.d/docker-clean\"",
]


def prepare(engine, say):
    """Makes sure that all images are there and up to date; returns the name of the product's image.

    `say` is called with a line before anything that takes long.
    """
    fetch(engine, "trixie", say)
    build(engine, HOST, "router.Containerfile", INTEROP / "image")
    ready = os.environ.get("BGPVIP_IMAGE")
    if ready:
        return ready
    binary = release_binary(say)
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(binary, Path(directory) / "bgpvip")
        shutil.copy(CERTIFICATES, Path(directory) / "ca-certificates.crt")
        build(engine, PRODUCT, "Containerfile", directory)
    return PRODUCT


def fetch(engine, suite, say):
    """Makes sure that the base image of a Debian suite is there and can be started."""
    base = f"docker.io/library/debian:{suite}-slim"
    if not engine.has_image(base):
        say(f"fetching {base}")
        if engine.command("pull", base, check=False, timeout=600).returncode != 0:
            say("no registry answers: making the base image from Debian's packages")
            bootstrap(engine, suite, base)
    engine.adapt(base)


def build(engine, tag, file, context, label=LABEL):
    """Builds one image; a second time nothing changes. Containers inherit the label."""
    engine.command(
        "build", "--quiet", "--network", "host", "--label", label, "--tag", tag, "--file",
        str(INTEROP / "image" / file), str(context), timeout=900)


def bootstrap(engine, suite, base):
    """Makes a base image where nothing can be pulled."""
    if shutil.which("mmdebstrap") is None:
        raise EngineError(f"{base} can neither be pulled nor made: mmdebstrap is not installed")
    mirror = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
    with tempfile.TemporaryDirectory() as directory:
        archive = str(Path(directory) / "base.tar")
        made = subprocess.run([*BOOTSTRAP, suite, archive, mirror], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise EngineError(f"mmdebstrap failed: {made.stderr.strip()[-2000:]}")
        engine.command("import", archive, base, timeout=300)


def release_binary(say):
    """The path of the static binary: BGPVIP_BINARY, or what the project builds now."""
    given = os.environ.get("BGPVIP_BINARY")
    if given:
        if not Path(given).is_file():
            raise EngineError(f"BGPVIP_BINARY={given}: there is no such file")
        return Path(given)
    say("building the static release binary")
    built = subprocess.run([INTEROP / "build"], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise EngineError(
            "there is no static binary (BGPVIP_BINARY=PATH names one that is already built):\n"
            + (built.stdout + built.stderr)[-6000:])
    return PROJECT / ".build-static" / "release" / "bgpvip"
