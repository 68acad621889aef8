"""Effects as the JSON that the API returns, and where pages of them end."""

from datetime import UTC, datetime, timedelta

from assent.api.render import person_name, target_name
from assent.api.search_schemas import EffectOut
from assent.control.directory import Directory
from assent.core.clock import isoformat
from assent.core.effect import UNSAID, Effect, EffectPosition
from assent.core.faults import OperatorFault

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def effect_out(directory: Directory, effect: Effect) -> EffectOut:
    """Return an effect, with names for ids."""
    return EffectOut(
        at=isoformat(effect.at),
        subject=person_name(directory, effect.subject),
        target=target_name(directory, effect.target) if effect.target else None,
        session=effect.session,
        request=effect.request,
        entry=effect.entry,
        verb=effect.verb,
        operation=effect.operation,
        kind=effect.kind,
        resource=effect.resource,
        rows=None if effect.rows in (None, UNSAID) else effect.rows,
        error=effect.error,
        outcome=effect.outcome.value,
        score=effect.score,
    )


def cursor_text(position: EffectPosition) -> str:
    """Return a position as a page names it: microseconds since 1970, and the place."""
    return f"{(position.at - _EPOCH) // _MICROSECOND}-{position.place}"


def position_of(text: str) -> EffectPosition:
    """Return the position that `cursor_text` wrote. Raises OperatorFault."""
    try:
        at, place = (int(part) for part in text.split("-"))
        if at < 0 or not 0 <= place < 2**63:
            raise ValueError
        return EffectPosition(_EPOCH + at * _MICROSECOND, place)
    except (ValueError, OverflowError):
        raise OperatorFault("no-such-page", f"`{text[:80]}` is where no page ends") from None
