"""Writes measured figures from build/bench/*.json into README.md and docs, between markers.

A place is `<!-- figures: SUITE [NAME …] -->` … `<!-- /figures -->`: one table with the figures of
that suite, all of them or those named. What was not measured is said to be so.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "build" / "bench"
_PLACE = re.compile(r"<!-- figures: ([^>]*?) -->\n.*?<!-- /figures -->", re.DOTALL)

Figure = Mapping[str, object]


def pages() -> list[Path]:
    """Return the pages that may have places for figures."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def filled(text: str, bench: Path) -> str:
    """Return a page with every place filled from the suites in the folder `bench`."""
    return _PLACE.sub(lambda place: _place(place.group(1), bench), text)


def _place(wanted: str, bench: Path) -> str:
    suite, *names = wanted.split()
    rows = _rows(_figures(bench / f"{suite}.json"), names)
    if rows:
        body = "| figure | measured | goal |\n|---|---|---|\n" + "\n".join(rows)
    else:
        body = f"Not measured yet: `make bench ONLY={suite}`, then `python tools/write_figures.py`."
    return f"<!-- figures: {wanted} -->\n{body}\n<!-- /figures -->"


def _figures(path: Path) -> list[Figure]:
    if not path.exists():
        return []
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return [figure for figure in figures if figure["value"] is not None]


def _rows(figures: list[Figure], names: list[str]) -> list[str]:
    known = {str(figure["name"]): figure for figure in figures}
    chosen = [known[name] for name in names if name in known] if names else figures
    return [_row(figure) for figure in chosen]


def _row(figure: Figure) -> str:
    measured = f"{_number(figure['value'])} {figure['unit']}"
    return f"| `{figure['name']}` | {measured} | {figure['goal'] or ''} |"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> int:
    """Fill the places; with `--check`, only say whether that would change anything."""
    changed = False
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = filled(before, BENCH)
        changed |= before != after
        if before != after and "--check" not in sys.argv:
            page.write_text(after, encoding="utf-8")
    return 1 if changed and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
