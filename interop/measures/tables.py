"""The tables of a run: which single runs count, and how they are put into cells."""

import statistics

from measures.programs import PROGRAMS

MIB = 1024
# The rows of the comparison: what, figure, value of a run, which runs of the figure, digits.
COMPARISON = (
    ("cold start: exec → next hop in the router's kernel, ms", "start", "routes", {}, 1),
    ("… → session Established, ms", "start", "established", {}, 1),
    ("… → first client answered, ms", "start", "client", {}, 1),
    ("service crash → next hop gone, ms", "crash", "routes", {}, 1),
    ("… client connections failed", "crash", "failed", {}, 0),
    ("service hangs: beyond the failing probe, ms", "hang", "beyond", {}, 1),
    ("service answers 500: beyond the failing probe, ms", "sick", "beyond", {}, 1),
    ("SIGTERM: client connections failed", "term", "failed", {}, 0),
    ("SIGKILL of the speaker → next hop gone, ms", "kill", "routes", {}, 1),
    ("… client connections failed", "kill", "failed", {}, 0),
    ("node death, hold time 9 s → next hop gone, ms", "cut", "routes", {}, 0),
    ("node death, BFD 50 ms × 3 → next hop gone, ms", "cut-bfd", "routes", {}, 1),
    ("link back → next hop back, ms", "cut", "restored", {}, 0),
    ("… with BFD, after a short cut, ms", "cut-bfd", "restored", {}, 0),
    ("router restarts: router listens → next hop back, ms", "restart", "routes", {}, 1),
    ("… → session Established, ms", "restart", "established", {}, 1),
    ("router reboots, link down meanwhile: link back → next hop back, ms", "reboot", "routes", {}, 0),
    ("session cleared on the router → next hop back, ms", "clear", "routes", {}, 1),
    ("memory at rest: RSS, MiB", "memory", "rss", {"variant": ""}, 1),
    ("… PSS, MiB", "memory", "pss", {"variant": ""}, 1),
    ("… anonymous, MiB", "memory", "anonymous", {"variant": ""}, 2),
    ("… RSS with a check over HTTPS, MiB", "memory", "rss", {"variant": "https"}, 1),
    ("processes", "memory", "processes", {"variant": ""}, 0),
    ("threads", "memory", "threads", {"variant": ""}, 0),
    ("CPU in 60 s at rest, s", "memory", "cpu", {"variant": "", "seconds": 60}, 3),
    ("… with BFD 50 ms × 3, s", "memory", "cpu", {"variant": "bfd", "seconds": 60}, 3),
    ("1 000 000 prefixes received: peak RSS, MiB", "flood", "peak", {"prefixes": 1_000_000}, 1),
    ("… until drained, ms", "flood", "drained", {"prefixes": 1_000_000}, 0),
    ("… CPU, s", "flood", "cpu", {"prefixes": 1_000_000}, 2),
    ("1 more /32 on an established session → kernel, ms", "scale", "routes", {"count": 1}, 2),
    ("100 /32s, ms", "scale", "routes", {"count": 100}, 1),
    ("10 000 /32s advertised → all in the kernel, ms", "scale", "routes", {"count": 10_000}, 0),
    ("… UPDATEs", "scale", "updates", {"count": 10_000}, 0),
    ("… withdrawn → all out of it, ms", "scale", "gone", {"count": 10_000}, 0),
    ("100 000 /32s → all in the kernel, ms", "scale", "routes", {"count": 100_000}, 0),
    ("exec → 1 peer Established, ms", "peers", "established", {"count": 1}, 1),
    ("exec → 16 peers Established, ms", "peers", "established", {"count": 16}, 1),
    ("exec → 64 peers Established, ms", "peers", "established", {"count": 64}, 1),
    ("exec → 256 peers Established, ms", "peers", "established", {"count": 256}, 0),
    ("… RSS, MiB", "peers", "rss", {"count": 256}, 1),
)
# One table for each figure: title → value, digits. Runs that differ in `by` are rows of their own.
DETAILS = {
    "start": ("after", {"Established": ("established", 1), "first UPDATE": ("update", 1), "next hop": ("routes", 1),
                        "first answer": ("client", 1)}),
    **dict.fromkeys(("crash", "hang", "sick"), (None, {
        "next hop gone": ("routes", 1), "failing probe": ("probe", 1), "beyond it": ("beyond", 2),
        "on the wire": ("wire", 1),
        "connections failed": ("failed", 0), "clients' outage": ("outage", 0), "next hop back": ("restored", 0)})),
    **dict.fromkeys(("term", "kill"), (None, {
        "next hop gone": ("routes", 2), "on the wire": ("wire", 2), "connections failed": ("failed", 0),
        "clients' outage": ("outage", 0), "processes gone": ("ended", 0)})),
    **dict.fromkeys(("cut", "cut-bfd"), (None, {
        "next hop gone": ("routes", 0), "since last heard of": ("since_heard", 0), "connections failed": ("failed", 0),
        "clients' outage": ("outage", 0), "next hop back": ("restored", 0)})),
    **dict.fromkeys(("restart", "reboot", "clear"), (None, {
        "Established": ("established", 1), "next hop back": ("routes", 1)})),
    "memory": ("variant", {"RSS KiB": ("rss", 0), "PSS KiB": ("pss", 0), "anonymous KiB": ("anonymous", 0),
                           "BGP process alone, RSS KiB": ("main", 0), "processes": ("processes", 0),
                           "threads": ("threads", 0), "CPU s": ("cpu", 3)}),
    "scale": ("count", {"all in, ms": ("routes", 1), "all out, ms": ("gone", 1), "UPDATEs": ("updates", 0),
                        "CPU s": ("cpu", 3), "RSS KiB": ("rss", 0)}),
    "peers": ("count", {"sessions up": ("up", 0), "first Established": ("first", 1),
                        "all Established": ("established", 1), "CPU s": ("cpu", 3), "RSS KiB": ("rss", 0),
                        "threads": ("threads", 0)}),
    "flood": ("prefixes", {"drained, ms": ("drained", 0), "CPU s": ("cpu", 2), "peak RSS KiB": ("peak", 0),
                           "RSS after KiB": ("after", 0), "longest wait for a KEEPALIVE, s": ("gap", 2)}),
}
IN_MIB = {"rss", "pss", "anonymous", "peak"}


