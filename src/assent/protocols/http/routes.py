"""The routes of a target: which template a path is one of, and what a method does there.

source: OpenAPI Specification 3.1, "Paths Object" and "Path Templating".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assent.content.fields import parts_of
from assent.core.action import Operation
from assent.core.canonical import Json
from assent.core.faults import OperatorFault
from assent.protocols.http.paths import decoded
from assent.protocols.http.verbs import OPERATIONS

EXTENSION = "x-assent-operation"
"""What an OpenAPI description says of an operation that is not what its method usually does."""
_MOST_ROUTES = 10_000
_LONGEST = 300
# Of parameters beside literal text in one segment: what they are is tried.
_MOST_MIXED = 3
_LONGEST_MIXED = 200
_METHODS = frozenset(["get", "put", "post", "delete", "options", "head", "patch", "trace"])
_OPERATIONS = {operation.value: operation for operation in Operation if operation != "unknown"}
_PARAMETER = re.compile(r"\{([^{}/*]+)\}")
_REST = re.compile(r"\{([^{}/*]+)\*\}")


@dataclass(frozen=True, slots=True)
class Match:
    """What a path is. parameters: name and value of each of the template's, in order."""

    template: str
    parameters: tuple[tuple[str, str], ...]
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    """methods: in lower case → what it does, None for the usual; `*` for any of them."""

    template: str
    names: tuple[str, ...]
    methods: Mapping[str, Operation | None]


@dataclass(slots=True)
class _Node:
    literal: "dict[str, _Node]" = field(default_factory=dict)
    mixed: "list[tuple[str, re.Pattern[str], _Node]]" = field(default_factory=list)
    parameter: "_Node | None" = None
    routes: list[_Route] = field(default_factory=list)
    rest: list[_Route] = field(default_factory=list)


class Routes:
    """All routes of one target; never changes.

    written: `/orders/{id}`, `/files/{path*}` for all below, or `POST /search read` with the method
    and what it does. openapi: the description, parsed. labelled: names that labels are put on.
    known: whether all routes are here, so that any other path is not understood; not so where
    none was written and nothing described. Raises OperatorFault.
    """

    def __init__(
        self,
        written: Iterable[str] = (),
        openapi: Json = None,
        labelled: Iterable[str] = (),
        place: str = "",
    ) -> None:
        self._root = _Node()
        self._place = place
        self._count = 0
        described = list(written)
        for text in described:
            self._add_written(text)
        if openapi is not None:
            self._add_described(openapi)
        self.known = bool(described) or openapi is not None
        if not self.known:
            for template in dict.fromkeys(map(_route_of_label, labelled)):
                if template:
                    self._add(template, {"*": None})

    def find(self, method: str, segments: Sequence[str]) -> Match | None:
        """Return the route of a path, literal segments before parameters; None for no such."""
        return _find(self._root, method.lower(), segments, 0, [])

    def _add_written(self, text: str) -> None:
        words = text.split(" ")
        method = words.pop(0).lower() if words and not words[0].startswith("/") else "*"
        template = words.pop(0) if words else ""
        operation = _operation(words.pop(0), self._place) if words else None
        if words or (method != "*" and method not in _METHODS):
            raise self._wrong(text)
        self._add(template, {method: operation})

    def _add_described(self, document: Json) -> None:
        paths = document.get("paths") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(paths, dict):
            words = "is no OpenAPI description: it has no `paths`"
            raise OperatorFault("openapi", words, self._place)
        if not str(document.get("openapi", "")).startswith("3."):
            raise OperatorFault("openapi", "is not OpenAPI 3", self._place)
        for template, item in paths.items():
            if template.startswith("/") and isinstance(item, dict):
                self._add(template, _described_methods(item, f"{self._place} `{template[:80]}`"))

    def _add(self, template: str, methods: Mapping[str, Operation | None]) -> None:
        self._count += 1
        if self._count > _MOST_ROUTES:
            raise OperatorFault("routes", f"are more than {_MOST_ROUTES}", self._place)
        if not template.startswith("/") or len(template) > _LONGEST or "//" in template:
            raise self._wrong(template)
        node, names = self._root, list[str]()
        written = template[1:].split("/")
        for number, text in enumerate(written):
            rest = _REST.fullmatch(text)
            if rest is not None and number == len(written) - 1:
                node.rest.append(_Route(template, (*names, rest[1]), methods))
                return
            names += _PARAMETER.findall(text)
            node = self._below(node, text, template)
        node.routes.append(_Route(template, tuple(names), methods))

    def _below(self, node: _Node, text: str, template: str) -> _Node:
        plain = _PARAMETER.split(text)
        is_mixed = len(plain) > 1 and _PARAMETER.fullmatch(text) is None
        if any("{" in part or "}" in part for part in plain[::2]):
            raise self._wrong(template)
        if is_mixed and len(plain[1::2]) > _MOST_MIXED:
            raise self._wrong(template)
        if len(plain) == 1:
            return node.literal.setdefault(_plain(text), _Node())
        if not is_mixed:
            node.parameter = node.parameter or _Node()
            return node.parameter
        # `{name}.json`: what is literal stands as it is, the least is taken for a parameter.
        shape = "(.+?)".join(re.escape(_plain(part)) for part in plain[::2])
        for known, _, below in node.mixed:
            if known == shape:
                return below
        made = _Node()
        node.mixed.append((shape, re.compile(shape, re.DOTALL), made))
        return made

    def _wrong(self, text: str) -> OperatorFault:
        words = f"`{text[:80]}` is no route such as `/orders/{{id}}` or `POST /search read`"
        return OperatorFault("routes", words, self._place)


