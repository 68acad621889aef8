"""The log in the database: units of work written in one transaction, entries numbered densely.

Index, leaf, payload and the tree's right edge are written together, or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from assent.audit.edge import Edge
from assent.audit.entry import Seal, encode
from assent.audit.tree import HASH_BYTES, Frontier, leaf_hash
from assent.core.changes import Change
from assent.core.entry import Checkpoint, Entry
from assent.core.faults import ConflictFault, OperatorFault, OutsideFault
from assent.stores import changes, learning, tables, tiles
from assent.stores.audit_changes import MINIMUM
from assent.stores.audit_tables import cursors
from assent.stores.changes import MayNotFit
from assent.stores.learning import LEARNING, Learning
from assent.stores.statements import append, insert


class LogMoved(Exception):
    """Another process appended since the frontier was read; read it again."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An entry ready to be written. hash: of its leaf."""

    entry: Entry
    leaf: bytes
    payload: bytes | None
    hash: bytes


@dataclass(frozen=True, slots=True)
class Unit:
    """What one caller wants written: all of it or nothing."""

    changes: tuple[Change, ...] = ()
    entries: tuple[Encoded, ...] = ()
    checkpoint: Checkpoint | None = None

    @property
    def learned(self) -> list[Learning]:
        """The changes that always fit, in order, which all units of a moment make as one."""
        return [change for change in self.changes if isinstance(change, LEARNING)]

    @property
    def conflicting(self) -> list[MayNotFit]:
        """The changes that may not fit, in order."""
        return [change for change in self.changes if not isinstance(change, LEARNING)]

    @property
    def weight(self) -> int:
        """How much there is to write, in rows."""
        return len(self.changes) + len(self.entries) + 1


def encode_entries(entries: Sequence[Entry], seal: Seal) -> tuple[Encoded, ...]:
    """Return the entries' bytes and hashes. Raises OutsideFault: the log cannot take one."""
    encoded = []
    for entry in entries:
        try:
            leaf, payload = encode(entry, seal)
        except ValueError as cause:
            raise OutsideFault(
                "entry-refused", f"the log cannot take entry `{entry.id}` (`{entry.kind}`)"
            ) from cause
        encoded.append(Encoded(entry, leaf, payload, leaf_hash(leaf)))
    return tuple(encoded)


def write(
    connection: Connection, units: Sequence[Unit], edge: Edge
) -> tuple[list[ConflictFault | None], Edge]:
    """Return what became of each unit and the log's edge after them; the caller commits.

    A unit that no longer fits is undone alone and leaves no entry.
    Raises LogMoved when the log does not stand at `edge`, SQLAlchemy's errors when the
    database fails.
    """
    outcomes, encoded = write_state(connection, units)
    if encoded:
        edge = _append(connection, encoded, edge)
    return outcomes, edge


def write_state(
    connection: Connection, units: Sequence[Unit]
) -> tuple[list[ConflictFault | None], list[Encoded]]:
    """Write all of the units but their entries. Return what became of each, and the entries
    of those that fitted, which the caller writes.
    """
    outcomes = _write_all_changes(connection, [unit.conflicting for unit in units])
    kept = [unit for unit, fault in zip(units, outcomes, strict=True) if fault is None]
    learning.apply(connection, [change for unit in kept for change in unit.learned])
    for unit in kept:
        if unit.checkpoint is not None:
            _keep_checkpoint(connection, unit.checkpoint)
    return outcomes, [entry for unit in kept for entry in unit.entries]


def _write_all_changes(
    connection: Connection, wanted: Sequence[Sequence[MayNotFit]]
) -> list[ConflictFault | None]:
    together = [change for each in wanted for change in each]
    # Nearly always all of them fit. A savepoint for each unit costs more than what it writes.
    if len(wanted) > 1 and _write_changes(connection, together) is None:
        return [None] * len(wanted)
    return [_write_changes(connection, each) for each in wanted]


