"""What scans of values suggest as labels, and what people decided."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table of labels."""
    op.create_table(
        "labels",
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("matched", COUNT, nullable=False),
        sa.Column("sampled", COUNT, nullable=False),
        sa.Column("at", INSTANT),
        sa.Column("by", sa.String),
        sa.PrimaryKeyConstraint("target_id", "name", "label", name="one_label_a_name"),
    )


def downgrade() -> None:
    """Drop what was suggested and decided; what the configuration says stays."""
    op.drop_table("labels")
