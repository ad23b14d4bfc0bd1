"""Makes the release artefacts from the static binary."""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.document import commands
from packaging import deb, manual, sbom
from packaging.release import CONFIGURATION, FILES, ROOT, Release
from packaging.tree import Tree


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="interop/package", description="""Makes the tarball, the Debian package, the systemd system extension, the
        software bill of materials (SPDX) and their checksums from the static binary. Everything is as old as
        SOURCE_DATE_EPOCH, or the last commit: two runs make the same bytes. BGPVIP_MAINTAINER is the Maintainer of the
        Debian package.""")
    parser.add_argument("--binary", default=ROOT / ".build-static/release/bgpvip", help="the static binary")
    parser.add_argument("--output", default=ROOT / ".build-dist", type=Path, help="where the artefacts go")
    parser.add_argument("--test", action="store_true", help="make everything twice, compare, and look into it")
    arguments = parser.parse_args()
    release = Release(arguments.binary)
    arguments.output.mkdir(parents=True, exist_ok=True)
    made = make(release, arguments.output)
    if arguments.test:
        with tempfile.TemporaryDirectory() as again:
            for one, other in zip(made, make(release, Path(again))):
                if one.read_bytes() != other.read_bytes():
                    sys.exit(f"error: {one.name} differs between two runs")
        print(f"{len(made)} artefacts, identical in two runs")
        check_template(release)
        lint(made)
        sign(arguments.output)
    for path in made:
        print(path)


def make(release, output):
    """Writes all artefacts; returns their paths."""
    name = f"bgpvip-{release.version}-linux-{release.architecture}"
    made = [
        tarball(release, output / f"{name}.tar.gz"),
        package(release, output / f"bgpvip_{release.version}_{release.architecture}.deb"),
        extension(release, output / f"{name}.sysext.raw"),
        write(output / f"{name}.spdx.json", sbom.document(
            (ROOT / "Package.resolved").read_text(), release.binary, release.version, release.swift,
            release.epoch).encode()),
    ]
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made)
    return [*made, write(output / f"SHA256SUMS.{release.architecture}", sums.encode())]


def tarball(release, target):
    """The binary with what belongs to it, for every distribution."""
    top, tree = f"bgpvip-{release.version}", Tree()
    tree.add(f"{top}/bgpvip", release.binary, 0o755)
    tree.add(f"{top}/LICENSE", (ROOT / "LICENSE").read_bytes())
    tree.add(f"{top}/README.md", (ROOT / "README.md").read_bytes())
    tree.add(f"{top}/bgpvip.service", release.unit())
    tree.add(f"{top}/bgpvip.yaml", (FILES / "bgpvip.yaml").read_bytes())
    for path, script in release.completions():
        tree.add(f"{top}/completions/{os.path.basename(path)}", script)
    for page, text in manual.pages(release.help_tree(), release.version, release.epoch):
        tree.add(f"{top}/man/{page}", text)
    for document in release.documents():
        tree.add(f"{top}/docs/{document.name}", document.read_bytes())
    return write(target, tree.archive(release.epoch))


def package(release, target):
    """The Debian package."""
    tree = system(release)
    tree.add(CONFIGURATION.lstrip("/"), (FILES / "bgpvip.yaml").read_bytes())
    tree.add("usr/lib/sysusers.d/bgpvip.conf", (FILES / "sysusers.conf").read_bytes())
    for path, script in release.completions():
        tree.add(f"usr/share/{path}", script)
    for page, text in manual.pages(release.help_tree(), release.version, release.epoch):
        tree.add_compressed(f"usr/share/man/man1/{page}", text)
    for document in release.documents():
        tree.add_compressed(f"usr/share/doc/bgpvip/{document.name}", document.read_text())
    tree.add("usr/share/doc/bgpvip/copyright", (FILES / "copyright").read_bytes())
    tree.add("usr/share/lintian/overrides/bgpvip", (FILES / "lintian-overrides").read_bytes())
    deb.build(tree, target, release)
    return target


def extension(release, target):
    """The system extension for an immutable /usr: a squashfs image for systemd-sysext."""
    tree = system(release)
    tree.add("usr/lib/extension-release.d/extension-release.bgpvip", (
        f"ID=_any\nARCHITECTURE={release.systemd_architecture}\nEXTENSION_RELOAD_MANAGER=1\n"))
    tree.add("usr/share/bgpvip/bgpvip.yaml", (FILES / "bgpvip.yaml").read_bytes())
    with tempfile.TemporaryDirectory() as directory:
        tree.write(Path(directory), release.epoch)
        target.unlink(missing_ok=True)
        subprocess.run(
            ["mksquashfs", directory, str(target), "-noappend", "-all-root", "-no-xattrs", "-quiet", "-no-progress"],
            check=True, stdout=subprocess.DEVNULL, env=release.environment)
    return target


def system(release):
    """What every installation has: the program and its unit."""
    tree = Tree()
    tree.add("usr/bin/bgpvip", release.binary, 0o755)
    tree.add("usr/lib/systemd/system/bgpvip.service", release.unit())
    return tree


def check_template(release):
    """The configuration file is good once its settings are no comments any more."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        for line in (FILES / "bgpvip.yaml").read_text().splitlines():
            file.write((line[1:] if line[:1] == "#" and line[1:2].isalpha() else line) + "\n")
        file.flush()
        release.ask("check", file.name)


def lint(made):
    """Fails on the errors and warnings of Debian's linter; its hints take byte sequences of the binary for misspelt words."""
    package = next(path for path in made if path.suffix == ".deb")
    answer = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", str(package)], stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"error: lintian complains:\n{answer.stdout}")
    print(f"lintian has no complaint about {package.name}")


def sign(output):
    """Signs the checksums and verifies them as docs/release.md says, with a key that is gone afterwards."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as copy:
        environment = {**os.environ, "GNUPGHOME": home}
        shutil.copytree(output, copy, dirs_exist_ok=True)
        scripts = [block.script for block in commands("release.md") if block.places]
        make_key = "gpg --batch --quiet --passphrase '' --quick-generate-key bgpvip.example default default never"
        try:
            for script in (make_key, *scripts):
                answer = subprocess.run(
                    ["sh", "-ec", script], cwd=copy, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True, check=False)
                if answer.returncode != 0:
                    sys.exit(f"error: {script.strip()}\n{answer.stdout}")
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)
    print(f"{len(scripts)} blocks of docs/release.md: the signature and the checksums are good")


def write(path, content):
    """Writes a file; returns its path."""
    path.write_bytes(content)
    return path


main()
