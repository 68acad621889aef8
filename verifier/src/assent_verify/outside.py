"""What others have seen of the log: witnesses, and how long ago that was (checks 7 and 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assent_verify.checkpoints import WITNESSES, Seen
from assent_verify.notes import Key
from assent_verify.policy import NONE, Policy
from assent_verify.report import Findings, Status

FRESHNESS = 8

_AHEAD = timedelta(minutes=5)
"""The clock of a witness may be ahead of the reader's by so much."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Somebody outside had a checkpoint of this size at that moment."""

    size: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Witnessing:
    """The largest size that enough witnesses saw (0: none), and what each saw when."""

    size: int
    observations: tuple[Observation, ...]
    summary: str


def check_witnesses(
    policy: Policy, keys: Sequence[Key], newest: Seen, seen: Sequence[Seen], findings: Findings
) -> Witnessing:
    """Check that enough witnesses cosigned the newest checkpoint. seen: all that fit the log."""
    observations, largest = [], 0
    for one in seen:
        if not one.cosigners:
            continue
        by = [keys[number] for number, _ in one.cosigners]
        if policy.is_met(by):
            largest = max(largest, one.size)
            observations += [
                Observation(one.size, moment, keys[number].name)
                for number, time in one.cosigners
                if time and (moment := _moment(time)) is not None
            ]
    if policy.quorum == NONE:
        text = "the policy asks for no witness" if policy.witnesses else "no witness is known"
        findings.add(WITNESSES, Status.SKIPPED, f"{text}: what was cut off at the end cannot show")
    elif not policy.is_met(keys[number] for number, _ in newest.cosigners):
        up_to = f"only up to size {largest}" if largest else "of no size"
        text = f"the checkpoint of size {newest.size} lacks cosignatures that the policy asks for"
        findings.miss(WITNESSES, f"{text}; enough witnesses have seen the log {up_to}")
    names = sorted({keys[number].name for number, _ in newest.cosigners})
    summary = "cosigned by " + ", ".join(f"`{name}`" for name in names)
    return Witnessing(largest, tuple(observations), summary)


def check_freshness(
    observations: Sequence[Observation],
    at: datetime,
    within: timedelta | None,
    findings: Findings,
) -> str:
    """Check when somebody outside last saw the log; return the sentence about it."""
    past = [one for one in observations if one.at <= at + _AHEAD]
    newest = max(past, key=lambda one: one.at, default=None)
    if newest is None:
        text = "nobody outside is known to have seen the log"
    else:
        age = max(at - newest.at, timedelta())
        text = f"`{newest.by}` saw the log of size {newest.size} {_words(age)} ago"
        text = f"{text}, {newest.at.isoformat().replace('+00:00', 'Z')}"
        if within is None or age <= within:
            return text
    status = Status.SKIPPED if within is None else Status.STALE
    findings.add(FRESHNESS, status, text)
    return text


def _moment(time: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _words(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
