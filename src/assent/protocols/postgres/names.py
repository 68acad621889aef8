"""What the names of a session mean: prepared statements and portals.

A name means what the target confirmed, never what was merely attempted. A statement prepared
in SQL is only ever added to what its name may mean: whether the target took it is not seen.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from msgspec import Struct

from assent.core.action import Operation, Statement, Touch
from assent.core.plugins import Permitted
from assent.core.resource import Resource
from assent.protocols.postgres.results.cursors import Source
from assent.protocols.postgres.results.results import Results
from assent.protocols.postgres.statements.verbs import DANGER


class Prepared:
    """A text and its reading, made when it is first needed, and again when names have changed.

    shape: the key under which a decision on it may be reused, None if it may not be.
    version: what `read` says depends on it. doubtful: it may mean something else by now, and
    its reading says so.
    """

    __slots__ = (
        "_may_copy_in", "_read", "_statement", "_version", "_version_of", "doubtful", "shape",
        "text",
    )  # fmt: skip

    def __init__(
        self,
        text: str,
        shape: Hashable | None,
        read: Callable[[str], Statement],
        *,
        version: Callable[[], int] = lambda: 0,
        doubtful: bool = False,
    ) -> None:
        self.text = text
        self.shape = shape
        self.doubtful = doubtful
        self._read = read
        self._version_of = version
        self._version = 0
        self._statement: Statement | None = None
        self._may_copy_in: bool | None = None

    @property
    def version_of(self) -> Callable[[], int]:
        """What tells that names have changed."""
        return self._version_of

    @property
    def may_copy_in(self) -> bool:
        """Whether it may start a COPY from the client."""
        if self._may_copy_in is None:
            lowered = self.text.lower()
            self._may_copy_in = "copy" in lowered and "stdin" in lowered
        return self._may_copy_in

    @property
    def statement(self) -> Statement:
        """What the text says, on its own."""
        version = self._version_of()
        if self._statement is None or version != self._version:
            self._statement, self._version = self._read(self.text), version
        return self._statement


class Portal(Struct, gc=False):
    """A prepared statement with its parameters bound.

    permitted: the answer for it; fetching on is the same action. statement: what was asked
    about, None where a decision was reused.
    parameters: in order, None for NULL; read when they are first needed. source, results: what
    its rows come from and what is done to them, None where nothing is, or not known yet.
    """

    prepared: Prepared
    parameters: Callable[[], tuple[str | None, ...]]
    permitted: Permitted | None = None
    statement: Statement | None = None
    source: Source | None = None
    results: Results | None = None

    @property
    def is_counted(self) -> bool:
        """Whether it has run under a budget: fetching on is decided again, on what is left."""
        enforcement = self.permitted.enforcement if self.permitted else None
        if self.results is None or enforcement is None:
            return False
        return any(limit.counted for limit in enforcement.limits)


class Overlay(Struct):
    """What the names would mean if all of the group so far succeeds; None for closed."""

    statements: dict[bytes, Prepared | None] = {}
    portals: dict[bytes, Portal | None] = {}


class Names:
    """The names of one session. most: so many of each kind are remembered.

    portal_generation, statement_generation: move when portals and statements may have got
    other meanings; what was sent before and is confirmed after is doubtful.
    """

    __slots__ = (
        "_most",
        "_portals",
        "_sql",
        "_statements",
        "_unsure",
        "portal_generation",
        "statement_generation",
    )

    def __init__(self, most: int) -> None:
        self._most = most
        self._statements: dict[bytes, Prepared] = {}
        self._portals: dict[bytes, Portal] = {}
        self._sql: dict[str, Statement] = {}
        self._unsure = False
        self.portal_generation = 0
        self.statement_generation = 0

    @property
    def certain(self) -> bool:
        """Whether names mean what the protocol prepared, and nothing prepared in SQL."""
        return not self._sql and not self._unsure

    def sure(self, name: bytes, parsed: Prepared | None) -> Prepared | None:
        """Return the one thing that this name can mean, None where there is not just one.

        parsed: what a Parse of this name right before means, None if there was no Parse.
        """
        # Each name prepared in SQL may mean something else than what the protocol prepared.
        if self._sql:
            return None
        return parsed or self._statements.get(name)

    def prepared(self, name: bytes, overlay: Overlay) -> Prepared:
        """Return what a Bind to this name runs: everything that it may mean."""
        if name in overlay.statements:
            known = overlay.statements[name]
        else:
            known = self._statements.get(name)
        if known is not None and not self._sql:
            return known
        text_name = name.decode("utf-8", "replace")
        in_sql = self._sql.get(text_name)
        if known is not None and in_sql is None:
            return known
        meanings = [known.statement] if known else []
        meanings += [in_sql] if in_sql else []
        if self._unsure:
            meanings.append(unknown_name(text_name))
        text = known.text if known else f'execute "{text_name}"'
        # No shape: a decision on a union is never reused.
        return Prepared(text, None, lambda _: union(meanings, missing=text_name))

    def portal(self, name: bytes, overlay: Overlay) -> Portal:
        """Return what an Execute of this name runs."""
        found = overlay.portals[name] if name in overlay.portals else self._portals.get(name)
        if found is not None:
            return found
        text_name = name.decode("utf-8", "replace")
        # Most likely a cursor that was declared in SQL; what it reads is not known here.
        unseen = Prepared(f'fetch from "{text_name}"', None, lambda _: unknown_name(text_name))
        return Portal(unseen, tuple)

    def resolved(self, statement: Statement, overlay: Overlay) -> Statement:
        """Return a statement with all that its `EXECUTE`s may run added to it.

        What it prepares is remembered, whether it will be let through or not.
        """
        for name, inner in statement.prepares.items():
            self._remember(name, inner)
        if not statement.executes:
            return statement
        meanings = [self._meaning(name, overlay) for name in sorted(statement.executes)]
        return union([statement, *meanings])

    def confirm_statement(self, name: bytes, prepared: Prepared | None, generation: int) -> None:
        """The target took a Parse, or a Close when None."""
        if prepared is not None and generation != self.statement_generation:
            prepared = _doubtful(prepared)
        # Forgetting a name is safe: it is asked about as unknown. Keeping an old one is not.
        self._statements.pop(name, None)
        if prepared is not None and len(self._statements) < self._most:
            self._statements[name] = prepared

    def confirm_portal(self, name: bytes, portal: Portal | None, generation: int) -> None:
        """The target took a Bind, or a Close when None."""
        self._portals.pop(name, None)
        if portal is None or len(self._portals) >= self._most:
            return
        if generation == self.portal_generation:
            self._portals[name] = portal

    def transaction_ended(self) -> None:
        """Portals end with their transaction."""
        if self._portals:
            self._portals.clear()

    def ran(self, text: str, statement: Statement, overlay: Overlay) -> None:
        """A statement is let through that may give names other meanings.

        A cursor closed and declared again in SQL may take the place of a portal that was
        decided; what is not understood may have prepared anything under any name.
        """
        if statement.complete and not _moves_cursors(text):
            return
        self.portal_generation += 1
        self._portals.clear()
        overlay.portals = dict.fromkeys(overlay.portals)
        if not statement.complete:
            self.statement_generation += 1
            self._unsure = True
            self._statements = {name: _doubtful(known) for name, known in self._statements.items()}
            overlay.statements = {
                name: known and _doubtful(known) for name, known in overlay.statements.items()
            }

    def _meaning(self, name: str, overlay: Overlay) -> Statement:
        key = name.encode("utf-8", "replace")
        meanings = [self._sql[name]] if name in self._sql else []
        known = (overlay.statements.get(key), self._statements.get(key))
        meanings += [prepared.statement for prepared in known if prepared is not None]
        # A name that leads on to other names is not followed any further.
        if self._unsure or any(inner.executes or inner.prepares for inner in meanings):
            meanings.append(unknown_name(name))
        return union(meanings, missing=name)

    def _remember(self, name: str, inner: Statement) -> None:
        if name in self._sql:
            if self._sql[name] != inner:
                self._sql[name] = union([self._sql[name], inner])
        elif len(self._sql) < self._most:
            self._sql[name] = inner
        else:
            # Which names are missing is not known any more.
            self._unsure = True


def union(statements: Sequence[Statement], missing: str = "") -> Statement:
    """Return one Statement that does what any of these does.

    missing: the name to call unknown when there are none.
    """
    parts = list(statements) or [unknown_name(missing)]
    return replace(
        parts[0],
        kind=max((part.kind for part in parts), key=lambda kind: DANGER.get(kind, len(DANGER))),
        touches=tuple(dict.fromkeys(touch for part in parts for touch in part.touches)),
        complete=all(part.complete for part in parts),
        has_where=all(part.has_where for part in parts),
        reusable=False,
        # Of several readings, nobody knows which one says where values go.
        flows=parts[0].flows if all(part.flows == parts[0].flows for part in parts) else None,
        functions=frozenset().union(*(part.functions for part in parts)),
        types=frozenset().union(*(part.types for part in parts)),
        unresolved=frozenset().union(*(part.unresolved for part in parts)),
        problems=tuple(dict.fromkeys(line for part in parts for line in part.problems)),
    )


def unknown_name(name: str) -> Statement:
    """Return the reading of a name whose meaning was not seen."""
    touch = Touch("sql.unknown", Operation.UNKNOWN, Resource("Object", name or "unnamed"))
    problem = f"what `{name}` stands for was not seen by the gateway"
    return Statement("sql.unknown", (touch,), complete=False, problems=(problem,))


def moved_names(statement: Statement) -> Statement:
    """Return a statement whose unqualified names may mean something else by now."""
    touch = Touch("sql.unknown", Operation.UNKNOWN, Resource("Setting", "search_path"))
    problem = "search_path was changed: unqualified names may mean something else"
    return replace(
        statement,
        kind="sql.unknown",
        touches=(*statement.touches, touch),
        complete=False,
        reusable=False,
        problems=(*statement.problems, problem),
    )


def _doubtful(prepared: Prepared) -> Prepared:
    """Return the same text with a reading that says that it may mean something else by now."""

    def read(text: str) -> Statement:
        return union([prepared.statement, unknown_name(text[:64])])

    if prepared.doubtful:
        return prepared
    return Prepared(prepared.text, None, read, version=prepared.version_of, doubtful=True)


def _moves_cursors(text: str) -> bool:
    lowered = text.lower()
    return "close" in lowered or "declare" in lowered
