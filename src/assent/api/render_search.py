"""Effects as the JSON that the API returns."""

from assent.api.render import person_name, target_name
from assent.api.search_schemas import EffectOut
from assent.control.directory import Directory
from assent.core.clock import isoformat
from assent.core.effect import UNSAID, Effect


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
