"""The schema of the index of effects, and of the words that may be searched.

The words lie in a table of the database's own kind of full text (SQLite's FTS5, a `tsvector`
with a GIN index), which has no form that both know; it is made by the migration alone.
"""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, text

from assent.stores.tables import metadata
from assent.stores.types import Count

TEXTS = "effect_texts"
"""The table of words. SQLite: `rowid`, `words`; PostgreSQL: `statement`, `words`."""

# at_us: microseconds since 1970, which are shorter than the text of an instant in SQLite.
# name: the last part of `resource`, in lower case.
effects = Table(
    "effects",
    metadata,
    Column("place", Count, primary_key=True, autoincrement=False),
    Column("at_us", Count, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("target_id", String),
    Column("session_id", String),
    Column("request_id", String),
    Column("action_id", String),
    Column("sequence", Count),
    Column("verb", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("name", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("rows", Count),
    Column("error", Boolean, nullable=False),
    Column("score", Integer, nullable=False),
    Index("effects_by_time", "at_us", "place"),
    Index("effects_by_verb", "verb", "at_us", "place"),
    Index("effects_by_name", "name", "at_us", "place"),
    Index("effects_by_subject", "subject_id", "at_us", "place"),
    Index("effects_by_target", "target_id", "at_us", "place"),
    Index("effects_by_session", "session_id", "at_us", "place"),
    Index(
        "effects_by_rows",
        "rows",
        sqlite_where=text("rows > 0"),
        postgresql_where=text("rows > 0"),
    ),
    Index(
        "effects_by_outcome",
        "outcome",
        "at_us",
        "place",
        sqlite_where=text("outcome <> 'permitted'"),
        postgresql_where=text("outcome <> 'permitted'"),
    ),
    Index(
        "effects_by_action",
        "action_id",
        sqlite_where=text("action_id is not null"),
        postgresql_where=text("action_id is not null"),
    ),
    Index(
        "effects_by_sequence",
        "session_id",
        "sequence",
        sqlite_where=text("sequence is not null"),
        postgresql_where=text("sequence is not null"),
    ),
)
