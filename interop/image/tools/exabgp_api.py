"""A helper process of ExaBGP: its events go to a file, and what is written to a FIFO goes to it as commands."""

import os
import sys
import threading

EVENTS, COMMANDS = "/log/exabgp.json", "/run/lab/exabgp.commands"


def forward_commands():
    """Hands lines from the FIFO to ExaBGP for ever."""
    while True:
        with open(COMMANDS, encoding="utf-8") as commands:
            for line in commands:
                print(line, end="", flush=True)


os.mkfifo(COMMANDS)
threading.Thread(target=forward_commands, daemon=True).start()
with open(EVENTS, "a", encoding="utf-8") as events:
    # ExaBGP's answers to commands ("done") are no events.
    for event in sys.stdin:
        if event.startswith("{"):
            events.write(event)
            events.flush()
