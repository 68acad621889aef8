"""Who there is and how they prove it: tokens with names, authenticators, identities, devices."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
TABLES = (
    "authenticators",
    "invitations",
    "sign_in_networks",
    "external_identities",
    "provisioned_groups",
    "device_reports",
    "policy_drafts",
)


def upgrade() -> None:
    """Create the tables. Whoever is signed in has to sign in again: tokens have names now."""
    _name_tokens()
    _describe_device_keys()
    _bind_to_devices()
    _create_authenticators()
    _create_identities()
    _create_drafts()


def downgrade() -> None:
    """Drop them; whoever is signed in has to sign in again."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("sessions", "device_id")
    op.drop_index("credentials_by_device", "credentials")
    for column in ("certified", "device_id"):
        op.drop_column("credentials", column)
    for column in ("admitted_by", "admitted_at", "details"):
        op.drop_column("device_keys", column)
    op.drop_table("tokens")
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("stepped_up_at", INSTANT),
    )


def _name_tokens() -> None:
    op.drop_table("tokens")
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("stepped_up_at", INSTANT),
        sa.Column("stepped_up_by", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("provider_session", sa.String, nullable=False),
        sa.Column("seen_at", INSTANT),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("id", name="one_token_an_id"),
    )
    op.create_index("tokens_by_subject", "tokens", ["subject_id", "expires_at"])
    op.create_index("tokens_by_provider", "tokens", ["provider", "provider_session"])


def _describe_device_keys() -> None:
    op.add_column("device_keys", sa.Column("details", sa.Text, server_default="{}", nullable=False))
    op.add_column("device_keys", sa.Column("admitted_at", INSTANT))
    op.add_column("device_keys", sa.Column("admitted_by", sa.String))


def _bind_to_devices() -> None:
    op.add_column("credentials", sa.Column("device_id", sa.String))
    certified = sa.Column("certified", sa.Boolean, server_default=sa.false(), nullable=False)
    op.add_column("credentials", certified)
    op.create_index("credentials_by_device", "credentials", ["device_id", "expires_at"])
    op.add_column("sessions", sa.Column("device_id", sa.String))


def _create_authenticators() -> None:
    op.create_table(
        "authenticators",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("used_at", INSTANT),
        sa.Column("last_step", COUNT, nullable=False),
    )
    op.create_index("authenticators_by_subject", "authenticators", ["subject_id", "created_at"])
    op.create_table(
        "invitations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("subject_id", sa.String),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("made_by", sa.String),
        sa.Column("used_at", INSTANT),
        sa.UniqueConstraint("digest", name="one_invitation_a_digest"),
    )
    op.create_table(
        "sign_in_networks",
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("network", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "network", name="one_row_a_network"),
    )


def _create_identities() -> None:
    op.create_table(
        "external_identities",
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("external", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("provider", "external", name="one_subject_an_identity"),
    )
    op.create_index("external_identities_by_subject", "external_identities", ["subject_id"])
    op.create_table(
        "provisioned_groups",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name="one_provisioned_group_a_name"),
    )
    op.create_table(
        "device_reports",
        sa.Column("key_id", sa.String, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def _create_drafts() -> None:
    op.create_table(
        "policy_drafts",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("shadow_until", INSTANT),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("policy_drafts_by_owner", "policy_drafts", ["owner_id", "changed_at"])
