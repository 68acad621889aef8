"""What the client of a session is told when somebody steers it, and what it is bound to then.

Pure.
"""

from datetime import datetime, timedelta

from assent.control.live import LiveSession, Pause
from assent.core.clock import isoformat
from assent.core.decision import Deny, Obligation

POLICY = "assent.steering"
"""What a decision names where somebody bound a session, and no policy."""

ONLY_READS = Obligation("read_only", "", POLICY)

WAITS_FOR = timedelta(minutes=15)
"""How long what is sent to a paused session waits, at most."""
WAITS_IN_TRANSACTION_FOR = timedelta(seconds=60)
"""The same inside of a transaction, whose locks others may wait for."""


def paused(live: LiveSession, pause: Pause) -> tuple[str, ...]:
    """Return what the client hears at once when its session is paused."""
    return (
        f"{pause.name} paused your session on `{live.target.name}`: {pause.because}",
        "what runs already goes on; what you send next waits until the session is resumed",
    )


def waits(live: LiveSession, pause: Pause, until: datetime) -> tuple[str, ...]:
    """Return what the client hears when it sends something meanwhile."""
    if pause.groups:
        why, when = pause.because, "once they do; whoever may is told"
    else:
        why = f"{pause.name} paused this session: {pause.because}"
        when = "when the session is resumed"
    return (
        f"held by Assent: {why}",
        f"it runs {when}, and is refused at {isoformat(until)[:19]}Z",
        "Ctrl-C withdraws it; nothing of it has run",
    )


def resumed(live: LiveSession, name: str, because: str) -> tuple[str, ...]:
    """Return what the client hears when it may go on."""
    return (f"{name} resumed your session on `{live.target.name}`: {because}",)


def downgraded(live: LiveSession, name: str, because: str) -> tuple[str, ...]:
    """Return what the client hears when it may only read from now on."""
    return (
        f"from now on you may only read on `{live.target.name}`, until this session ends",
        f"why now: {name} downgraded it: {because}",
        "what runs already goes on",
    )


def not_resumed(revision: str, pause: Pause, why: str) -> Deny:
    """Return the denial of what waited in a paused session and does not run."""
    words = pause.because if pause.groups else f"{pause.name} paused this session"
    return Deny(revision, "paused", (f"{words}, and {why}",))
