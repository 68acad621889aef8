"""Pins of tools: what was assented to of what servers for agents say of their tools."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "tool_pins",
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("target_id", "name", name="one_row_a_tool"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("tool_pins")
