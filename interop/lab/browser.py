"""Chromium without a window: whether a page fits a screen, and its picture."""

import html
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab.waiting import Missing, expect

# Each frame is a screen of its width; the page itself may run no script.
FRAMES = """\
<!doctype html>
{frames}
<script>
onload = () => document.body.textContent = Array.from(document.querySelectorAll("iframe"),
    frame => `${{frame.width}}:${{frame.contentDocument.documentElement.scrollWidth}}`).join(" ")
</script>
"""


class Browser:
    """Chromium; raises `Missing` where there is none."""

    def __init__(self):
        names = ("chromium", "chromium-browser", "google-chrome")
        self.program = next(filter(None, map(shutil.which, names)), None)
        if self.program is None:
            raise Missing("there is no Chromium; on Debian: apt-get install chromium")

    def widths(self, page, screens):
        """How wide a page (HTML) becomes on screens of these widths: more than the screen if it does not fit."""
        frames = "\n".join(
            f'<iframe width="{width}" height="800" style="border: 0" srcdoc="{html.escape(page)}"></iframe>' for width in screens)
        found = re.findall(r"(\d+):(\d+)", self.run(FRAMES.format(frames=frames), "--dump-dom"))
        expect(len(found) == len(screens), f"Chromium measured {found}, not {len(screens)} screens")
        return {int(screen): int(width) for screen, width in found}

    def picture(self, page, target, width, height, dark=False):
        """Writes what a screen of this size shows, as PNG."""
        self.run(
            page, f"--screenshot={target}", f"--window-size={width},{height}", "--hide-scrollbars",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}")

    def run(self, page, *options):
        """What Chromium prints about a page."""
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "page.html"
            file.write_text(page, encoding="utf-8")
            return subprocess.run(
                [self.program, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile",
                 *options, file.as_uri()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
                timeout=60).stdout
