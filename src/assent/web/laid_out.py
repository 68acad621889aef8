"""What a request or a call is made with, field by field, beside the text that is bound to it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from assent.content.fields import Number, parsed, path_of
from assent.web.words import Piece, pieces

MOST_FIELDS = 200
_LONGEST_VALUE = 2_000
_DEEPEST = 32
_TAKEN = re.compile(r'\s*|\s*(?:-?\d.*|true|false|null|".*|\{\s*\}|\[\s*\])\s*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One value. path: of its field; where: `query` or `body`, empty where there is but one."""

    path: tuple[Piece, ...]
    value: tuple[Piece, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The fields of a text. title: what they are. left_out: how many more there are."""

    title: str
    rows: tuple[FieldRow, ...]
    left_out: int = 0


def laid_out(verb: str, text: str) -> LaidOut | None:
    """Return the fields of a call or a request, None where its text has none that are plain.

    What two programs could read in two ways is not laid out: its text alone says what is sent.
    """
    head, _, rest = text.partition("\n")
    if verb in ("tool.call", "prompt.get"):
        return _table("Arguments", list(_body(rest, "")))
    if verb.startswith("http."):
        return _table("Fields", [*_query(head), *_body(_after_kind(rest), "body")])
    return None


def _table(title: str, rows: list[FieldRow]) -> LaidOut | None:
    if not rows:
        return None
    return LaidOut(title, tuple(rows[:MOST_FIELDS]), max(0, len(rows) - MOST_FIELDS))


def _query(head: str) -> Iterator[FieldRow]:
    _, _, query = head.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return
    for name, value in pairs:
        yield FieldRow(_cut(name), _cut(value), "query")


def _after_kind(rest: str) -> str:
    """Return the body behind the line that says of which type it is; empty where it is cut."""
    kind, _, body = rest.partition("\n")
    return body if kind.startswith("(") and "sha256:" not in kind else ""


def _body(text: str, where: str) -> Iterator[FieldRow]:
    problems: list[str] = []
    try:
        document = parsed(text.encode(), problems)
    except ValueError:
        return
    if document and not problems and isinstance(document, dict | list):
        for path, value in _fields(document, ()):
            yield FieldRow(_cut(path), _cut(value), where)


def _fields(value: Any, parts: tuple[str, ...], places: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values of a document with their paths; elements of arrays with their places."""
    deep = len(parts) + len(places.split(",")) > _DEEPEST
    if isinstance(value, dict) and value and not deep:
        for key, one in value.items():
            yield from _fields(one, (*parts, key), places)
    elif isinstance(value, list) and value and not deep:
        for place, one in enumerate(value, 1):
            yield from _fields(one, parts, f"{places},{place}" if places else str(place))
    else:
        yield path_of(parts) + (f" ({places})" if places else ""), _shown(value)


def _shown(value: Any) -> str:
    """Return a value as JSON writes it, but a text as it reads where it cannot be another value."""
    if isinstance(value, Number) or (isinstance(value, str) and not _TAKEN.fullmatch(value)):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _cut(value: str) -> tuple[Piece, ...]:
    return pieces(value[:_LONGEST_VALUE] + "…" * (len(value) > _LONGEST_VALUE))
