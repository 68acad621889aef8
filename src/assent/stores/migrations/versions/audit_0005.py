"""What the log has beyond its entries: hashes, keys, witnesses, anchors and readers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
EFFECT_INDEXES = (
    ("by_time", ["at_us", "place"], ""),
    ("by_verb", ["verb", "at_us", "place"], ""),
    ("by_name", ["name", "at_us", "place"], ""),
    ("by_subject", ["subject_id", "at_us", "place"], ""),
    ("by_target", ["target_id", "at_us", "place"], ""),
    ("by_session", ["session_id", "at_us", "place"], ""),
    ("by_rows", ["rows"], "rows > 0"),
    ("by_outcome", ["outcome", "at_us", "place"], "outcome <> 'permitted'"),
    ("by_action", ["action_id"], "action_id is not null"),
    ("by_sequence", ["session_id", "sequence"], "sequence is not null"),
)
APPEND_ONLY = ("entries", "payloads", "checkpoints", "tiles")


def upgrade() -> None:
    """Create the tables. Tiles of a log that stands already are made when it is opened."""
    _create_tiles()
    _create_keys()
    _create_witnessing()
    _create_effects()
    _create_configured()
    _create_sequencing()
    _forbid_changes()


def downgrade() -> None:
    """Drop them; payloads that were sealed can then not be read."""
    _forbid_changes_as_before()
    for table in ("pruning", "halts", "unsequenced", "configured"):
        op.drop_table(table)
    for table in ("effect_texts", "effects"):
        op.drop_table(table)
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


def _create_configured() -> None:
    op.create_table(
        "configured",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="one_digest_a_key"),
    )


def _create_sequencing() -> None:
    op.create_table(
        "unsequenced",
        sa.Column("position", COUNT, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("request_id", sa.String),
        sa.Column("session_id", sa.String),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("id", name="one_unsequenced_entry_an_id"),
    )
    op.create_table(
        "halts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one_halt"),
    )
    pruning = op.create_table(
        "pruning",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("permitted", sa.Boolean(create_constraint=False), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one_pruning"),
    )
    op.bulk_insert(pruning, [{"id": 1, "permitted": False}])


def _forbid_changes() -> None:
    """Let nothing of the log be changed, and be deleted where a transaction says that it may."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create or replace function refuse_change() returns trigger language plpgsql as "
            "$$ begin if tg_op = 'DELETE' and current_setting('assent.pruning', true) = 'on' "
            "then return null; end if; "
            "raise exception '% are only ever appended', tg_table_name; end $$"
        )
        op.execute(
            "create trigger tiles_refuse_change before update or delete or truncate "
            "on tiles for each statement execute function refuse_change()"
        )
        return
    _forbid_on_sqlite("tiles", "update")
    for table in APPEND_ONLY:
        op.execute(f"drop trigger if exists {table}_refuse_delete")
        _forbid_on_sqlite(table, "delete", "when not (select permitted from pruning) ")


def _forbid_changes_as_before() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop trigger tiles_refuse_change on tiles")
        op.execute(
            "create or replace function refuse_change() returns trigger language plpgsql as "
            "$$ begin raise exception '% are only ever appended', tg_table_name; end $$"
        )
        return
    for table in APPEND_ONLY:
        op.execute(f"drop trigger {table}_refuse_delete")
        if table != "tiles":
            _forbid_on_sqlite(table, "delete")


def _forbid_on_sqlite(table: str, event: str, when: str = "") -> None:
    op.execute(
        f"create trigger {table}_refuse_{event} before {event} on {table} {when}"
        f"begin select raise(abort, '{table} are only ever appended'); end"
    )


def _create_effects() -> None:
    op.create_table(
        "effects",
        sa.Column("place", COUNT, primary_key=True, autoincrement=False),
        sa.Column("at_us", COUNT, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String),
        sa.Column("session_id", sa.String),
        sa.Column("request_id", sa.String),
        sa.Column("action_id", sa.String),
        sa.Column("sequence", COUNT),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("operation", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("rows", COUNT),
        sa.Column("error", sa.Boolean, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
    )
    for name, columns, where in EFFECT_INDEXES:
        only = sa.text(where) if where else None
        op.create_index(
            f"effects_{name}", "effects", columns, sqlite_where=only, postgresql_where=only
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create table effect_texts (statement bigint primary key, words tsvector not null)"
        )
        op.execute("create index effect_texts_by_word on effect_texts using gin (words)")
    else:
        # Words are cut apart by us, so that both databases know the same ones.
        op.execute(
            "create virtual table effect_texts using "
            "fts5 (words, detail = none, tokenize = 'unicode61 remove_diacritics 0')"
        )
