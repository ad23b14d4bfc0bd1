"""bgpvip as a program of a host that has a shell, a terminal and Python: for what needs more than the image FROM scratch."""

import json
import shlex
import tempfile
from pathlib import Path

from lab.engine import LABEL
from lab.kubernetes.daemon import Daemon

PROGRAM = "/run/lab/bgpvip"
# Runs a command on a terminal of so many columns, interrupts it after so many seconds, and prints what it has shown.
TERMINAL = """
import json, os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", f'stty rows 30 cols {sys.argv[1]}; exec "$@"', "sh", *sys.argv[3:]])
shown, interrupt = b"", time.monotonic() + float(sys.argv[2])
while True:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    try:
        shown += os.read(terminal, 65536) if ready else b""
    except OSError:
        break
    if time.monotonic() > interrupt:
        os.write(terminal, b"\\x03")
        interrupt += 1
print(json.dumps({"shown": shown.decode(), "status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}))
"""


class Resident:
    """One bgpvip on a host; its environment is that of a node."""

    def __init__(self, engine, product, node, **settings):
        self.host = node.host
        self.environment = node.environment(**settings)
        self.daemon = Daemon(node.host, "bgpvip")
        copy = f"{node.host.container}-copy"
        engine.command("create", "--name", copy, "--label", LABEL, product)
        try:
            with tempfile.TemporaryDirectory() as directory:
                binary = str(Path(directory) / "bgpvip")
                engine.command("cp", f"{copy}:/usr/bin/bgpvip", binary)
                engine.command("cp", binary, f"{node.host.container}:{PROGRAM}")
        finally:
            engine.command("rm", "-f", copy)

    def start(self, *by, **settings):
        """Starts the daemon, by way of a program if one is given; `settings` are for this start only."""
        environment = [f"{key}={value}" for key, value in {**self.environment, **settings}.items()]
        self.daemon.argv = ("env", *environment, *by, PROGRAM, "run")
        self.daemon.start()

    def stop(self):
        """Ends the daemon in order."""
        self.daemon.stop()

    def ask(self, *arguments):
        """What `bgpvip ARGUMENTS...` has printed, on both outputs, and its exit status."""
        answer = self.host.agent.ask({"argv": [PROGRAM, *arguments], "input": None, "timeout": 60})
        return answer["output"], answer["errors"], answer["status"]

    def json(self, *arguments):
        """What `bgpvip ARGUMENTS... --json` answers; None if the daemon does not."""
        output = self.ask(*arguments, "--json")[0]
        return json.loads(output) if output else None

    def watch(self, columns, seconds, *arguments, **environment):
        """What `bgpvip ARGUMENTS...` shows on a terminal until it is interrupted, and its exit status."""
        variables = [f"{key}={value}" for key, value in {"TERM": "xterm", **environment}.items()]
        answer = json.loads(self.host.stream_text(
            "python3", "-c", TERMINAL, str(columns), str(seconds), "env", *variables, PROGRAM, *arguments))
        return answer["shown"], answer["status"]

    def log(self):
        """What the daemon has written."""
        return self.host.shell(f"cat /log/{shlex.quote(self.daemon.name)}.log", check=False)
