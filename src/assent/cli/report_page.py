"""An evidence pack as one HTML file: no scripts, nothing fetched, for screens and for paper."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from assent.cli.output import clean
from assent.cli.report_style import STYLE
from assent.cli.report_words import moment, verdict, verdict_kind

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
"""
_BAR_WIDTH, _BAR_LEFT, _BAR_STEP, _LONGEST_NAME = 170, 190, 22, 26
_LONG = 24


def page(pack: Mapping[str, Any]) -> str:
    """Return the page of a pack. pack: as the API answers, with what a verification said."""
    return "\n".join(_page(pack)) + "\n"


def _page(pack: Mapping[str, Any]) -> Iterator[str]:
    title = f"{pack['title']}: {moment(pack['since'])} to {moment(pack['until'])}"
    yield f"{_HEAD}<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield f"<header><h1>{_text(pack['title'])}</h1>"
    yield f"<p class='soft'>{_text(pack['origin'])}, all times in UTC</p></header>\n<main>"
    yield from _first_page(pack)
    yield from _controls(pack["controls"])
    for table in pack["tables"]:
        yield from _table(table)
    yield "</main>\n</body>\n</html>"


def _first_page(pack: Mapping[str, Any]) -> Iterator[str]:
    yield f"<section class='first'><div class='verdict {verdict_kind(pack)}'>"
    first, *rest = verdict(pack)
    yield f"<b>{_text(first)}</b><p>{_text(' '.join(rest))}</p>"
    yield "</div>"
    yield from _figures(pack["figures"])
    yield "<div class='bars'>"
    for bars in pack["bars"]:
        yield from _bars(bars)
    yield "</div>\n<h2>What this rests on</h2>"
    yield from _facts(_basis(pack))
    left_out = ". ".join(pack["left_out"]) or "Nothing of the period was left out"
    yield f"<p><b>{_text(left_out)}.</b></p><p>{_text(' '.join(pack['notes']))}</p>"
    yield from _checks(pack["verification"])
    yield "</section>"


