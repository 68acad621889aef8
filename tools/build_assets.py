"""Copies the JavaScript libraries that `npm ci` fetched into the package.

They are git-ignored there, and ship inside the wheel. Run by `make setup` and before a build.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
PLAYER = MODULES / "asciinema-player" / "dist"
VENDOR = ROOT / "src" / "assent" / "web" / "assets" / "vendor"
FILES = {
    "htmx.min.js": MODULES / "htmx.org" / "dist" / "htmx.min.js",
    "htmx.LICENSE": MODULES / "htmx.org" / "LICENSE",
    "htmx-ext-sse.min.js": MODULES / "htmx-ext-sse" / "dist" / "sse.min.js",
    "htmx-ext-sse.LICENSE": MODULES / "htmx-ext-sse" / "LICENSE",
    "uPlot.iife.min.js": MODULES / "uplot" / "dist" / "uPlot.iife.min.js",
    "uPlot.min.css": MODULES / "uplot" / "dist" / "uPlot.min.css",
    "uPlot.LICENSE": MODULES / "uplot" / "LICENSE",
    "asciinema-player.min.js": PLAYER / "bundle" / "asciinema-player.min.js",
    "asciinema-player.css": PLAYER / "bundle" / "asciinema-player.css",
    "asciinema-player.LICENSE": MODULES / "asciinema-player" / "LICENSE",
}


def main() -> int:
    """Copy every file of FILES; return 1 where one is missing, and say what to do."""
    missing = [str(path.relative_to(ROOT)) for path in FILES.values() if not path.is_file()]
    if missing:
        print(f"missing {', '.join(missing)}; run `npm ci` first", file=sys.stderr)
        return 1
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        shutil.copyfile(source, VENDOR / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
