"""The schema of who there is beyond their names: authenticators, identities, reports of devices."""

from sqlalchemy import (
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from assent.stores.tables import metadata
from assent.stores.types import Count, UtcDateTime

authenticators = Table(
    "authenticators",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("name", String, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Column("last_step", Count, nullable=False),
    Index("authenticators_by_subject", "subject_id", "created_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("subject_id", String),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("made_by", String),
    Column("used_at", UtcDateTime),
    UniqueConstraint("digest", name="one_invitation_a_digest"),
)

# From where somebody signed in before: whoever guesses elsewhere never keeps them out of there.
sign_in_networks = Table(
    "sign_in_networks",
    metadata,
    Column("subject_id", String, nullable=False),
    Column("network", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("subject_id", "network", name="one_row_a_network"),
)

external_identities = Table(
    "external_identities",
    metadata,
    Column("provider", String, nullable=False),
    Column("external", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("provider", "external", name="one_subject_an_identity"),
    Index("external_identities_by_subject", "subject_id"),
)

provisioned_groups = Table(
    "provisioned_groups",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("name", name="one_provisioned_group_a_name"),
)

policy_drafts = Table(
    "policy_drafts",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner_id", String, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("shadow_until", UtcDateTime),
    Column("body", Text, nullable=False),
    Index("policy_drafts_by_owner", "owner_id", "changed_at"),
)

# The last one of each device; the log has all of them.
device_reports = Table(
    "device_reports",
    metadata,
    Column("key_id", String, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
)
