"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Says what time it is on this machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one home of the real clock
