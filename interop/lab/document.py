"""The commands of a page under docs/: each block says where it is run, or why it is not."""

import re
from dataclasses import dataclass

from lab.engine import INTEROP

PAGES = INTEROP.parent / "docs"
BLOCK = re.compile(r"(?:<!-- ([^>]*) -->\n *)?```sh\n(.*?)\n *```", re.S)


@dataclass(frozen=True)
class Commands:
    """One block: its commands, the machines it is run on, and what must be there; no machines if it is not run."""

    script: str
    places: tuple[str, ...]
    needs: str | None


def commands(page):
    """The blocks of a page, in their order; a block that says neither where nor why not is a fault."""
    found = []
    for note, script in BLOCK.findall((PAGES / page).read_text(encoding="utf-8")):
        kind, _, rest = note.partition(" ")
        if kind == "not" and rest.startswith("run") and len(rest) > len("run: "):
            found.append(Commands(script, (), None))
        elif kind == "on" and rest:
            places, _, needs = rest.partition(", ")
            found.append(Commands(script, tuple(places.split()), needs or None))
        else:
            raise ValueError(f"docs/{page}: no `<!-- on MACHINE -->` or `<!-- not run: REASON -->` before:\n{script}")
    return found
