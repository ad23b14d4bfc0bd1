"""The Debian package."""

import hashlib
import subprocess
import tempfile
import time
from pathlib import Path

FILES = Path(__file__).resolve().parent / "files"
CONFIGURATION = "etc/bgpvip/bgpvip.yaml"
CONTROL = """\
Package: bgpvip
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: init-system-helpers (>= 1.54~)
Recommends: ca-certificates, systemd
Section: net
Priority: optional
Description: advertise virtual IP addresses by BGP while the service is healthy
 bgpvip runs on every node of a routed datacenter. It checks the local service,
 puts the virtual IP on the loopback interface and advertises it by BGP to the
 top-of-rack switches while the service is healthy, so that they spread the
 traffic by ECMP. If the check fails, the route is withdrawn.
"""


def build(tree, target, release):
    """Writes the package; `tree` is what it installs."""
    tree.add_compressed("usr/share/doc/bgpvip/changelog", changelog(release))
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "bgpvip"
        size = sum((len(content) + 1023) // 1024 for content, _ in tree.files.values()) + len(tree.directories())
        tree.add("DEBIAN/control", CONTROL.format(
            version=release.version, architecture=release.architecture, maintainer=release.maintainer, size=size))
        tree.add("DEBIAN/conffiles", f"/{CONFIGURATION}\n")
        tree.add("DEBIAN/md5sums", "".join(
            f"{hashlib.md5(content).hexdigest()}  {path}\n" for path, (content, _) in sorted(tree.files.items())
            if not path.startswith(("DEBIAN/", "etc/"))))
        for script in ("postinst", "prerm", "postrm"):
            tree.add(f"DEBIAN/{script}", (FILES / script).read_text(), 0o755)
        root.mkdir()
        tree.write(root, release.epoch)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(target)], check=True,
            stdout=subprocess.DEVNULL, env=release.environment)


def changelog(release):
    """The changelog in Debian's form; the project's own is docs/changelog.md."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(release.epoch))
    return (
        f"bgpvip ({release.version}) unstable; urgency=medium\n\n"
        f"  * Release {release.version}; /usr/share/doc/bgpvip/changelog.md.gz says what is new.\n\n"
        f" -- {release.maintainer}  {date}\n")
