"""The first schema: state, log, checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
APPEND_ONLY = ("entries", "payloads", "checkpoints")


def upgrade() -> None:
    """Create every table, and triggers that keep the log append-only."""
    _create_people_and_targets()
    _create_requests()
    _create_grants()
    _create_habits()
    _create_log()
    if op.get_bind().dialect.name == "postgresql":
        _forbid_changes_on_postgresql()
    else:
        _forbid_changes_on_sqlite()


def downgrade() -> None:
    """Drop every table; their triggers go with them."""
    for table in (
        "checkpoints",
        "frontier",
        "payloads",
        "entries",
        "habits",
        "sessions",
        "credentials",
        "grants",
        "approvals",
        "requests",
        "tokens",
        "targets",
        "subjects",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function refuse_change()")


def _create_people_and_targets() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.UniqueConstraint("name", name="one_subject_a_name"),
    )
    op.create_table(
        "targets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name="one_target_a_name"),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("stepped_up_at", INSTANT),
    )


def _create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String),
        sa.Column("session_id", sa.String),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("deadline_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("requests_by_state", "requests", ["state", "created_at"])
    op.create_index("requests_by_subject", "requests", ["subject_id", "created_at"])
    op.create_index("requests_by_session", "requests", ["session_id"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column(
            "request_id",
            sa.String,
            sa.ForeignKey("requests.id", name="approval_of_a_request"),
            nullable=False,
        ),
        sa.Column("arrival", sa.Integer, nullable=False),
        sa.Column("approver_id", sa.String, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("action_digest", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.UniqueConstraint("request_id", "approver_id", name="one_answer_a_person"),
    )


def _create_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column("request_id", sa.String),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_by", sa.String),
        sa.Column("revoked_because", sa.Text, nullable=False),
    )
    op.create_index("grants_by_subject", "grants", ["subject_id", "target_id", "ends_at"])
    op.create_table(
        "credentials",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column(
            "grant_id",
            sa.String,
            sa.ForeignKey("grants.id", name="credential_of_a_grant"),
            nullable=False,
        ),
        sa.Column("stored_key", sa.String, nullable=False),
        sa.Column("server_key", sa.String, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("connections_left", sa.Integer, nullable=False),
        sa.CheckConstraint("connections_left >= 0", name="no_more_connections_than_left"),
    )
    op.create_index(
        "credentials_by_subject", "credentials", ["subject_id", "target_id", "expires_at"]
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column(
            "grant_id",
            sa.String,
            sa.ForeignKey("grants.id", name="session_under_a_grant"),
            nullable=False,
        ),
        sa.Column("protocol", sa.String, nullable=False),
        sa.Column("database", sa.String, nullable=False),
        sa.Column("client_address", sa.String, nullable=False),
        sa.Column("application", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_because", sa.Text, nullable=False),
    )
    op.create_index("sessions_by_state", "sessions", ["state", "opened_at"])
    op.create_index("sessions_by_subject", "sessions", ["subject_id", "opened_at"])


def _create_habits() -> None:
    op.create_table(
        "habits",
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("times", COUNT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "target_id", "verb", "resource", name="habit"),
    )


def _create_log() -> None:
    op.create_table(
        "entries",
        sa.Column("leaf_index", COUNT, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("request_id", sa.String),
        sa.Column("session_id", sa.String),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("id", name="one_entry_an_id"),
    )
    for name in ("request", "session"):
        named = sa.text(f"{name}_id is not null")
        op.create_index(
            f"entries_by_{name}",
            "entries",
            [f"{name}_id"],
            sqlite_where=named,
            postgresql_where=named,
        )
    op.create_table(
        "payloads",
        sa.Column(
            "leaf_index",
            COUNT,
            sa.ForeignKey("entries.leaf_index", name="payload_of_an_entry"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    frontier = op.create_table(
        "frontier",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", COUNT, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one_frontier"),
    )
    op.bulk_insert(frontier, [{"id": 1, "size": 0, "hashes": b""}])
    op.create_table(
        "checkpoints",
        sa.Column("size", COUNT, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )


def _forbid_changes_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for event in ("update", "delete"):
            op.execute(
                f"create trigger {table}_refuse_{event} before {event} on {table} "
                f"begin select raise(abort, '{table} are only ever appended'); end"
            )


def _forbid_changes_on_postgresql() -> None:
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as "
        "$$ begin raise exception '% are only ever appended', tg_table_name; end $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_refuse_change before update or delete or truncate "
            f"on {table} for each statement execute function refuse_change()"
        )
