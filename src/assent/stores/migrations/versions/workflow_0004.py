"""What requests, grants and notices can be beyond their first shape."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
AMOUNTS = ("actions", "writes", "rows", "bytes", "risk_points")
# SQLite writes these tables anew, and Alembic does not see what they check.
CHECKED = (sa.CheckConstraint("connections_left >= 0", name="no_more_connections_than_left"),)


def upgrade() -> None:
    """Add columns and tables; rows that stand already keep what they say."""
    _widen_requests()
    _widen_grants()
    _create_outbox()
    _create_reviews_and_absences()
    _create_keys_and_revisions()


def downgrade() -> None:
    """Drop what came with it. What the version before would read as more than it is, ends."""
    for table in (
        "policy_revisions",
        "device_keys",
        "reviews",
        "absences",
        "timers",
        "deliveries",
        "notices",
        "plan_texts",
    ):
        op.drop_table(table)
    _narrow_grants()
    _narrow_requests()


def _widen_requests() -> None:
    op.drop_index("requests_by_state", "requests")
    op.create_index("requests_by_state", "requests", ["state", "created_at", "id"])
    with op.batch_alter_table("approvals") as approvals:
        approvals.add_column(sa.Column("withdrawn_at", INSTANT))
        approvals.add_column(sa.Column("in_place_of", sa.String))
        approvals.add_column(sa.Column("body", sa.Text))
        approvals.drop_constraint("one_answer_a_person", type_="unique")
        approvals.create_unique_constraint(
            "one_answer_a_person", ["request_id", "approver_id", "action_digest"]
        )


def _narrow_requests() -> None:
    # A withdrawn answer would count again; of several of one person only the newest can stay.
    op.execute(
        "delete from approvals where withdrawn_at is not null or verdict = 'offer' or exists "
        "(select 1 from approvals as later where later.request_id = approvals.request_id "
        "and later.approver_id = approvals.approver_id and later.arrival > approvals.arrival)"
    )
    with op.batch_alter_table("approvals") as approvals:
        approvals.drop_constraint("one_answer_a_person", type_="unique")
        approvals.create_unique_constraint("one_answer_a_person", ["request_id", "approver_id"])
        for column in ("body", "in_place_of", "withdrawn_at"):
            approvals.drop_column(column)
    op.drop_index("requests_by_state", "requests")
    op.create_index("requests_by_state", "requests", ["state", "created_at"])


def _widen_grants() -> None:
    op.add_column("grants", sa.Column("kind", sa.String, nullable=False, server_default="access"))
    op.add_column("grants", sa.Column("body", sa.Text))
    op.add_column("grants", sa.Column("began_at", INSTANT))
    for name in AMOUNTS:
        op.add_column("grants", sa.Column(f"limit_{name}", COUNT))
    for name in AMOUNTS:
        spent = sa.Column(f"spent_{name}", COUNT, nullable=False, server_default="0")
        op.add_column("grants", spent)
    _create_partial_index("grants_by_end", "grants", "ends_at", "revoked_at is null")
    op.create_index("grants_by_kind", "grants", ["kind", "ends_at"])
    op.create_table(
        "plan_texts",
        sa.Column(
            "grant_id",
            sa.String,
            sa.ForeignKey("grants.id", name="text_of_a_plan"),
            nullable=False,
        ),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("times", COUNT, nullable=False),
        sa.Column("used", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("grant_id", "digest", name="one_text_a_digest"),
    )
    with op.batch_alter_table("credentials", table_args=CHECKED) as credentials:
        credentials.alter_column("grant_id", existing_type=sa.String, nullable=True)


def _narrow_grants() -> None:
    op.execute("delete from credentials where grant_id is null")
    with op.batch_alter_table("credentials", table_args=CHECKED) as credentials:
        credentials.alter_column("grant_id", existing_type=sa.String, nullable=False)
    op.execute(
        "update grants set revoked_at = starts_at, "
        "revoked_because = 'the version before this one does not know its limits' "
        "where revoked_at is null and (kind <> 'access' or body is not null or coalesce("
        "limit_actions, limit_writes, limit_rows, limit_bytes, limit_risk_points) is not null)"
    )
    op.drop_index("grants_by_kind", "grants")
    op.drop_index("grants_by_end", "grants")
    for name in AMOUNTS:
        op.drop_column("grants", f"spent_{name}")
        op.drop_column("grants", f"limit_{name}")
    for column in ("began_at", "body", "kind"):
        op.drop_column("grants", column)


def _create_outbox() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("key", sa.String),
        sa.Column("thread", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("key", name="one_notice_a_key"),
    )
    op.create_index("notices_by_thread", "notices", ["thread", "at"])
    op.create_table(
        "deliveries",
        sa.Column(
            "notice_id",
            sa.String,
            sa.ForeignKey("notices.id", name="delivery_of_a_notice"),
            nullable=False,
        ),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "channel", name="one_delivery_a_channel"),
    )
    _create_partial_index("deliveries_by_due", "deliveries", "due_at", "due_at is not null")
    dead = "due_at is null and delivered_at is null"
    _create_partial_index("deliveries_dead", "deliveries", "notice_id", dead)
    op.create_table(
        "timers",
        sa.Column("about", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("about", "kind", name="one_timer_a_kind"),
    )
    op.create_index("timers_by_due", "timers", ["due_at"])


def _create_reviews_and_absences() -> None:
    op.create_table(
        "absences",
        sa.Column("subject_id", sa.String, primary_key=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("grant_id", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column("group_name", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("verdict", sa.String),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("closed_by", sa.String),
        sa.Column("closed_at", INSTANT),
    )
    op.create_index("reviews_by_subject", "reviews", ["subject_id", "opened_at"])
    _create_partial_index("reviews_open", "reviews", "opened_at", "closed_at is null")


def _create_keys_and_revisions() -> None:
    op.create_table(
        "device_keys",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("enrolled_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.UniqueConstraint("public_key", name="one_device_a_public_key"),
    )
    op.create_index("device_keys_by_subject", "device_keys", ["subject_id", "enrolled_at"])
    op.create_table(
        "policy_revisions",
        sa.Column("revision", sa.String, primary_key=True),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.String),
        sa.Column("arrival", COUNT, nullable=False),
    )
    op.create_index("policy_revisions_by_arrival", "policy_revisions", ["arrival"])


def _create_partial_index(name: str, table: str, column: str, where: str) -> None:
    rows = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=rows, postgresql_where=rows)
