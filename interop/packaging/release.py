"""What a release is made of: the binary, the tree, the time."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = Path(__file__).resolve().parent / "files"
CONFIGURATION = "/etc/bgpvip/bgpvip.yaml"
# The names of the processor: ours, Debian's and systemd's.
ARCHITECTURES = {0x3E: ("amd64", "x86-64"), 0xB7: ("arm64", "arm64")}


class Release:
    """One release for one architecture."""

    def __init__(self, binary):
        self.path = Path(binary).resolve()
        self.binary = self.path.read_bytes()
        if self.binary[:4] != b"\x7fELF":
            raise SystemExit(f"error: {binary} is no program for Linux")
        machine = int.from_bytes(self.binary[18:20], "little")
        if machine not in ARCHITECTURES:
            raise SystemExit(f"error: {binary} is for a processor that is not known here ({machine:#x})")
        self.architecture, self.systemd_architecture = ARCHITECTURES[machine]
        words = self.ask("version").split()
        self.version, self.swift = words[1], words[3].rstrip(",")
        self.epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or self.last_commit())
        self.maintainer = os.environ.get("BGPVIP_MAINTAINER", "bgpvip maintainers <maintainers@bgpvip.example>")
        self.environment = {**os.environ, "SOURCE_DATE_EPOCH": str(self.epoch), "LC_ALL": "C"}

    def ask(self, *arguments):
        """What the binary prints."""
        answer = subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise SystemExit(f"error: {self.path} {' '.join(arguments)}: {answer.stderr.strip()}")
        return answer.stdout

    def last_commit(self):
        """When the last commit was made."""
        answer = subprocess.run(
            ["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise SystemExit("error: SOURCE_DATE_EPOCH is not set, and there is no commit to take the time from")
        return answer.stdout.strip()

    def help_tree(self):
        """What the argument parser knows of all commands."""
        return json.loads(self.ask("--experimental-dump-help"))

    def unit(self):
        """The systemd unit for the configuration file of the package."""
        return self.ask("manifest", "systemd", "--config", CONFIGURATION)

    def completions(self):
        """The completion script of each shell, and where it belongs."""
        for shell, path in (
            ("bash", "bash-completion/completions/bgpvip"), ("zsh", "zsh/vendor-completions/_bgpvip"),
            ("fish", "fish/vendor_completions.d/bgpvip.fish"),
        ):
            script = self.ask("--generate-completion-script", shell)
            yield path, script.removeprefix("#!/bin/bash\n")

    def documents(self):
        """The operators' documents."""
        return sorted((ROOT / "docs").glob("*.md"))
