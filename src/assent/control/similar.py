"""What stands around a request: what was done in its session, and how the same went before.

Both are read from the index of effects, which follows the log by moments; each question is
bounded. They help whoever answers, and no decision rests on them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from assent.core.action import Action
from assent.core.effect import UNSAID, Effect, EffectFilter, EffectOutcome
from assent.core.ids import RequestId, SessionId, SubjectId
from assent.core.ports import Store

LOOKS_BACK = timedelta(days=90)
MOST_DEEDS = 10
_MOST_EFFECTS = 120
_MOST_PAST = 200
_MOST_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class Deed:
    """One action of a session. resources: what it touched; rows: None where it is not known."""

    at: datetime
    verb: str
    resources: tuple[str, ...]
    outcome: EffectOutcome
    rows: int | None
    failed: bool


@dataclass(frozen=True, slots=True)
class Before:
    """How often the same went how: without asking, after assent, refused, and only asked for.

    at_least: whether there is more than was counted.
    """

    unasked: int = 0
    assented: int = 0
    refused: int = 0
    at_least: bool = False

    @property
    def total(self) -> int:
        """Return how often it was attempted."""
        return self.unasked + self.assented + self.refused


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A request for the same, and what came of it."""

    request: RequestId
    subject: SubjectId
    at: datetime
    outcome: EffectOutcome


@dataclass(frozen=True, slots=True)
class Past:
    """The same verb on the same thing of the same target in the last 90 days.

    verb, resource: which was looked for. own: by this person; others: by everybody else.
    requests: the newest that people were asked about, by anybody.
    """

    verb: str
    resource: str
    own: Before
    others: Before
    requests: tuple[PastRequest, ...]


async def done_in(store: Store, session: SessionId, but: RequestId | None = None) -> Sequence[Deed]:
    """Return the last actions of a session, newest first. but: a request that is left out."""
    page = await store.effects(EffectFilter(session=session), limit=_MOST_EFFECTS)
    effects = (one for one in page.effects if but is None or one.request != but)
    deeds = [
        _deed(list(group))
        for _, group in groupby(effects, lambda one: (one.entry, one.action, one.sequence))
    ]
    return deeds[:MOST_DEEDS]


async def the_same(store: Store, action: Action, now: datetime, but: RequestId) -> Past | None:
    """Return how the same went before, None for an action that touches nothing."""
    touch = next((one for one in action.touches if one.verb == action.verb), None)
    touch = touch or next(iter(action.touches), None)
    if touch is None:
        return None
    same = EffectFilter(
        verbs=(touch.verb,),
        resource=touch.resource.name,
        target=action.target,
        since=now - LOOKS_BACK,
    )
    own = await store.effects(replace(same, subject=action.subject), limit=_MOST_PAST)
    others = await store.effects(replace(same, but=action.subject), limit=_MOST_PAST)
    mine = [one for one in own.effects if one.request != but]
    theirs = [one for one in others.effects if one.request != but]
    return Past(
        touch.verb,
        touch.resource.name,
        _before(mine, at_least=own.next is not None),
        _before(theirs, at_least=others.next is not None),
        _requests((*mine, *theirs)),
    )


def _deed(effects: Sequence[Effect]) -> Deed:
    first = effects[-1]
    rows = first.rows if first.rows != UNSAID else None
    resources = tuple(dict.fromkeys(one.resource for one in reversed(effects)))
    failed = any(one.error for one in effects)
    return Deed(first.at, first.verb, resources, first.outcome, rows, failed)


def _before(effects: Iterable[Effect], *, at_least: bool) -> Before:
    # An action may touch the same thing in several ways: it counts once.
    outcomes = Counter({one.entry: one.outcome for one in effects}.values())
    return Before(
        unasked=outcomes[EffectOutcome.PERMITTED],
        assented=outcomes[EffectOutcome.RELEASED],
        refused=outcomes[EffectOutcome.REFUSED] + outcomes[EffectOutcome.DENIED],
        at_least=at_least,
    )


def _requests(effects: Iterable[Effect]) -> tuple[PastRequest, ...]:
    found: dict[RequestId, PastRequest] = {}
    for one in sorted(effects, key=lambda one: one.at, reverse=True):
        if one.request is not None and one.outcome in (
            EffectOutcome.RELEASED,
            EffectOutcome.REFUSED,
        ):
            past = PastRequest(one.request, one.subject, one.at, one.outcome)
            found.setdefault(one.request, past)
    return tuple(found.values())[:_MOST_REQUESTS]
