"""Whether it happens outside of working hours, in UTC, the same ones for everybody."""

from datetime import UTC, datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus

NAME = "time_of_day"

WORK_FROM = 6
"""The first hour of the day that is a working one, UTC."""

WORK_UNTIL = 20
"""The first hour after work, UTC."""

NIGHT = 30
WEEKEND = 15

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return a small strength at night and a smaller one by day on a weekend. now: aware."""
    at = now.astimezone(UTC)
    clock = f"{at:%H:%M} UTC"
    if not WORK_FROM <= at.hour < WORK_UNTIL:
        reason = f"{clock} is outside of {WORK_FROM:02}:00 to {WORK_UNTIL}:00"
        return Signal(NAME, SignalStatus.OBSERVED, NIGHT, reason)
    if at.weekday() >= 5:
        reason = f"{_DAYS[at.weekday()]} is not a working day"
        return Signal(NAME, SignalStatus.OBSERVED, WEEKEND, reason)
    return Signal(NAME, SignalStatus.ABSENT, 0, f"{clock} on a {_DAYS[at.weekday()]} is usual")


SIGNAL = SignalPlugin(name=NAME, needs=frozenset(), measure=measure)
