"""A request → what it does: the route, the fields that it is made with, and whether all is plain.

What is read is the request as it goes to the target; what could be read there in another way makes
it incomplete, and no policy permits that without naming it.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from assent.content.fields import Fields, path_of, quoted, read_json
from assent.core.action import Operation, Statement, Touch
from assent.core.faults import PeerFault
from assent.core.flows import Flows
from assent.core.resource import Resource
from assent.protocols.http.paths import name_parts, read_form, read_path, read_query
from assent.protocols.http.routes import Routes, usual

UNKNOWN = "http.unknown"
LONGEST_TEXT = 64 * 1024
"""Bytes of a body that are shown to people as they are; of what follows they see the digest."""
_FORM = "application/x-www-form-urlencoded"
_LONGEST_ROUTE = 300
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# By which some servers take a request for another one than it says.
_OVERRIDES = frozenset(
    {
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-method",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-prefix",
        "x-forwarded-uri",
    }
)
_METHOD_FIELD = "_method"
_MULTIPART = "multipart/"
# The name of a part, also escaped, encoded, or written so that it cannot be told what it is.
_METHOD_PART = re.compile(
    rb"""name(?:\s{16}|\*|\s*=\s{16}|\s*=\s*["']?(?:=\?|\\?_\\?m\\?e\\?t\\?h\\?o\\?d))""",
    re.IGNORECASE,
)
PART_NAME_WITHIN = 64
"""In so many bytes stands all by which `names_method` tells a name."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries. type: its Content-Type. encoding: its Content-Encoding.

    data: all of it, or its beginning where `whole` is false: then it goes on unread, and is so
    many bytes long, -1 where nobody knows.
    """

    data: bytes = b""
    type: str = ""
    encoding: str = ""
    whole: bool = True
    size: int = -1
    names_method: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A request, understood. path, query: what goes to the target, and nothing else may.

    text: what people see and approvals are bound to. shape: stands for requests that are decided
    alike whatever policies ask, None for none. shape_of_names: for those that are where no policy
    asks for values. route: by which fields of the answer are named.
    """

    statement: Statement
    text: str
    path: str
    query: str
    route: str
    shape: Hashable | None
    shape_of_names: Hashable | None = None
    parameters: tuple[str | None, ...] = ()

    @property
    def target(self) -> str:
        """Return path and query as they go to the target."""
        return f"{self.path}?{self.query}" if self.query else self.path


_NO_BODY = Body()


def reads_body(content_type: str) -> bool:
    """Return whether fields of such a body are read, so that all of it must be at hand."""
    kind = _media_type(content_type)
    return kind == _FORM or _is_json(kind) or not kind


def has_parts(content_type: str) -> bool:
    """Return whether such a body is made of parts, each with headers of its own."""
    return _media_type(content_type).startswith(_MULTIPART)


def names_method(data: bytes | bytearray) -> bool:
    """Return whether a part in there may be a field by which servers take another method.

    `name*=` of parts counts too: it can be encoded in more ways than are known here.
    """
    found = _METHOD_PART.finditer(data)
    return any(not (one[0].endswith(b"*") and _is_file_name(data, one.start())) for one in found)


def read_request(
    routes: Routes,
    method: str,
    path: str,
    query: str = "",
    *,
    body: Body = _NO_BODY,
    headers: Iterable[str] = (),
    upgrade: bool = False,
) -> Reading:
    """Return what a request does.

    path, query: raw, as they stand in the request target, without `?`. headers: the names of
    those that go to the target. upgrade: it opens a WebSocket.
    Raises PeerFault `request-target` for a path or query that could be read in two ways.
    """
    where, asked = read_path(path), read_query(query)
    match = routes.find(method, where.segments)
    route = match.template if match is not None else where.sent[:_LONGEST_ROUTE]
    fields, told = Fields(), Fields()
    verb = _verb(method, upgrade)
    if len(where.sent) > _LONGEST_ROUTE and match is None:
        fields.problem(
            f"its path is longer than {_LONGEST_ROUTE} characters, and no route is known"
        )
    if verb == UNKNOWN:
        fields.problem(f"the method `{method[:80]}` is not known")
    elif match is None and routes.known:
        fields.problem(f"`{where.sent[:80]}` is none of the target's routes")
    for name, value in match.parameters if match is not None else ():
        told.add(quoted(name), value)
    for name, value in asked.pairs:
        _check_method(name, value, method, fields)
        told.add(path_of(name_parts(name)), value)
    _read_body(body, method, fields)
    _check_fields(body, method, fields)
    for name in headers:
        if name.lower() in _OVERRIDES:
            fields.problem(f"the header `{name[:80]}` could make another request of it")
    operation = (match.operation if match is not None else None) or usual(verb)
    statement = _statement(verb, operation, route, fields, told)
    shape, shape_of_names = _shapes(statement, method, body)
    line = f"{method} {where.sent}" + (f"?{asked.sent}" if asked.sent else "")
    return Reading(
        statement=statement,
        text=f"{line}\n{_body_text(body)}" if body.data or not body.whole else line,
        path=where.sent,
        query=asked.sent,
        route=route,
        shape=shape,
        shape_of_names=shape_of_names,
    )


def _verb(method: str, upgrade: bool) -> str:
    if method not in _METHODS:
        return UNKNOWN
    return "http.upgrade" if upgrade else f"http.{method.lower()}"


def _statement(
    verb: str, operation: Operation, route: str, fields: Fields, told: Fields
) -> Statement:
    """Return it. told: path and query, which say which answer is wanted; fields: the body."""
    resource = Resource("Route", route)
    problems = tuple(dict.fromkeys((*fields.problems, *told.problems)))
    reads = operation is Operation.READ
    tested = told.columns | fields.columns if reads else told.columns
    columns = frozenset(told.columns | fields.columns)
    if reads and verb not in ("http.head", "http.options"):
        # The answer holds whatever the route has.
        columns |= {"*"}
    arguments = frozenset(told.arguments | fields.arguments)
    touches = [Touch(verb, operation, resource, columns, arguments=arguments)]
    if problems:
        touches.append(Touch(UNKNOWN, Operation.UNKNOWN, resource, columns, arguments=arguments))
    name = quoted(route)
    return Statement(
        kind=verb,
        touches=tuple(touches),
        complete=not problems,
        reusable=reads and not problems,
        problems=problems,
        flows=Flows(tested=frozenset(f"{name}.{path}" for path in tested - {"*"})),
    )


def _shapes(
    statement: Statement, method: str, body: Body
) -> tuple[Hashable | None, Hashable | None]:
    """Return what stands for requests of which all is the same that policies may ask of them.

    First with the values that they are made with, then without.
    """
    if not statement.reusable or body.data or not body.whole or statement.kind == "http.upgrade":
        return None, None
    (touch,) = statement.touches
    names = method, touch.verb, touch.resource.name, touch.columns
    return (*names, touch.arguments), names


def _read_body(body: Body, method: str, fields: Fields) -> None:
    if not body.data and body.whole:
        return
    kind = _media_type(body.type)
    fields.arguments.add(f"content-type={kind[:80]}")
    if _encoded(body):
        if reads_body(body.type):
            fields.problem(f"its body is encoded as `{body.encoding[:40]}`; send it as it is")
        fields.columns.add("*")
    elif not body.whole:
        if reads_body(body.type):
            fields.problem("its body is too large for its fields to be read")
        fields.columns.add("*")
    elif kind == _FORM:
        _read_form(body, method, fields)
    elif _is_json(kind):
        if _charset(body.type) not in ("", "utf-8", "utf8", "us-ascii"):
            fields.problem("its JSON is not UTF-8")
        elif not read_json(body.data, fields):
            fields.problem("its body is said to be JSON and is none")
    else:
        _read_other(body, fields)


def _check_fields(body: Body, method: str, fields: Fields) -> None:
    """Check that no field of a body makes another request of it, wherever servers look for one."""
    for argument in tuple(fields.arguments):
        name, _, value = argument.partition("=")
        _check_method(name, value, method, fields)
    if has_parts(body.type) and (body.names_method or names_method(body.data)):
        fields.problem(f"a part of it may be `{_METHOD_FIELD}`, and make another request of it")


def _is_file_name(data: bytes | bytearray, start: int) -> bool:
    # What begins so early was looked at before, with what stands in front of it.
    return start < 4 or data[start - 4 : start].lower() == b"file"


def _read_form(body: Body, method: str, fields: Fields) -> None:
    try:
        pairs = read_form(body.data.decode("ascii"))
    except (PeerFault, UnicodeDecodeError):
        fields.problem("its body is said to be a form and is none")
        return
    for name, value in pairs:
        _check_method(name, value, method, fields)
        fields.add(path_of(name_parts(name)), value)


def _read_other(body: Body, fields: Fields) -> None:
    """Read a body of another type: some servers take it for JSON whatever it is said to be."""
    looks_json = body.data.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"[")
    if not looks_json or not read_json(body.data, fields):
        # It may hold any of the fields.
        fields.columns.add("*")


def _check_method(name: str, value: str, method: str, fields: Fields) -> None:
    if name.lower() == _METHOD_FIELD and value.upper() != method:
        fields.problem(f"`{_METHOD_FIELD}` could make another request of it")


def _body_text(body: Body) -> str:
    if not body.whole:
        size = f"{body.size} bytes" if body.size >= 0 else "of unknown length"
        return f"({_media_type(body.type)[:80] or 'body'}, {size}, not read)"
    head = body.data[:LONGEST_TEXT]
    digest = f"{len(body.data)} bytes, sha256:{sha256(body.data).hexdigest()}"
    kind = _media_type(body.type)[:80] or "body"
    encoding = f", {body.encoding[:40]}" if _encoded(body) else ""
    try:
        text = head.decode()
    except UnicodeDecodeError as fault:
        # A character may be cut in two at the end of what is shown.
        is_cut = len(body.data) > len(head) and fault.start > len(head) - 4
        text = head[: fault.start].decode() if is_cut else "\0"
    if "\0" in text or encoding:
        return f"({kind}{encoding}, {digest})"
    if len(body.data) == len(head):
        return f"({kind})\n{text}"
    return f"({kind}, {digest})\n{text}…"


def _encoded(body: Body) -> bool:
    return body.encoding.strip().lower() not in ("", "identity")


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def _charset(content_type: str) -> str:
    parameters: Mapping[str, str] = {
        name.strip().lower(): value.strip(" \t\"'").lower()
        for name, _, value in (item.partition("=") for item in content_type.split(";")[1:])
    }
    return parameters.get("charset", "")
