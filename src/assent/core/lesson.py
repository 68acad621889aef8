"""One thing that was learned of somebody, as it was learned: profiles are the sums of these."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from assent.core.ids import LessonId, SessionId, SubjectId


class Aspect(Struct, frozen=True, array_like=True, gc=False):
    """One aspect that was seen: a chain of values, specific to general, or an amount.

    after: what it followed, for a step. amount: -1 for a chain. times_milli: how much it
    counts, in thousandths of an event.
    """

    dimension: str
    chain: tuple[str, ...] = ()
    amount: int = -1
    after: str = ""
    times_milli: int = 1000


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one session taught since its last lesson, or what an operator imported.

    groups: of the person then. weight_milli: how sure it was that it was the person, in
    thousandths. strong: they had proved who they are with a fresh step-up. confirmed: people
    assented, so there is no probation. opens: the first lesson of its session.
    """

    id: LessonId
    subject: SubjectId
    session: SessionId | None
    at: datetime
    groups: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    weight_milli: int = 1000
    strong: bool = False
    confirmed: bool = False
    opens: bool = False
