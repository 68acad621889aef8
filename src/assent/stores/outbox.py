"""The transactional outbox: entries written with the state that they tell of, not yet numbered.

Whoever writes takes no lock that another one needs, so any number of processes write at once;
`sequencer` numbers what they wrote. Until then a row is proved by its MAC alone: under a key
that is derived from the log's and that the database never sees.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from assent.core.faults import ConflictFault, OperatorFault
from assent.core.secret import Secret
from assent.stores import log
from assent.stores.keyring import KeysGone, sealed_under
from assent.stores.log import Encoded, Unit
from assent.stores.log_tables import unsequenced

PURPOSE = b"assent outbox v1"
"""What the keys of MACs are derived for."""

_LENGTH_BYTES = 8
_MOST_KEYS = 4

# Whole columns as arrays: one statement, whose text is the same for any number of rows. Numbers
# are given in the order of the rows, because the rows are sorted before they get them.
_INSERT = (
    "insert into unsequenced (id, request_id, session_id, leaf, payload, mac) "
    "select id, request_id, session_id, leaf, payload, mac from unnest("
    "$1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[]) "
    "with ordinality as row (id, request_id, session_id, leaf, payload, mac, place) order by place"
)
# INVARIANT: a statement of its own, behind the insert. An entry of that id that was numbered
# meanwhile is seen now, since the insert waited for whoever deleted its row.
_LOOK = (
    "select (select max(position) from unsequenced where id = any($1::text[])), "
    "(select min(id) from entries where id = any($1::text[])), "
    "(select because from halts), "
    "(select array_agg(id) from data_keys where id = any($2::text[]) and wrapped is null)"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox, as it was read."""

    position: int
    id: str
    request: str | None
    session: str | None
    leaf: bytes
    payload: bytes | None
    mac: bytes


class Stamp:
    """Makes MACs under the log's newest key, and checks them under any that it had since.

    keys: returns what is derived from the log's keys now, the newest first. While a key is being
    replaced rows have MACs of the next one already, so that none of the old one outlives it.
    """

    __slots__ = ("_derived", "_keys")

    def __init__(self, keys: Callable[[], Sequence[Secret[bytes]]]) -> None:
        self._derived = keys
        self._keys = tuple(keys())

    def renew(self) -> None:
        """Look which keys the log has now; those that it had before go on to be good here."""
        now = tuple(self._derived())
        known = {key.reveal() for key in now}
        before = [key for key in self._keys if key.reveal() not in known]
        self._keys = (*now, *before)[:_MOST_KEYS]

    def of(self, item: Encoded) -> bytes:
        """Return the MAC of what is about to be written."""
        entry = item.entry
        text = _authenticated(entry.id, entry.request, entry.session, item.leaf, item.payload)
        return hmac.digest(self._keys[0].reveal(), text, "sha256")

    def fits(self, row: Waiting) -> bool:
        """Return whether somebody who has a key of the log wrote the row."""
        text = _authenticated(row.id, row.request, row.session, row.leaf, row.payload)
        return any(
            hmac.compare_digest(hmac.digest(key.reveal(), text, "sha256"), row.mac)
            for key in self._keys
        )


def _authenticated(
    name: str, request: str | None, session: str | None, leaf: bytes, payload: bytes | None
) -> bytes:
    # Each part after its length, so that no two rows make one text. None is not the empty text.
    parts = [
        name.encode(),
        b"" if request is None else b"=" + request.encode(),
        b"" if session is None else b"=" + session.encode(),
        leaf,
        b"" if payload is None else sha256(payload).digest(),
    ]
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)


def write(
    connection: Connection, units: Sequence[Unit], stamp: Stamp
) -> tuple[list[ConflictFault | None], int]:
    """Return what became of each unit, and the position of the last row, 0 where there is none.

    A unit that no longer fits is undone alone and leaves no row; the caller commits. Raises
    OperatorFault when the log is halted, KeysGone where a payload was sealed under a destroyed
    key, SQLAlchemy's errors when the database fails.
    """
    outcomes, encoded = log.write_state(connection, units)
    if encoded:
        stamp.renew()
        connection.exec_driver_sql(_INSERT, _columns(encoded, stamp))
    names = [item.entry.id for item in encoded]
    keys = list(sealed_under(item.payload for item in encoded))
    position, taken, because, gone = connection.exec_driver_sql(_LOOK, (names, keys)).one()
    if because is not None:
        raise halted(because)
    if gone:
        raise KeysGone(gone)
    if taken is not None:
        # As the database says it of two that are in the same table.
        raise IntegrityError(None, None, ValueError(f"`{taken}` stands in the log already"))
    return outcomes, position or 0


def _columns(encoded: Sequence[Encoded], stamp: Stamp) -> tuple[list[Any], ...]:
    return (
        [item.entry.id for item in encoded],
        [item.entry.request for item in encoded],
        [item.entry.session for item in encoded],
        [item.leaf for item in encoded],
        [item.payload for item in encoded],
        [stamp.of(item) for item in encoded],
    )


def last_position(connection: Connection) -> int:
    """Return the position of the last row that waits, 0 where none does."""
    return connection.scalar(select(func.max(unsequenced.c.position))) or 0


def halted(because: str) -> OperatorFault:
    """Return the fault of a log that takes nothing until somebody has looked."""
    return OperatorFault(
        "log-broken",
        f"{because}; nothing is written any more: keep a copy of the table `unsequenced` as "
        "evidence, find out who wrote to the database, then delete that row and the one in `halts`",
    )
