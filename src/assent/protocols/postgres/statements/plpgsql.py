"""Programs in PL/pgSQL: every statement and expression of SQL in them is read.

The parser's picture of a program leaves out what records are first set to, and cannot draw
what triggers are given; so the first is looked for among the tokens, and the second declared.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from postgast import PgQueryError, parse_plpgsql, scan
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.inside import not_seen, tree_inside
from assent.protocols.postgres.statements.texts import cannot_be_read, tree_of
from assent.protocols.postgres.statements.walk import Reader, constant

MAX_PROGRAM_BYTES: Final = 64 << 10
_MAX_TRIES: Final = 40

# Records and texts that the server gives to triggers.
_RECORDS: Final = ("new", "old")
_TEXTS: Final = (
    "tg_name", "tg_when", "tg_level", "tg_op", "tg_relid", "tg_relname", "tg_table_name",
    "tg_table_schema", "tg_nargs", "tg_argv", "tg_event", "tg_tag",
)  # fmt: skip
# Each fits other forms of RETURN.
_RETURNS: Final = ("record", "void", "SETOF record", "TABLE(assent_column text)")
_NOT_KNOWN: Final = re.compile(r'"(?P<name>[^"]+)" is not a known variable')
_OPTION: Final = re.compile(r"\s*#\s*\w+\s+\w+")
_ASSIGNED: Final = frozenset({3, 4, 5})
_EXPRESSION: Final = 2
_COMMENTS: Final = frozenset({pb.SQL_COMMENT, pb.C_COMMENT})
_DYNAMIC: Final = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})
_STATEMENTS: Final = frozenset(
    f"PLpgSQL_stmt_{name}"
    for name in (
        "assert", "assign", "block", "call", "case", "close", "commit", "dynexecute", "dynfors",
        "execsql", "exit", "fetch", "forc", "foreach_a", "fori", "fors", "getdiag", "if", "loop",
        "open", "perform", "raise", "return", "return_next", "return_query", "rollback", "while",
    )
)  # fmt: skip


def read(reader: Reader, program: str, arguments: Sequence[str], what: str) -> None:
    """Read a program. arguments: names of its inputs. what: it is, for people."""
    problem = cannot_be_read(program)
    if not problem and len(program.encode()) > MAX_PROGRAM_BYTES:
        problem = f"cannot be read: it is longer than {MAX_PROGRAM_BYTES} bytes"
    picture: Any = None
    if not problem:
        try:
            picture = _picture(program, arguments)
            defaults = list(_first_values(program))
        except (PgQueryError, json.JSONDecodeError, RecursionError) as error:
            problem = f"cannot be parsed: {getattr(error, 'message', 'it is nested too deeply')}"
    if problem:
        not_seen(reader, what, f"{what} {problem}")
        return
    items = list(_items(picture))
    for name in _variables(items):
        reader.scope.name(name, ())
    for text in defaults:
        _read_text(reader, f"SELECT {text}", what)
    for kind, item in items:
        _read_item(reader, kind, item, what)


def _read_item(reader: Reader, kind: str, item: Any, what: str) -> None:
    if kind == "PLpgSQL_expr":
        for text in _texts(item):
            _read_text(reader, text, what)
    elif kind.startswith("PLpgSQL_stmt_") and kind not in _STATEMENTS:
        name = kind.removeprefix("PLpgSQL_stmt_")
        not_seen(reader, what, f"cannot see what `{name}` in {what} does")
    if kind in _DYNAMIC or "dynquery" in item:
        _read_dynamic(reader, item.get("dynquery") or item.get("query") or {}, what)
    elif kind in ("PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"):
        reader.findings.only_queries = False


def _read_text(reader: Reader, text: str, what: str) -> None:
    for raw in tree_inside(reader, text, what).stmts:
        reader.visit(raw.stmt)


def _read_dynamic(reader: Reader, expression: Any, what: str) -> None:
    """Read EXECUTE: of a constant as what it says; of anything else nobody knows what it does."""
    text = expression.get("PLpgSQL_expr", {}).get("query", "")
    tree = tree_of(f"SELECT {text}")
    targets = [] if isinstance(tree, str) else tree.stmts[0].stmt.select_stmt.target_list
    value = constant(targets[0].res_target.val) if len(targets) == 1 else None
    if value is None:
        problem = f"cannot see what {what} executes: the text is put together when it runs"
        not_seen(reader, what, problem)
    else:
        _read_text(reader, value, what)


def _texts(expression: Any) -> Iterator[str]:
    """Yield the SQL of one expression or statement."""
    text, mode = str(expression.get("query", "")), expression.get("parseMode")
    if mode in _ASSIGNED:
        target, value = _divided(text)
        yield f"SELECT {value}"
        if "[" in target:
            # What the places of an array are computed from.
            yield f"SELECT {target}"
    elif mode == _EXPRESSION:
        yield f"SELECT {text}"
    else:
        yield text


def _divided(text: str) -> tuple[str, str]:
    """Return both sides of an assignment; the sign is the first one outside of brackets."""
    depth = 0
    data = text.encode()
    for token in scan(text).tokens:
        sign = data[token.start : token.end]
        if sign in (b"[", b"("):
            depth += 1
        elif sign in (b"]", b")"):
            depth -= 1
        elif sign in (b":=", b"=") and depth == 0:
            return data[: token.start].decode(), data[token.end :].decode()
    return "", text


def _items(picture: Any) -> Iterator[tuple[str, Any]]:
    """Yield kind and content of every node of the parser's picture, in order."""
    waiting = [picture]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(reversed(node))
            continue
        for key, value in node.items():
            if key.startswith("PLpgSQL_") and isinstance(value, dict):
                yield key, value
        waiting.extend(value for value in reversed(node.values()) if isinstance(value, dict | list))


