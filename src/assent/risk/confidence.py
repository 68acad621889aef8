"""How much of a person's own history an assessment rests on."""

from assent.core.assessment import Confidence
from assent.core.evidence import Known

MEDIUM_FROM_SESSIONS = 5
HIGH_FROM_SESSIONS = 20
HIGH_FROM_DAYS = 7


def confidence_in(known: Known | None) -> tuple[Confidence, str]:
    """Return the confidence and what it rests on, such as `3 sessions seen: low confidence`.

    Below MEDIUM_FROM_SESSIONS somebody is judged by what their peers do.
    """
    if known is None:
        return Confidence.LOW, "nothing learned could be read: low confidence"
    sessions = f"{known.sessions} session" + ("" if known.sessions == 1 else "s")
    days = f"{known.days} day" + ("" if known.days == 1 else "s")
    if known.sessions < MEDIUM_FROM_SESSIONS:
        words = f"{sessions} seen: low confidence, compared with what their peers do"
        return Confidence.LOW, words
    if known.sessions < HIGH_FROM_SESSIONS or known.days < HIGH_FROM_DAYS:
        return Confidence.MEDIUM, f"{sessions} seen in {days}: medium confidence"
    return Confidence.HIGH, f"{sessions} seen in {days}"
