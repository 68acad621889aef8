"""Who waits for a session's locks; asked of a real server in conformance."""

from assent.core.impact import Waiter
from assent.protocols.postgres.impact.waiters import read_waiters


def test_waiters_are_told_with_their_seconds_and_short_names() -> None:
    assert read_waiters([("ben", "psql" * 100, 7)]) == (Waiter("ben", ("psql" * 100)[:63], 7),)
