"""Whether this usually comes after what was done before it in the session."""

from datetime import datetime
from functools import lru_cache

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.familiarity import Familiarity
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.risk.likelihood import of_step
from assent.signals.novelty import (
    MOST_DAYS,
    PROFILE,
    chain_maturity,
    learned,
    likelihood_of,
    profile_failed,
)
from assent.signals.weighing import found, usual, weights
from assent.signals.words import count_words, name_words, person_words, verb_words

NAME = "rare_sequence"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how unusual the step is, beyond how unusual the action is by itself."""
    known = learned(evidence)
    if known is None:
        return profile_failed(NAME, evidence)
    step = known.dimensions.get("step")
    if step is None or len(step.chain) != 1:
        return usual(NAME, "it follows nothing")
    before = evidence.session.previous if evidence.session else ""
    days = min(known.days, MOST_DAYS)
    return _measured(step, known.dimensions.get("action"), before, person_words(evidence), days)


@lru_cache(maxsize=4096)
def _measured(
    step: Familiarity, done: Familiarity | None, before: str, who: str, days: int
) -> Signal:
    bits = of_step(step, likelihood_of(as_step(done, step)))
    if bits > 0.0:
        bits *= chain_maturity(step, days)
    return found(NAME, _words(step, before, who), weights(bits), PROFILE)


def as_step(done: Familiarity | None, step: Familiarity) -> Familiarity:
    """Return how usual the step's own value is without what it follows.

    done: of the least usual action, whose second level is what a step names. Where that is
    another one of several, nothing is known of the step's.
    """
    if done is None or len(done.chain) < 2 or done.chain[1] != step.chain[0]:
        return Familiarity("action", step.chain)
    deep = len(done.chain)
    return Familiarity(
        done.dimension,
        done.chain[1:],
        _without_first(done.person, deep),
        _without_first(done.peers, deep),
        _without_first(done.everyone, deep),
        done.days[1:],
    )


def _without_first(counts: tuple[int, ...], deep: int) -> tuple[int, ...]:
    return (*counts[1:deep], *counts[deep + 1 :])


def _words(step: Familiarity, before: str, who: str) -> str:
    after = f"after {_step_words(before)}" if before else "at the start of a session"
    level = step.level(0)
    total = step.person[-1] / 1000.0 if step.person else 0.0
    if total <= 0.0:
        return f"what {who} does {after} was not learned yet"
    what = _step_words(step.chain[0])
    if level.person > 0.0:
        return f"{what} {after}: {count_words(level.person, 'time')} by {who}"
    return f"{what} never came {after} in {count_words(total, 'time')} by {who}"


def _step_words(value: str) -> str:
    verb, blank, rest = value.partition(" ")
    return name_words(f"{verb_words(verb)}{blank}{rest}")


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history", "session"}), measure=measure)
