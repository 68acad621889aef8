"""An evidence pack as CSV (RFC 4180), one file a table, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assent.cli.output import clean
from assent.cli.report_words import moment, verdict

# A spreadsheet takes text that begins so for a formula, in the wide forms of East Asia too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def sheets(pack: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file."""
    yield "first-page", sheet(("what", "value"), _first_page(pack))
    names = ("framework", "clause", "about", "shows", "where", "not_shown")
    controls = ([one[name] for name in names] for one in pack["controls"])
    yield "controls", sheet(names, controls)
    if not isinstance(pack["verification"], str):
        yield (
            "checks",
            sheet(
                ("check", "of", "result", "found", "clause"),
                (
                    [
                        one["number"],
                        one["name"],
                        one["status"],
                        " ".join(one["details"]),
                        one["source"],
                    ]
                    for one in pack["verification"]["checks"]
                ),
            ),
        )
    for table in pack["tables"]:
        header = [column["name"] for column in table["columns"]]
        yield table["name"], sheet(header, table["rows"])


def sheet(header: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> str:
    """Return a CSV text: lines end with CR LF, the first one has the names of the columns."""
    out = io.StringIO()
    writer = csv.writer(out, dialect="excel", lineterminator="\r\n")
    writer.writerow([safe(name) for name in header])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def safe(cell: str | int | None) -> str | int:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    text = clean(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _first_page(pack: Mapping[str, Any]) -> Iterator[tuple[str, str | int]]:
    checkpoint, entries = pack["checkpoint"], pack["entries"]
    yield "report", pack["title"]
    yield "log", pack["origin"]
    yield "since", pack["since"]
    yield "until", pack["until"]
    yield "made at", pack["made_at"]
    yield "made by", pack["made_by"]
    yield "entry", pack["entry"]
    yield "checkpoint size", checkpoint["size"]
    yield "checkpoint root", checkpoint["root"]
    yield "entries read", entries["in_period"]
    for sentence in verdict(pack):
        yield "verification", sentence
    for one in pack["witnesses"]:
        seen = f"size {one['size']}, {moment(one['at'])}" if one["at"] else "nothing yet"
        yield f"{one['kind']} {one['name']}", seen
    for one in pack["figures"]:
        yield one["label"], one["value"]
    for sentence in pack["left_out"]:
        yield "left out", sentence
    for sentence in pack["notes"]:
        yield "note", sentence
