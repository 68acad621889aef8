"""The schema around the log's entries: what waits for an index, and what keeps it append-only."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from assent.stores.tables import metadata
from assent.stores.types import Count

# Entries that are durable and have no index yet, on PostgreSQL. position: in the order in which
# they were written. mac: by whoever has the log's key, over all the other columns but that.
unsequenced = Table(
    "unsequenced",
    metadata,
    Column("position", Count, primary_key=True),
    Column("id", String, nullable=False),
    Column("request_id", String),
    Column("session_id", String),
    Column("leaf", LargeBinary, nullable=False),
    Column("payload", LargeBinary),
    Column("mac", LargeBinary, nullable=False),
    UniqueConstraint("id", name="one_unsequenced_entry_an_id"),
)

# A row, because something among `unsequenced` is not ours: nothing is written any more.
halts = Table(
    "halts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("because", Text, nullable=False),
    CheckConstraint("id = 1", name="only_one_halt"),
)

# One row. permitted: whether the transaction that sees it may delete of the log (SQLite only).
pruning = Table(
    "pruning",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("permitted", Boolean(create_constraint=False), nullable=False),
    CheckConstraint("id = 1", name="only_one_pruning"),
)
