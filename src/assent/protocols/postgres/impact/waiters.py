"""Who waits for a lock that a backend holds: asked on a connection of the gateway's own."""

from collections.abc import Sequence

from assent.core.impact import Waiter

MOST_WAITERS = 20
WAITERS = f"""
SELECT coalesce(a.usename, '')::text, coalesce(a.application_name, '')::text,
       greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - a.query_start))::bigint
FROM pg_catalog.pg_stat_activity a
WHERE a.wait_event_type = 'Lock' AND $1 = ANY (pg_catalog.pg_blocking_pids(a.pid))
ORDER BY a.query_start LIMIT {MOST_WAITERS}
"""  # noqa: S608
"""What they run is their own business, so it is not asked for."""


def read_waiters(rows: Sequence[Sequence[object]]) -> tuple[Waiter, ...]:
    """Return the waiters that `WAITERS` found, who waits longest first."""
    return tuple(
        Waiter(str(user)[:63], str(application)[:63], int(str(seconds)))
        for user, application, seconds in rows
    )
