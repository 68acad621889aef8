"""How those outside stand who keep what the log signed: witnesses and anchors, and how fresh."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from assent.control.health import Check, HowWell, in_words
from assent.core.entry import Checkpoint
from assent.core.observing import Observer

FRESH_WITHIN = timedelta(minutes=5)


def newest(observers: Iterable[Observer]) -> Observer | None:
    """Return who saw the log last; None where nobody ever did."""
    seen = [one for one in observers if one.at is not None]
    return max(seen, key=lambda one: one.at or datetime.min, default=None)


def checks(
    observers: Sequence[Observer], checkpoint: Checkpoint | None, now: datetime, within: timedelta
) -> Sequence[Check]:
    """Return what somebody should look at; nothing where no observer is configured.

    within: how old the newest observation may be while there is more to see.
    """
    if not observers:
        return ()
    found = [_freshness(observers, checkpoint, now, within)]
    for one in observers:
        name = f"{one.kind} {one.name}"
        if one.disputed:
            to_do = (
                "somebody shows two logs under one name, or the database was set back: keep "
                "`evidence` in the data folder, and compare with what the witness kept"
            )
            found.append(Check(name, HowWell.FAIL, one.problem, to_do))
        elif one.problem:
            to_do = "see whether it can be reached, and whether it knows this log and its key"
            found.append(Check(name, HowWell.WARN, one.problem, to_do))
    return found


def _freshness(
    observers: Sequence[Observer], checkpoint: Checkpoint | None, now: datetime, within: timedelta
) -> Check:
    last = newest(observers)
    to_do = (
        "what came after it, whoever runs this server could still take away unseen: see the "
        "witnesses and anchors in `assent audit status`"
    )
    if last is None or last.at is None:
        return Check("observed", HowWell.WARN, "nobody outside has seen the log yet", to_do)
    says = f"{last.size} entries were seen by {last.name} {in_words(now - last.at)} ago"
    is_behind = checkpoint is not None and checkpoint.size > (last.size or 0)
    if is_behind and now - last.at > within:
        return Check("observed", HowWell.WARN, says, to_do)
    return Check("observed", HowWell.OK, says)