def _described_methods(item: Mapping[str, Json], place: str) -> dict[str, Operation | None]:
    whole = item.get(EXTENSION)
    found: dict[str, Operation | None] = {}
    for method, operation in item.items():
        if method in _METHODS and isinstance(operation, dict):
            said = operation.get(EXTENSION, whole)
            found[method] = None if said is None else _operation(str(said), place)
    if "get" in found:
        found.setdefault("head", found["get"])
    found.setdefault("options", None)
    return found


def _operation(text: str, place: str) -> Operation:
    if text not in _OPERATIONS:
        words = f"`{text[:80]}` is none of {', '.join(f'`{name}`' for name in _OPERATIONS)}"
        raise OperatorFault("routes", words, place)
    return _OPERATIONS[text]


def _plain(text: str) -> str:
    """Return literal text of a template decoded, as segments of paths are."""
    return decoded(text).decode("utf-8", "replace")


def _route_of_label(name: str) -> str:
    """Return the route that a label is put on, or on a field of; empty where it is on none."""
    route = next(iter(parts_of(name)), "")
    return route if route.startswith("/") else ""


def _find(
    node: _Node, method: str, segments: Sequence[str], at: int, values: list[str]
) -> Match | None:
    if at == len(segments):
        return _fitting(node.routes, method, values)
    segment = segments[at]
    below = node.literal.get(segment)
    found = _find(below, method, segments, at + 1, values) if below is not None else None
    if found is not None or not segment:
        return found
    for _, shape, mixed in node.mixed if len(segment) <= _LONGEST_MIXED else ():
        match = shape.fullmatch(segment)
        if match is not None:
            found = _find(mixed, method, segments, at + 1, [*values, *match.groups()])
            if found is not None:
                return found
    if node.parameter is not None:
        found = _find(node.parameter, method, segments, at + 1, [*values, segment])
        if found is not None:
            return found
    return _fitting(node.rest, method, [*values, "/".join(segments[at:])])


def _fitting(routes: Iterable[_Route], method: str, values: Sequence[str]) -> Match | None:
    for route in routes:
        for key in (method, "*"):
            if key in route.methods:
                pairs = tuple(zip(route.names, values, strict=True))
                return Match(route.template, pairs, route.methods[key])
    return None


def usual(verb: str) -> Operation:
    """Return what a verb usually does."""
    return OPERATIONS.get(verb, Operation.UNKNOWN)
