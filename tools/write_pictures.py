"""Writes the pictures of the console in docs/images, from what the tests in Chromium made.

The tests leave whole pages in build/screenshots; a picture is the top of one of them. Run it after
`make test`, and look at what it wrote.
"""

import shutil
import struct
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FROM = ROOT / "build" / "screenshots"
TO = ROOT / "docs" / "images"
LARGEST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and where it comes from. height: of what is kept, in pixels, from the top."""

    name: str
    source: str
    height: int


PICTURES = (
    Picture("console-inbox.png", "console/inbox-1280-light.png", 1100),
    Picture("console-proof.png", "log-entry.png", 1010),
)


def size(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG (its IHDR chunk, RFC 2083, section 4.1.1)."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def main() -> int:
    """Write every picture of PICTURES; return 1 where one cannot be made, and say why."""
    program = shutil.which("chromium")
    missing = [one.source for one in PICTURES if not (FROM / one.source).is_file()]
    if program is None or missing:
        what = ", ".join(missing) or "chromium"
        print(
            f"missing {what}; `make test` makes the pages where chromium is there", file=sys.stderr
        )
        return 1
    too_large = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        for one in PICTURES:
            source = FROM / one.source
            width, height = size(source.read_bytes())
            kept = min(height, one.height)
            page.set_viewport_size({"width": width, "height": kept})
            data = b64encode(source.read_bytes()).decode()
            page.set_content(
                f"<style>body {{ margin: 0 }}</style><img src=data:image/png;base64,{data}>"
            )
            made = page.screenshot(path=TO / one.name)
            if len(made) > LARGEST_BYTES:
                too_large.append(f"{one.name} ({len(made):,} bytes)")
        browser.close()
    if too_large:
        print(f"larger than {LARGEST_BYTES:,} bytes: {', '.join(too_large)}", file=sys.stderr)
    return int(bool(too_large))


if __name__ == "__main__":
    sys.exit(main())