def _basis(pack: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    checkpoint, entries = pack["checkpoint"], pack["entries"]
    yield "period", f"{moment(pack['since'])} to before {moment(pack['until'])}"
    yield "log", pack["origin"]
    yield "checkpoint", f"size {checkpoint['size']}, signed {moment(checkpoint['at'])}"
    yield "root", checkpoint["root"]
    yield (
        "entries read",
        f"{entries['in_period']} in the period, among those from index {entries['first']} "
        f"to before {entries['last']}",
    )
    yield "made", f"{moment(pack['made_at'])} by {pack['made_by']}, entry {pack['entry']}"
    if not pack["witnesses"]:
        yield "seen outside", "by nobody: no witness and no anchor has seen this log"
    for one in pack["witnesses"]:
        seen = f"up to size {one['size']}, {moment(one['at'])}" if one["at"] else "nothing yet"
        yield f"{one['kind']} {one['name']}", seen


def _checks(verification: Mapping[str, Any] | str) -> Iterator[str]:
    if isinstance(verification, str):
        return
    yield "<h2>What was verified</h2>"
    rows = [
        (one["number"], one["name"], one["status"], " · ".join(one["details"]), one["source"])
        for one in verification["checks"]
    ]
    yield "<div class='wide'><table><thead><tr><th class='number short'>check</th><th>of</th>"
    yield "<th>result</th><th>what was found</th><th>clause</th></tr></thead><tbody>"
    for number, name, status, details, source in rows:
        yield (
            f"<tr><td class='number short'>{number}</td><td>{_text(name)}</td>"
            f"<td class='{_text(status)}'>{_text(status)}</td>"
            f"<td class='long'>{_text(details)}</td><td>{_text(source)}</td></tr>"
        )
    yield "</tbody></table></div>"


def _figures(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "<div class='figures'>"
    for one in figures:
        about = f"<br><small class='soft'>{_text(one['about'])}</small>" if one["about"] else ""
        yield f"<div><b>{one['value']:,}</b>{_text(one['label'])}{about}</div>"
    yield "</div>"


def _bars(bars: Mapping[str, Any]) -> Iterator[str]:
    items = bars["items"]
    if not items:
        return
    most = max(count for _, count in items) or 1
    yield f"<div><h3>{_text(bars['title'])}</h3>"
    height = _BAR_STEP * len(items)
    words = ", ".join(f"{name} {count}" for name, count in items)
    yield (
        f"<svg viewBox='0 0 430 {height}' width='100%' height='{height}' role='img' "
        f"preserveAspectRatio='xMinYMin meet' aria-label='{_text(words)}'>"
    )
    for number, (name, count) in enumerate(items):
        top, width = _BAR_STEP * number, max(1, _BAR_WIDTH * count // most)
        shown = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
        yield (
            f"<text x='{_BAR_LEFT - 8}' y='{top + 15}' text-anchor='end'>{_text(shown)}</text>"
            f"<rect x='{_BAR_LEFT}' y='{top + 4}' width='{width}' height='14' rx='2'/>"
            f"<text x='{_BAR_LEFT + width + 6}' y='{top + 15}'>{count:,}</text>"
        )
    yield "</svg></div>"


def _facts(pairs: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield "<dl>"
    for name, value in pairs:
        yield f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>"
    yield "</dl>"


def _controls(controls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "<section class='page'><h2>Which controls this supports</h2>"
    yield (
        "<p>This is evidence that supports the controls below. Whether they are met is for "
        "whoever audits to say; the last column is what has to come from elsewhere.</p>"
    )
    yield "<div class='wide'><table><thead><tr><th>framework</th><th>control</th>"
    yield "<th>is about</th><th>what this shows for it</th><th>where</th>"
    yield "<th>what it does not show</th></tr></thead><tbody>"
    for one in controls:
        names = ("framework", "clause", "about", "shows", "where", "not_shown")
        yield "<tr>" + "".join(f"<td>{_text(one[name])}</td>" for name in names) + "</tr>"
    yield "</tbody></table></div></section>"


def _table(table: Mapping[str, Any]) -> Iterator[str]:
    yield f"<section class='page'><h2>{_text(table['title'])}</h2>"
    yield f"<p class='soft'>{_text(table['about'])}</p>"
    if not table["rows"]:
        yield f"<p>{_text(table['empty'])}</p></section>"
        return
    shown, empty = _shown(table)
    left = table["count"] - len(table["rows"])
    more = f", of which {left:,} are not shown: ask for a shorter period" if left else ""
    rows = "1 row" if table["count"] == 1 else f"{table['count']:,} rows"
    yield f"<p class='soft'>{rows}{more}</p>"
    yield "<div class='wide'><table><thead><tr>"
    for place in shown:
        column = table["columns"][place]
        about = f" title='{_text(column['about'])}'" if column["about"] else ""
        yield f"<th class='{column['kind']}'{about}>{_text(column['name'])}</th>"
    yield "</tr></thead><tbody>"
    kinds = [(place, table["columns"][place]["kind"]) for place in shown]
    for row in table["rows"]:
        yield "<tr>" + "".join(_cell(row[place], kind) for place, kind in kinds) + "</tr>"
    yield "</tbody></table></div>"
    if empty:
        yield f"<p class='soft'>Columns without any value: {_text(', '.join(empty))}.</p>"
    explained = [one for one in table["columns"] if one["about"]]
    words = "; ".join(f"{one['name']}: {one['about']}" for one in explained)
    yield f"<p class='soft'>{_text(words)}</p></section>" if words else "</section>"


def _shown(table: Mapping[str, Any]) -> tuple[list[int], list[str]]:
    """Return the places of columns that have a value in any row, and the names of the others."""
    filled = [
        any(row[place] not in (None, "") for row in table["rows"])
        for place in range(len(table["columns"]))
    ]
    empty = [one["name"] for one, has in zip(table["columns"], filled, strict=True) if not has]
    return [place for place, has in enumerate(filled) if has], empty


def _cell(value: str | int | None, kind: str) -> str:
    if kind == "number":
        return f"<td class='number'>{'' if value is None else format(value, ',')}</td>"
    text = moment(str(value)) if kind == "time" and value else str(value or "")
    wide = " long" if kind == "text" and len(text) > _LONG else ""
    return f"<td class='{kind}{wide}'>{_text(text)}</td>"


def _text(text: object) -> str:
    return escape(clean(str(text)))
