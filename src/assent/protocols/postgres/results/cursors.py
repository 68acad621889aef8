"""Cursors of a session: what is fetched from one is judged as what it was declared for.

A name that is not surely known means nothing: everything that is fetched from it is masked.
"""

from google.protobuf.message import DecodeError
from msgspec import Struct
from postgast import PgQueryError, parse
from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.core.enforcement import Enforcement
from assent.protocols.postgres.results.passed import Passed

_WITH_HOLD = 0x0020


class Source(Struct, gc=False):
    """Where rows come from. passed: what the client has of it, however often it fetches.

    statement: None where nothing is known of it. declares: the cursor that it is from now on.
    outlives: its transaction, being `WITH HOLD`.
    """

    statement: Statement | None
    enforcement: Enforcement
    passed: Passed
    declares: str = ""
    outlives: bool = False


class CursorUse(Struct, frozen=True, gc=False):
    """What one statement does with a cursor. verb: `declare`, `fetch`, `close`, `other`."""

    verb: str
    name: str = ""
    outlives: bool = False


def cursor_use(text: str) -> CursorUse | None:
    """Return what a text does with cursors, None for nothing; `other` where it is not sure."""
    lowered = text.lower()
    if not any(word in lowered for word in ("declare", "fetch", "move", "close")):
        return None
    try:
        tree = parse(text)
    except (PgQueryError, DecodeError):
        return CursorUse("other")
    found = [use for raw in tree.stmts if (use := _use(raw.stmt)) is not None]
    if not found:
        return None
    return found[0] if len(tree.stmts) == 1 else CursorUse("other")


def _use(node: pb.Node) -> CursorUse | None:
    if node.HasField("declare_cursor_stmt"):
        declared = node.declare_cursor_stmt
        return CursorUse("declare", declared.portalname, bool(declared.options & _WITH_HOLD))
    if node.HasField("fetch_stmt"):
        return CursorUse("fetch", node.fetch_stmt.portalname)
    if node.HasField("close_portal_stmt"):
        return CursorUse("close", node.close_portal_stmt.portalname)
    return None


class Cursors:
    """What the names of cursors mean. most: so many are remembered.

    A name is what the target confirmed. From when something is sent that may change it, it
    means nothing, and so does every name once something ran that may have done anything.
    """

    __slots__ = ("_most", "_sources", "_unsure")

    def __init__(self, most: int) -> None:
        self._most = most
        self._sources: dict[str, Source | None] = {}
        self._unsure = False

    @property
    def known(self) -> bool:
        """Whether any is known."""
        return bool(self._sources)

    def put(self, name: str, source: Source) -> None:
        """Remember what a cursor or a named portal is for that the target has opened."""
        if name in self._sources or len(self._sources) < self._most:
            self._sources[name] = source

    def doubt(self, name: str) -> None:
        """It may mean something else by now."""
        if name in self._sources:
            self._sources[name] = None

    def find(self, name: str) -> Source | None:
        """Return what rows of this cursor come from, None where that is not known."""
        return None if self._unsure else self._sources.get(name)

    def ran(self, text: str, statement: Statement) -> None:
        """Doubt what a statement may have given another meaning.

        A function can close a cursor and open another one of its name.
        """
        if not statement.complete or any("." in name for name in statement.functions):
            self._unsure = True
            return
        use = cursor_use(text) if self._sources else None
        if use is not None and use.verb in ("declare", "close") and use.name:
            self.doubt(use.name)
        elif use is not None and use.verb in ("close", "other"):
            self._unsure = True

    def transaction_ended(self) -> None:
        """Only those `WITH HOLD` outlive it, if they are still what they were."""
        if self._unsure:
            self._sources.clear()
            self._unsure = False
        elif self._sources:
            self._sources = {
                name: source
                for name, source in self._sources.items()
                if source is None or source.outlives
            }
