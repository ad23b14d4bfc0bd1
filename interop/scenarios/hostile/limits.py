"""The limits, and what is measured to be held against them."""

import contextlib
import re
import statistics
import time

from lab.waiting import eventually, expect

HOLD_TIME = 3
# Seconds between two messages to the ToR, seconds of a command, MB, MB more than before, seconds, seconds.
GAP = HOLD_TIME / 3 + 0.2
COMMAND = 0.2
MEMORY, LEFT_OVER = 25, 1
WITHDRAWAL = 1
LEAVING = 4
# bgpvip looks at its memory every ten seconds. If it looks amid the harm, it looks again twenty seconds later.
CALM = 22


class Figures:
    """What is measured of one bgpvip on a node."""

    def __init__(self, node, bgpvip):
        self.node = node
        self.bgpvip = bgpvip
        self.rest = self.memory("RssAnon")
        self.commands = []
        self.withdrawals = []
        self.gap = self.grown = self.peak = self.left = 0

    def memory(self, what):
        """One of the sizes in proc_pid_status(5) of bgpvip, in MB."""
        status = self.node.host.shell(f"cat /proc/$(cat {self.bgpvip.daemon.file})/status")
        return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024

    def ask(self, *statuses):
        """Runs `bgpvip peers`, which must end with one of these exit statuses."""
        asked = time.monotonic()
        output, errors, status = self.bgpvip.ask("peers")
        self.commands.append(time.monotonic() - asked)
        expect(status in (statuses or (0,)), f"`bgpvip peers` ends with {status}: {output} {errors}")

    @contextlib.contextmanager
    def watching_messages(self, tor):
        """In the block, sees what the ToR gets from bgpvip on the session."""
        process = tor.stream(
            "tcpdump", "-l", "-n", "-tt", "-i", self.node.name,
            f"src host {self.node.address} and tcp port 179 and tcp[tcpflags] & tcp-push != 0")
        try:
            first = eventually("a message is seen", process.stdout.readline)
            yield
        finally:
            tor.shell(f"kill $(pgrep -f '[t]cpdump.*-i {self.node.name} ')", check=False)
            output = process.communicate(timeout=30)[0]
        times = [float(line.split()[0]) for line in [first, *output.splitlines()] if line[:1].isdigit()]
        expect(len(times) > 2, "too few messages were seen")
        self.gap = max(self.gap, *(later - earlier for earlier, later in zip(times, times[1:])))

    def recover(self):
        """Looks at the memory when the harm is over: at what is of no file. Pages of the program's file are the kernel's cache:
        it takes them when memory is short."""
        over = time.monotonic()
        while True:
            time.sleep(2)
            self.grown = self.memory("RssAnon") - self.rest
            if self.grown <= LEFT_OVER or time.monotonic() - over > CALM:
                return

    def leave(self):
        """Ends bgpvip."""
        self.peak = self.memory("VmHWM")
        asked = time.monotonic()
        self.bgpvip.stop()
        self.left = time.monotonic() - asked


def hold(*measured):
    """Holds the worst of each against the limits; returns it as text."""
    def worst(figure):
        return max(figure(one) for one in measured)
    gap, peak, grown = worst(lambda one: one.gap), worst(lambda one: one.peak), worst(lambda one: one.grown)
    command, longest = worst(lambda one: statistics.median(one.commands)), worst(lambda one: max(one.commands))
    withdrawn, left = worst(lambda one: max(one.withdrawals)), worst(lambda one: one.left)
    text = (f"gap {gap:.2f} s, command {command * 1000:.0f} ms (longest {longest * 1000:.0f}), {peak:.1f} MB, "
            f"{grown:+.1f} MB afterwards, withdrawn in {withdrawn * 1000:.0f} ms, ended in {left:.1f} s")
    expect(gap <= GAP and command <= COMMAND and peak <= MEMORY and grown <= LEFT_OVER and withdrawn <= WITHDRAWAL
           and left <= LEAVING, f"a limit is passed: {text}")
    return text


def losses(watch, node, since=0):
    """The changes of the ToR's next hops since a time that are without the node."""
    return [change for change in watch.changes if change["at"] >= since and node.address not in change["nextHops"]]
