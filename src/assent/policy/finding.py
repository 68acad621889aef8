"""What Cedar was asked about one touch, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.action import Touch
from assent.core.canonical import Json
from assent.policy.entities import World


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. context: the facts that were sent, by group and name."""

    world: World
    context: Mapping[str, Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What Cedar says of one touch. permits, forbids: ids of the satisfied policies.

    errors: (id of the policy, what is wrong), the id empty where no policy is to blame.
    question: None where Cedar was not asked, since no policy can name the touch.
    """

    touch: Touch
    permits: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    question: Question | None = None
