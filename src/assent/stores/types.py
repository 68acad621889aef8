"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer
from sqlalchemy.types import TypeDecorator

_NAIVE = "naive datetime; the store takes aware ones only"


def sqlite_text(value: datetime | None) -> str | None:
    """Return what `UtcDateTime` stores on SQLite, in a fifth of its time. Raises ValueError."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(_NAIVE)
    return value.astimezone(UTC).isoformat(" ", "microseconds")[: -len("+00:00")]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, in UTC on the way in and on the way out.

    SQLite keeps no zone and gives naive values back, PostgreSQL gives aware ones in the
    session's zone; this type hides both. Raises ValueError for a naive value, because a guess
    at its zone would move deadlines.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# On SQLite only INTEGER makes a primary key the row's own address, and it is 64 bits wide there.
Count = BigInteger().with_variant(Integer(), "sqlite")
