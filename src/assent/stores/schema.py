"""The schema brought up to date, or refused: migrations run when the store is opened.

One look at the revision comes first, because it is nearly always the newest one and loading
the migrations costs more than everything else at the start.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from assent.core.faults import OperatorFault

NEWEST = "0007"
_KNOWN = frozenset({"0001", "0002", "0003", "0004", "0005", "0006", "0007"})
_FOLDER = Path(__file__).parent / "migrations"
# Any number will do, as long as all of ours take the same one.
_LOCK = 0x61_73_73_65_6E_74


def upgrade(connection: Connection) -> None:
    """Bring the schema to NEWEST in the transaction of `connection`; the caller commits.

    Raises OperatorFault when a newer version of the program wrote it.
    """
    if connection.dialect.name == "postgresql":
        # SQLite's transaction holds the write lock already.
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    revision = current(connection)
    if revision == NEWEST:
        return
    if revision is not None and revision not in _KNOWN:
        raise OperatorFault(
            "schema-unknown",
            f"the database has schema `{revision}`, this version knows up to `{NEWEST}`; "
            "run the version that wrote it, or restore a backup from before the upgrade",
        )
    migrate(connection, NEWEST)


def current(connection: Connection) -> str | None:
    """Return the revision that the database stands at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(
        text("select version_num from alembic_version")
    ).scalar()
    return revision


def migrate(connection: Connection, revision: str) -> None:
    """Run the migrations up or down to `revision`; `base` is the empty schema."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    # Revisions are numbers, so that an earlier one is a smaller one.
    if revision == "base" or revision < (current(connection) or ""):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
