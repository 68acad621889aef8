"""Writes measured figures from build/bench/*.json into README.md and docs, between markers.

A place is `<!-- figures: SUITE [NAME …] -->` … `<!-- /figures -->`: one table with the figures of
that suite, all of them or those named. `<!-- figures-across: SUITE PATTERN … -->` is a table with
a column a pattern, such as `auc_{}` and `auc_{}_freeman`, and a line for each word that stands for
`{}` in all of them. What was not measured is said to be so.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "build" / "bench"
_PLACE = re.compile(r"<!-- (figures|figures-across): ([^>]*?) -->\n.*?<!-- /\1 -->", re.DOTALL)

Figure = Mapping[str, object]


def pages() -> list[Path]:
    """Return the pages that may have places for figures."""
    return [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *_docs()]


def filled(text: str, bench: Path) -> str:
    """Return a page with every place filled from the suites in the folder `bench`."""
    return _PLACE.sub(lambda place: _place(place.group(1), place.group(2), bench), text)


def _docs() -> list[Path]:
    return sorted((ROOT / "docs").rglob("*.md"))


def _place(kind: str, wanted: str, bench: Path) -> str:
    suite, *names = wanted.split()
    figures = _figures(bench / f"{suite}.json")
    if kind == "figures":
        columns = ["figure", "measured", "goal"]
        rows = _rows(figures, names)
    else:
        columns = ["", *(f"`{name.replace('{}', '…')}`" for name in names)]
        rows = _rows_across(figures, names)
    if rows:
        body = "\n".join([f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *rows])
    else:
        body = f"Not measured yet: `make bench ONLY={suite}`, then `python tools/write_figures.py`."
    return f"<!-- {kind}: {wanted} -->\n{body}\n<!-- /{kind} -->"


def _figures(path: Path) -> list[Figure]:
    if not path.exists():
        return []
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return [figure for figure in figures if figure["value"] is not None]


def _rows(figures: list[Figure], names: list[str]) -> list[str]:
    known = {str(figure["name"]): figure for figure in figures}
    chosen = [known[name] for name in names if name in known] if names else figures
    return [_row(figure) for figure in chosen]


def _rows_across(figures: list[Figure], patterns: list[str]) -> list[str]:
    known = {str(figure["name"]): figure for figure in figures}
    first, _, last = patterns[0].partition("{}") if patterns else ("", "", "")
    rows = []
    for name in known:
        word = name[len(first) : len(name) - len(last)]
        names = [pattern.replace("{}", word) for pattern in patterns]
        if word and names[0] == name and all(one in known for one in names):
            cells = [_number(known[one]["value"]) for one in names]
            rows.append(f"| {' | '.join([word, *cells])} |")
    return rows


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
