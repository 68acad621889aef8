"""Readings of what lies behind a name: made once, bounded, and never in circles."""

import sys
from collections.abc import Callable, Hashable
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.statements.findings import Findings, refused
from assent.protocols.postgres.statements.names import Names
from assent.protocols.postgres.statements.texts import tree_of
from assent.protocols.postgres.statements.walk import Reader

MAX_DEPTH: Final = 24
MAX_READINGS: Final = 2_000
_KINDS: Final = {"view": "Table", "function": "Function"}

# What is met again while it is being read adds nothing that it is not about to say itself.
_ALREADY_SAID: Final = Statement("sql.session", (), complete=True, reusable=True)


def reading(
    reader: Reader, key: Hashable, names: Names, read: Callable[[Reader], None]
) -> Statement:
    """Return the reading of one thing behind a name, apart from what leads there.

    key: what it is; `read` is called when it is not known yet. A reading that ended early because
    it met one further out is not remembered: it lacks what that one says.
    """
    memory = names.memory
    key = (key, names.search_path, names.session_path)
    known = memory.readings.get(key)
    if known is not None:
        return known
    if key in memory.being_read:
        memory.met = min(memory.met, memory.being_read[key])
        return _ALREADY_SAID
    depth = len(memory.being_read)
    memory.spent += 1
    if depth >= MAX_DEPTH or memory.spent > MAX_READINGS:
        memory.met = 0
        return refused("too much lies behind what it names: views, functions and triggers")
    outer_met, memory.met = memory.met, sys.maxsize
    memory.being_read[key] = depth
    findings = Findings()
    inner = Reader(names, reader.handlers, findings)
    try:
        read(inner)
        inner.finish()
    finally:
        del memory.being_read[key]
        met, memory.met = memory.met, outer_met
    statement = findings.statement()
    if met < depth:
        memory.met = min(outer_met, met)
    else:
        memory.readings[key] = statement
    return statement


def tree_inside(reader: Reader, text: str, what: str) -> pb.ParseResult:
    """Return the tree of a text of the target's; an empty one, and unknown, if it has none."""
    tree = tree_of(text)
    if isinstance(tree, str):
        not_seen(reader, what, f"{what} {tree}")
        return pb.ParseResult()
    return tree


def not_seen(reader: Reader, what: str, problem: str) -> None:
    """Note that a thing of the target cannot be read; what: `function public.f` and so on."""
    word, _, name = what.partition(" ")
    kind = _KINDS.get(word, "Object")
    reader.findings.unknown(kind, name if word in _KINDS else what, problem)
