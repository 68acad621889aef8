"""The schema: one MetaData for SQLite and PostgreSQL.

Columns are what queries ask for; the rest of a noun is one JSON text in `body`. A change here
needs a migration beside it; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from assent.core.scope import AMOUNTS
from assent.stores.types import Count, UtcDateTime

metadata = MetaData()

subjects = Table(
    "subjects",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("password_hash", Text),
    UniqueConstraint("name", name="one_subject_a_name"),
)

targets = Table(
    "targets",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("name", name="one_target_a_name"),
)

# name: a column, table, schema or database of the target, as policies write it.
labels = Table(
    "labels",
    metadata,
    Column("target_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("label", String, nullable=False),
    Column("state", String, nullable=False),
    Column("source", String, nullable=False),
    Column("matched", Count, nullable=False),
    Column("sampled", Count, nullable=False),
    Column("at", UtcDateTime),
    Column("by", String),
    PrimaryKeyConstraint("target_id", "name", "label", name="one_label_a_name"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("stepped_up_at", UtcDateTime),
    Column("stepped_up_by", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("provider_session", String, nullable=False),
    Column("seen_at", UtcDateTime),
    Column("body", Text, nullable=False),
    UniqueConstraint("id", name="one_token_an_id"),
    Index("tokens_by_subject", "subject_id", "expires_at"),
    Index("tokens_by_provider", "provider", "provider_session"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("target_id", String),
    Column("session_id", String),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deadline_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    # The id is in it so that the newest of many thousands are found without sorting them.
    Index("requests_by_state", "state", "created_at", "id"),
    Index("requests_by_subject", "subject_id", "created_at"),
    Index("requests_by_session", "session_id"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String, primary_key=True),
    Column("request_id", ForeignKey(requests.c.id, name="approval_of_a_request"), nullable=False),
    Column("arrival", Integer, nullable=False),
    Column("approver_id", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("action_digest", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("comment", Text, nullable=False),
    Column("rejected_as", String),
    Column("withdrawn_at", UtcDateTime),
    Column("in_place_of", String),
    Column("body", Text),
    # Of one digest: with other terms it is another action, to be answered again.
    UniqueConstraint("request_id", "approver_id", "action_digest", name="one_answer_a_person"),
)

# target_id: empty for a delegation, which has no target. It cannot be null: SQLite would have to
# write the table anew for that, and what refers to its rows forbids dropping it.
# limit_…: what a budget says, beside what is spent of it, so that spending is one statement.
grants = Table(
    "grants",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("request_id", String),
    Column("reason", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("revoked_by", String),
    Column("revoked_because", Text, nullable=False),
    Column("kind", String, nullable=False, server_default="access"),
    Column("body", Text),
    Column("began_at", UtcDateTime),
    *(Column(f"limit_{name}", Count) for name in AMOUNTS),
    *(Column(f"spent_{name}", Count, nullable=False, server_default="0") for name in AMOUNTS),
    Index("grants_by_subject", "subject_id", "target_id", "ends_at"),
    Index("grants_by_kind", "kind", "ends_at"),
)
Index(
    "grants_by_end",
    grants.c.ends_at,
    sqlite_where=grants.c.revoked_at.is_(None),
    postgresql_where=grants.c.revoked_at.is_(None),
)

plan_texts = Table(
    "plan_texts",
    metadata,
    Column("grant_id", ForeignKey(grants.c.id, name="text_of_a_plan"), nullable=False),
    Column("digest", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("times", Count, nullable=False),
    Column("used", Count, nullable=False),
    PrimaryKeyConstraint("grant_id", "digest", name="one_text_a_digest"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("grant_id", ForeignKey(grants.c.id, name="credential_of_a_grant")),
    Column("stored_key", String, nullable=False),
    Column("server_key", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("connections_left", Integer, nullable=False),
    Column("minted_from", String),
    Column("minted_at", UtcDateTime),
    Column("device_id", String),
    Column("certified", Boolean, nullable=False, server_default=false()),
    CheckConstraint("connections_left >= 0", name="no_more_connections_than_left"),
    Index("credentials_by_subject", "subject_id", "target_id", "expires_at"),
    Index("credentials_by_device", "device_id", "expires_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("grant_id", ForeignKey(grants.c.id, name="session_under_a_grant"), nullable=False),
    Column("protocol", String, nullable=False),
    Column("database", String, nullable=False),
    Column("client_address", String, nullable=False),
    Column("application", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_because", Text, nullable=False),
    Column("device_id", String),
    Index("sessions_by_state", "state", "opened_at"),
    Index("sessions_by_subject", "subject_id", "opened_at"),
)

habits = Table(
    "habits",
    metadata,
    Column("subject_id", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("times", Count, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("subject_id", "target_id", "verb", "resource", name="habit"),
)

# arrival: two lessons of one instant are learned again in the order in which they came.
lessons = Table(
    "lessons",
    metadata,
    Column("arrival", Count, primary_key=True),
    Column("id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("session_id", String),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("id", name="one_lesson_an_id"),
    Index("lessons_by_subject", "subject_id", "at"),
    Index("lessons_by_session", "session_id"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("subject_id", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

security_events = Table(
    "security_events",
    metadata,
    Column("arrival", Count, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("security_events_by_subject", "subject_id", "at"),
)

entries = Table(
    "entries",
    metadata,
    Column("leaf_index", Count, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("request_id", String),
    Column("session_id", String),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("id", name="one_entry_an_id"),
)
for _name, _column in (("request", entries.c.request_id), ("session", entries.c.session_id)):
    Index(
        f"entries_by_{_name}",
        _column,
        sqlite_where=_column.is_not(None),
        postgresql_where=_column.is_not(None),
    )

payloads = Table(
    "payloads",
    metadata,
    Column(
        "leaf_index",
        Count,
        ForeignKey(entries.c.leaf_index, name="payload_of_an_entry"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("body", LargeBinary, nullable=False),
)

# One row: the right edge of the tree over all entries. hashes: 32 bytes each, joined.
frontier = Table(
    "frontier",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Count, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="only_one_frontier"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Count, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
