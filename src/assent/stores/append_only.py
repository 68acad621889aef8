"""What is only ever appended, and the one way past the triggers that keep it so.

The triggers stop a slip, not an owner of the database: they can be dropped. What shows a change
is the tree, not they.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select, update

from assent.stores.log_tables import pruning

_SETTING = "assent.pruning"


@contextmanager
def deleting(connection: Connection) -> Iterator[None]:
    """Let rows of the log be deleted until the block is left, in this transaction only.

    Updates are refused within it too, and PostgreSQL's TRUNCATE.
    """
    _permit(connection, True)
    yield
    # Not after a fault: the transaction, or the savepoint, is undone then, and this with it.
    _permit(connection, False)


def _permit(connection: Connection, permitted: bool) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config(_SETTING, "on" if permitted else "off", True)))
    else:
        connection.execute(update(pruning).values(permitted=permitted))
