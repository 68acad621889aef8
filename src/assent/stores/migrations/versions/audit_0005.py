"""What the log has beyond its entries: hashes, keys, witnesses, anchors and readers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables. Tiles of a log that stands already are made when it is opened."""
    _create_tiles()
    _create_keys()
    _create_witnessing()


def downgrade() -> None:
    """Drop them; payloads that were sealed can then not be read."""
    for table in ("cursors", "anchors", "cosignatures", "legal_holds", "data_keys", "tiles"):
        op.drop_table(table)


def _create_tiles() -> None:
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("tile_index", COUNT, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "tile_index", name="one_tile_a_place"),
    )


def _create_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("master", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("destroyed_at", INSTANT),
    )
    op.create_index("data_keys_by_subject", "data_keys", ["subject_id", "created_at"])
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("placed_by", sa.String, nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("lifted_by", sa.String),
        sa.Column("lifted_at", INSTANT),
    )


def _create_witnessing() -> None:
    op.create_table(
        "cosignatures",
        sa.Column("size", COUNT, nullable=False),
        sa.Column("witness", sa.String, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name="one_cosignature_a_witness"),
    )
    op.create_table(
        "anchors",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("size", COUNT, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_index("anchors_by_time", "anchors", ["at"])
    op.create_table(
        "cursors",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("position", COUNT, nullable=False),
    )
