"""Fields of a message, by their paths: `items.sku`, `customer."e.mail"`.

Arrays are not seen in a path: it names the same field of each of their elements. A part is in
quotes, doubled within, where it could be taken for several parts or for all fields.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

LONGEST_VALUE = 200
MOST_FIELDS = 500
DEEPEST = 32
ROOT = "$"
"""The path of a value that lies in no object."""
SEVERAL = "*several"
"""`path=*several` is among the arguments of a path that has more than one value."""
_LONGEST_PATH = 300
_PART = re.compile(r'"((?:[^"]|"")*)"|[^."]+')
_PLAIN = re.compile(r'[^."]+')


class Number(str):
    """A number as it is written, so that nothing of it is lost."""

    __slots__ = ()


@dataclass(slots=True)
class Fields:
    """What a message is made with. columns: paths. arguments: `path=value`, each value cut.

    problems: why not all of it was understood, for people; empty where it was.
    """

    columns: set[str] = field(default_factory=set)
    arguments: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    count: int = 0
    _values: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, value: str) -> None:
        """Count one value at a path."""
        self.count += 1
        if self.count > MOST_FIELDS:
            self.problem(f"it has more than {MOST_FIELDS} fields")
            return
        if not (_is_text(path) and _is_text(value)):
            self.problem("it has text that is no Unicode")
            return
        if len(path) > _LONGEST_PATH:
            self.problem(f"a field's path is longer than {_LONGEST_PATH} characters")
            return
        self.columns.add(path)
        self.arguments.add(f"{path}={value[:LONGEST_VALUE]}")
        if self._values.setdefault(path, value) != value:
            self.arguments.add(f"{path}={SEVERAL}")

    def problem(self, words: str) -> None:
        """Note why not all of it was understood."""
        if words not in self.problems:
            self.problems.append(words)


def path_of(parts: Iterable[str]) -> str:
    """Return the path of a field. parts: the keys that lead to it."""
    return ".".join(map(quoted, parts)) or ROOT


def quoted(part: str) -> str:
    """Return one part of a path, in quotes if it could be confused with several, or with all."""
    return part if _PLAIN.fullmatch(part) and part != "*" else '"' + part.replace('"', '""') + '"'


def unquoted(part: str) -> str:
    """Return a part as it is called."""
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def parts_of(path: str) -> tuple[str, ...]:
    """Return the keys that a path, or a full name, is made of."""
    return tuple(unquoted(found[0]) for found in _PART.finditer(path))


def parsed(data: bytes, problems: list[str]) -> Any:
    """Return the JSON of a message, numbers as they are written. Raises ValueError for none.

    problems: is told where programs that read it may not all read the same (RFC 8259, sections 4
    and 8): keys that come twice, in whatever case, and text that is no Unicode.
    """

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key.casefold() for key, _ in found}) != len(found) and not problems:
            problems.append("an object has the same key twice")
        return dict(found)

    text = data.decode()
    try:
        return json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(data: bytes, fields: Fields) -> bool:
    """Add the fields of a JSON message; return whether it is one."""
    problems: list[str] = []
    try:
        document = parsed(data, problems)
    except ValueError:
        return False
    for words in problems:
        fields.problem(words)
    read_document(document, fields)
    return True


def read_document(document: Any, fields: Fields) -> None:
    """Add the fields of a message that is parsed."""
    _walk(document, "", 0, fields)


def _walk(value: Any, path: str, depth: int, fields: Fields) -> None:
    if depth > DEEPEST:
        fields.problem(f"it is nested more than {DEEPEST} deep")
        return
    if fields.count > MOST_FIELDS:
        return
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            part = quoted(str(key))
            _walk(item, f"{path}.{part}" if path else part, depth + 1, fields)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for item in value:
            _walk(item, path, depth + 1, fields)
    else:
        fields.add(path or ROOT, value if isinstance(value, str) else json.dumps(value))


def _is_text(text: str) -> bool:
    """Return whether it is Unicode text: half of a surrogate pair is none."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"`{text}` is no JSON")