def _variables(items: Sequence[tuple[str, Any]]) -> Iterator[str]:
    for kind, item in items:
        name = item.get("refname")
        # INVARIANT: `old` and `new` mean rows where the caller has said so.
        if kind in ("PLpgSQL_var", "PLpgSQL_rec") and name and name not in _RECORDS:
            yield name


def _picture(program: str, arguments: Sequence[str]) -> Any:
    """Return the parser's picture of a program, as the first kind of routine that it can be.

    The names of outputs are not in the catalogue: one that is missing is declared, and tried
    again. Raises PgQueryError.
    """
    texts = dict.fromkeys((*_TEXTS, *filter(None, arguments)), "text")
    declared = texts | dict.fromkeys(_RECORDS, "record")
    place = 0
    for _ in range(_MAX_TRIES):
        try:
            return parse_plpgsql(_routine(program, declared, len(arguments), _RETURNS[place]))
        except PgQueryError as error:
            missing = _NOT_KNOWN.search(error.message)
            if missing is not None:
                name, _, field = missing["name"].partition(".")
                if declared.get(name) != ("record" if field else "text"):
                    declared[name] = "record" if field else declared.get(name, "text")
                    continue
            place += 1
            if place == len(_RETURNS):
                raise
    raise PgQueryError("it has too many names that are not declared")


def _routine(program: str, declared: dict[str, str], arguments: int, returns: str) -> str:
    """Return CREATE FUNCTION with the program as a block inside one that declares names."""
    body = _OPTION.sub("", program, count=1) if program.lstrip().startswith("#") else program
    tag = "$assent$"
    while tag in body:
        tag = f"${tag[1:-1]}x$"
    names = "".join(f'"{name}" {kind};' for name, kind in declared.items() if '"' not in name)
    given = ", ".join(["text"] * arguments)
    signs = [token for token in scan(body).tokens if token.token not in _COMMENTS]
    end = "" if signs and signs[-1].token == pb.ASCII_59 else ";"
    return (
        f"CREATE FUNCTION f({given}) RETURNS {returns} LANGUAGE plpgsql AS {tag}"
        f"DECLARE {names} BEGIN {body}\n{end} END{tag}"
    )


def _first_values(program: str) -> Iterator[str]:
    """Yield what variables are first set to, in every DECLARE."""
    data = program.encode()
    declares, cursor, start = False, False, -1
    for token in scan(program).tokens:
        word = data[token.start : token.end].lower()
        if word == b"declare":
            declares, cursor, start = True, False, -1
        elif word == b"begin":
            declares = False
        elif declares and word == b";":
            if start >= 0:
                yield data[start : token.start].decode()
            cursor, start = False, -1
        elif declares and word == b"cursor" and token.token == pb.CURSOR:
            cursor = True
        elif declares and not cursor and start < 0 and word in (b":=", b"=", b"default"):
            start = token.end
