"""What the risk engine learns, and what says more about answers and credentials."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add tables for what is learned; rows that stand already get nulls in the new columns."""
    op.add_column("approvals", sa.Column("rejected_as", sa.String))
    op.add_column("credentials", sa.Column("minted_from", sa.String))
    op.add_column("credentials", sa.Column("minted_at", INSTANT))
    op.create_table(
        "lessons",
        sa.Column("arrival", COUNT, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("session_id", sa.String),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("id", name="one_lesson_an_id"),
    )
    op.create_index("lessons_by_subject", "lessons", ["subject_id", "at"])
    op.create_index("lessons_by_session", "lessons", ["session_id"])
    op.create_table(
        "profiles",
        sa.Column("subject_id", sa.String, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "security_events",
        sa.Column("arrival", COUNT, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("security_events_by_subject", "security_events", ["subject_id", "at"])


def downgrade() -> None:
    """Drop what was learned; the rest stays."""
    for table in ("security_events", "profiles", "lessons"):
        op.drop_table(table)
    op.drop_column("credentials", "minted_at")
    op.drop_column("credentials", "minted_from")
    op.drop_column("approvals", "rejected_as")