class Results:
    """The single runs that count: of each figure and program, those of the last campaign that took it."""

    def __init__(self, data):
        last, in_full = {}, set()
        for run in data["runs"]:
            what, quick = (run["figure"], run["program"]), data["campaigns"][run["campaign"]]["quick"]
            if run["figure"] != "error" and not (quick and what in in_full):
                last[what] = run["campaign"]
            if not quick:
                in_full.add(what)
        used = set(last.values())
        # Errors of earlier campaigns may have been mended.
        self.runs = [run for run in data["runs"] if run["campaign"] == (
            max(used, default=None) if run["figure"] == "error" else last.get((run["figure"], run["program"])))]
        self.campaigns = {name: campaign for name, campaign in data["campaigns"].items() if name in used}
        present = {run["program"] for run in self.runs if run["figure"] != "error"}
        self.programs = [name for name in PROGRAMS if name in present]

    def data(self):
        """What the page is made of."""
        return {"campaigns": self.campaigns, "runs": self.runs}

    def select(self, figure, program=None, **where):
        """The single runs of a figure."""
        return [run for run in self.runs if run["figure"] == figure and program in (None, run["program"])
                and all(run.get(key) == value for key, value in where.items())]

    def values(self, figure, program, value, where):
        """The values of single runs, without what could not be taken."""
        scale = 1 / MIB if value in IN_MIB else 1
        return [run[value] * scale for run in self.select(figure, program, **where) if run.get(value) is not None]

    def comparison(self):
        """The head and rows of the comparison; rows without a figure are left out."""
        rows = []
        for title, figure, value, where, digits in COMPARISON:
            columns = {program: self.values(figure, program, value, where) for program in self.programs}
            if any(columns.values()):
                rows.append([title, *(cell(columns[program], digits, columns.get("bgpvip") if program != "bgpvip" else None)
                                      for program in self.programs)])
        return [["", *self.programs], *rows]

    def detail(self, figure):
        """The head and rows of one figure's own table, with the CPU that others took."""
        by, columns = DETAILS[figure]
        rows = []
        for program in self.programs:
            runs = self.select(figure, program)
            for variant in sorted({run.get(by) for run in runs} if by else {None}, key=str if by == "after" else None):
                chosen = [run for run in runs if by is None or run.get(by) == variant]
                if chosen:
                    rows.append([program, *([label(by, variant)] if by else []), str(len(chosen)), *(
                        cell([run[value] for run in chosen if run.get(value) is not None], digits)
                        for value, digits in columns.values()), cell([run["noise"] for run in chosen], 2)])
        return [["", *([by] if by else []), "runs", *columns, "others' CPU, cores"], *rows]


def label(by, variant):
    """What a row is called."""
    if by == "variant":
        return {"https": "check over HTTPS", "bfd": "BFD 50 ms × 3, 1 session"}.get(variant, "2 sessions")
    return f"{variant:,}".replace(",", " ") if isinstance(variant, int) else variant


def cell(values, digits, ours=None):
    """A median, the range, and how many times ours it is."""
    if not values:
        return "–"
    middle, low, high = (number(value, digits) for value in (statistics.median(values), min(values), max(values)))
    text = middle if low == high else f"{middle} ({low}–{high})"
    if ours and statistics.median(ours) > 0 and statistics.median(values) > 0:
        text += f" ×{ratio(statistics.median(values) / statistics.median(ours))}"
    return text


def number(value, digits):
    """A number with blanks between thousands, and without digits that say nothing."""
    if value >= 1000:
        digits = 0
    text = f"{value:,.{digits}f}".replace(",", " ")
    return "0" if value == 0 else text


def ratio(value):
    """A ratio with two or three digits."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def markdown(rows):
    """A table as Markdown."""
    head, *rest = rows
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *(
        "| " + " | ".join(row) + " |" for row in rest)]) + "\n"


def plain(rows):
    """A table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows) + "\n"