def _write_changes(connection: Connection, wanted: Sequence[MayNotFit]) -> ConflictFault | None:
    if not wanted:
        return None
    try:
        with connection.begin_nested():
            for change in wanted:
                changes.apply(connection, change)
    except ConflictFault as fault:
        return fault
    except IntegrityError as cause:
        misfit = ConflictFault(
            "does-not-fit", "a change names something that does not exist, or a name taken already"
        )
        misfit.__cause__ = cause
        return misfit
    return None


def _append(connection: Connection, encoded: Sequence[Encoded], edge: Edge) -> Edge:
    after, full = edge.grown([item.hash for item in encoded])
    # First of all, because it also locks out every other process until the end.
    _move_frontier(connection, edge, after)
    numbered = list(enumerate(encoded, start=edge.size))
    append(connection, tables.entries, [_entry_row(index, item) for index, item in numbered])
    payloads = [
        {"leaf_index": index, "body": item.payload}
        for index, item in numbered
        if item.payload is not None
    ]
    append(connection, tables.payloads, payloads)
    tiles.add(connection, full)
    return after


def _entry_row(index: int, item: Encoded) -> dict[str, Any]:
    return {
        "leaf_index": index,
        "id": item.entry.id,
        "request_id": item.entry.request,
        "session_id": item.entry.session,
        "leaf": item.leaf,
    }


def _move_frontier(connection: Connection, edge: Edge, after: Edge) -> None:
    moved = connection.execute(
        update(tables.frontier)
        .where(tables.frontier.c.size == edge.size)
        .values(size=after.size, hashes=b"".join(after.hashes))
    )
    if moved.rowcount != 1:
        raise LogMoved


def _keep_checkpoint(connection: Connection, checkpoint: Checkpoint) -> None:
    connection.execute(
        insert(connection, tables.checkpoints)
        .values(size=checkpoint.size, root=checkpoint.root, note=checkpoint.note, at=checkpoint.at)
        .on_conflict_do_nothing()
    )


def read_frontier(connection: Connection) -> Frontier:
    """Return the right edge of the log. Raises OperatorFault when there is no sound one."""
    row = connection.execute(select(tables.frontier.c.size, tables.frontier.c.hashes)).one_or_none()
    if row is None:
        raise broken("it has no frontier")
    hashes = [
        row.hashes[start : start + HASH_BYTES] for start in range(0, len(row.hashes), HASH_BYTES)
    ]
    try:
        return Frontier(row.size, hashes)
    except ValueError as cause:
        raise broken("its frontier is malformed") from cause


def read_edge(connection: Connection) -> Edge:
    """Return where the log ends, with its tiles. Raises OperatorFault when it is not sound."""
    try:
        return tiles.read_edge(connection, read_frontier(connection))
    except ValueError as cause:
        raise broken("its last entries and tiles are not all there") from cause


def catch_up(connection: Connection) -> bool:
    """Make tiles of entries that stand without; return whether all are there now.

    Raises OperatorFault when entries are missing.
    """
    try:
        return tiles.catch_up(connection, read_frontier(connection).size)
    except ValueError as cause:
        raise broken(str(cause)) from cause


def check(connection: Connection) -> Frontier:
    """Return the frontier of the log after looking that the entries and it agree.

    Looks at the number of entries, not into them: that is what `assent audit verify` does.
    Raises OperatorFault that says what to do.
    """
    edge = read_frontier(connection)
    entries = tables.entries.c.leaf_index
    pruned = select(cursors.c.position).where(cursors.c.name == MINIMUM)
    minimum = connection.execute(pruned).scalar() or 0
    kept = select(func.count(), func.max(entries)).where(entries >= minimum)
    count, last = connection.execute(kept).one()
    if count != edge.size - minimum or (count and last != edge.size - 1):
        raise broken(f"it holds {count} entries where its frontier counts {edge.size - minimum}")
    signed = connection.execute(select(func.max(tables.checkpoints.c.size))).scalar() or 0
    if signed > edge.size:
        raise broken(f"it holds {edge.size} entries where {signed} were signed")
    return edge


def broken(what: str) -> OperatorFault:
    """Return the fault of a log that does not add up, with what to do about it."""
    return OperatorFault(
        "log-broken",
        f"the audit log does not add up: {what}; keep a copy of the database as evidence, "
        "then restore the newest backup, or start over in an empty folder",
    )
