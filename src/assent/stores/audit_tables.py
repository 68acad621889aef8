"""The schema of the log beyond its entries: hashes, keys, witnesses, anchors and readers."""

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from assent.stores.tables import metadata
from assent.stores.types import Count, UtcDateTime

# Full tiles only, which never change. root: the hash over them, a hash of the level above.
tiles = Table(
    "tiles",
    metadata,
    Column("level", Integer, nullable=False),
    Column("tile_index", Count, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "tile_index", name="one_tile_a_place"),
)

# subject_id: empty for what is about nobody.
data_keys = Table(
    "data_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("wrapped", LargeBinary),
    Column("master", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("destroyed_at", UtcDateTime),
    Index("data_keys_by_subject", "subject_id", "created_at"),
)

# subject_id: empty for a hold on everybody.
legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("because", Text, nullable=False),
    Column("placed_by", String, nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("lifted_by", String),
    Column("lifted_at", UtcDateTime),
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", Count, nullable=False),
    Column("witness", String, nullable=False),
    Column("line", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("size", "witness", name="one_cosignature_a_witness"),
)

anchors = Table(
    "anchors",
    metadata,
    Column("id", String, primary_key=True),
    Column("size", Count, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("reference", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", LargeBinary),
    Index("anchors_by_time", "at"),
)

# What the configuration said at the last start: digests, by which a change of it shows.
configured = Table(
    "configured",
    metadata,
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String, nullable=False),
    PrimaryKeyConstraint("kind", "name", name="one_digest_a_key"),
)

# How far readers of the log have come, and `minimum`: the first entry that is not pruned.
cursors = Table(
    "cursors",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", Count, nullable=False),
)
