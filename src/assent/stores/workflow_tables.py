"""The rest of the schema: what people are told, what is due when, and what they signed with."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from assent.stores.tables import metadata
from assent.stores.types import Count, UtcDateTime

# key: null where a notice has none, because null is never the same as another null.
notices = Table(
    "notices",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String),
    Column("thread", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("key", name="one_notice_a_key"),
    Index("notices_by_thread", "thread", "at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("notice_id", ForeignKey(notices.c.id, name="delivery_of_a_notice"), nullable=False),
    Column("channel", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("reference", Text, nullable=False),
    Column("error", Text, nullable=False),
    PrimaryKeyConstraint("notice_id", "channel", name="one_delivery_a_channel"),
)
_due = deliveries.c.due_at.is_not(None)
_dead = deliveries.c.due_at.is_(None) & deliveries.c.delivered_at.is_(None)
Index("deliveries_by_due", deliveries.c.due_at, sqlite_where=_due, postgresql_where=_due)
Index("deliveries_dead", deliveries.c.notice_id, sqlite_where=_dead, postgresql_where=_dead)

# In this order, so that all that is due about one thing can be forgotten at once.
timers = Table(
    "timers",
    metadata,
    Column("about", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("about", "kind", name="one_timer_a_kind"),
    Index("timers_by_due", "due_at"),
)

absences = Table(
    "absences",
    metadata,
    Column("subject_id", String, primary_key=True),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String, primary_key=True),
    Column("grant_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("target_id", String, nullable=False),
    Column("group_name", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("verdict", String),
    Column("comment", Text, nullable=False),
    Column("closed_by", String),
    Column("closed_at", UtcDateTime),
    Index("reviews_by_subject", "subject_id", "opened_at"),
)
_open = reviews.c.closed_at.is_(None)
Index("reviews_open", reviews.c.opened_at, sqlite_where=_open, postgresql_where=_open)

device_keys = Table(
    "device_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("name", String, nullable=False),
    Column("enrolled_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("details", Text, nullable=False, server_default="{}"),
    Column("admitted_at", UtcDateTime),
    Column("admitted_by", String),
    UniqueConstraint("public_key", name="one_device_a_public_key"),
    Index("device_keys_by_subject", "subject_id", "enrolled_at"),
)

# arrival: moves when somebody applies a revision again, which makes it the newest.
policy_revisions = Table(
    "policy_revisions",
    metadata,
    Column("revision", String, primary_key=True),
    Column("sources", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String),
    Column("arrival", Count, nullable=False),
    Index("policy_revisions_by_arrival", "arrival"),
)
