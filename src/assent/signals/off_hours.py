"""Whether the person works at this hour of the week, in their own zone."""

from datetime import datetime
from functools import lru_cache

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.familiarity import Familiarity
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import Naming, measure_chain
from assent.signals.words import name_words, person_words

NAME = "off_hours"
_PART = 2


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how unusual the hour of the week is, the hour of such days, the part of them."""
    nothing = "the hour was not compared with others"
    return measure_chain(NAME, "hour", evidence, nothing, _naming(_zone_words(evidence)))


@lru_cache(maxsize=1024)
def _naming(zone: str) -> Naming:
    def named(seen: Familiarity, place: int) -> str:
        value = name_words(seen.chain[place])
        return f"{value} ({zone})" if place >= _PART else f"{_hour_words(value)} ({zone})"

    return named


def _hour_words(value: str) -> str:
    # `Tue 14` → `Tue 14 h`; `14 weekday` → `14 h weekday`.
    return " ".join(f"{part} h" if part.isdigit() else part for part in value.split())


def _zone_words(evidence: Evidence) -> str:
    minutes, who = evidence.local_offset_min, person_words(evidence)
    if minutes is None:
        return f"UTC, as the zone of {who} is not known"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}, the zone of {who}"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
