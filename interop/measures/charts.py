"""Charts as SVG: groups of horizontal bars on a logarithmic scale, each with its median and the range of single runs."""

import math
import statistics
from html import escape

from measures.tables import number

WIDTH, LEFT, RIGHT, BAR, GAP, HEAD = 860, 110, 170, 16, 18, 26
COLOURS = {
    "bgpvip": "#0b6e4f", "bird": "#9aa5b1", "gobgp": "#7b8794", "exabgp": "#b8a9c9", "frr": "#c9ada7", "openbgpd": "#a3b18a",
    "keepalived": "#d4a373", "floor": "#d9d9d9"}


def bars(title, unit, groups, digits=0):
    """A chart. `groups` are pairs of a heading and {program: values}; a value of 0 is drawn as no bar."""
    groups = [(heading, {program: values for program, values in rows.items() if values}) for heading, rows in groups]
    groups = [(heading, rows) for heading, rows in groups if rows]
    positive = [value for _, rows in groups for values in rows.values() for value in values if value > 0] or [1]
    low = 10 ** math.floor(math.log10(min(positive)) - 0.01)
    high = 10 ** math.ceil(math.log10(max(positive)) + 0.01)

    def x(value):
        share = math.log10(max(value, low) / low) / math.log10(high / low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    body, y = [], 52
    for heading, rows in groups:
        body.append(f'<text x="12" y="{y + 12}" font-weight="bold">{escape(heading)}</text>')
        y += HEAD
        for program, values in rows.items():
            middle = statistics.median(values)
            end = x(middle) if middle > 0 else LEFT
            colour = COLOURS.get(program, "#888888")
            weight = ' font-weight="bold"' if program == "bgpvip" else ""
            body.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end"{weight}>{escape(program)}</text>')
            width = max(end - LEFT, 1.5)
            body.append(f'<rect x="{LEFT}" y="{y + 1}" width="{width:.1f}" height="{BAR - 3}" fill="{colour}"/>')
            if max(values) > min(values):
                first, last = x(min(values)), x(max(values))
                body.append(f'<path d="M{first:.1f} {y + 7.5}H{last:.1f}" stroke="#333" stroke-width="1"/>')
                end = max(end, last)
            body.append(f'<text x="{end + 6:.1f}" y="{y + 12}"{weight}>{escape(number(middle, digits))}</text>')
            y += BAR
        y += GAP
    grid = []
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        at = x(10 ** power)
        grid.append(f'<path d="M{at:.1f} 44V{y - GAP + 4}" stroke="#e4e7eb"/>')
        mark = number(10 ** power, max(0, -power))
        grid.append(f'<text x="{at:.1f}" y="40" text-anchor="middle" fill="#7b8794">{escape(mark)}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12" '
            f'fill="#1f2933">\n<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>\n'
            f'<text x="12" y="20" font-size="15" font-weight="bold">{escape(title)}</text>'
            f'<text x="{WIDTH - 12}" y="20" text-anchor="end" fill="#7b8794">{escape(unit)}, logarithmic; '
            f'median, line: range</text>\n' + "\n".join(grid + body) + "\n</svg>\n")
