"""What the templates show around a request: where it comes from, what was done, how it went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.control.plane import ControlPlane
from assent.control.showing import Shown
from assent.control.sign_in import Caller
from assent.control.similar import Before, Deed, Past, PastRequest, done_in, the_same
from assent.core.clock import isoformat
from assent.core.effect import EffectOutcome
from assent.core.faults import Fault
from assent.core.ids import SessionId
from assent.core.request import Request
from assent.web.answer_views import person_words

_BAD = (EffectOutcome.DENIED, EffectOutcome.REFUSED)
_OUTCOMES = {
    EffectOutcome.PERMITTED: "ran",
    EffectOutcome.DENIED: "denied",
    EffectOutcome.HELD: "held",
    EffectOutcome.RELEASED: "ran after assent",
    EffectOutcome.REFUSED: "refused by people",
}


@dataclass(frozen=True, slots=True)
class DeedView:
    """One action of the session so far. is_bad: it failed or was not let."""

    at: str
    verb: str
    resources: str
    outcome: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class PastView:
    """An earlier request for the same, that the reader may open. who: whose it was."""

    id: str
    who: str
    at: str
    outcome: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a request.

    came_from: where from and on what, in words, the first of them the client. in_session: whether
    it is of one. session: its id, where the reader may open it. deeds: the last ones in it,
    newest first. same: what was looked for: `sql.delete public.orders`, empty for nothing. own,
    others: how that went before, in words. requests: earlier ones for it.
    """

    came_from: tuple[str, ...] = ()
    in_session: bool = False
    session: str = ""
    deeds: tuple[DeedView, ...] = ()
    same: str = ""
    own: str = ""
    others: str = ""
    requests: tuple[PastView, ...] = ()


async def around(
    plane: ControlPlane, caller: Caller, request: Request, shown: Shown | None
) -> Around:
    """Return what `caller`, who may answer it or oversees, is shown around `request`.

    What the index cannot tell now is left out: nobody's answer waits for it.
    """
    action, now = request.action, plane.clock.now()
    deeds: Sequence[Deed] = ()
    past: Past | None = None
    try:
        if action.session is not None:
            deeds = await done_in(plane.store, action.session, request.id)
        past = await the_same(plane.store, action, now, request.id)
    except Fault:
        pass
    return Around(
        came_from=_came_from(shown),
        in_session=action.session is not None,
        session=await _session(plane, caller, action.session),
        deeds=tuple(_deed(one) for one in deeds),
        same=f"{past.verb} {past.resource}" if past else "",
        own=_words(past.own) if past else "",
        others=_words(past.others) if past else "",
        requests=await _requests(plane, caller, past.requests if past else ()),
    )


async def _session(plane: ControlPlane, caller: Caller, session: SessionId | None) -> str:
    if session is None:
        return ""
    try:
        return (await plane.sessions.get(caller, session)).id
    except Fault:
        return ""


def _came_from(shown: Shown | None) -> tuple[str, ...]:
    evidence = shown.document.get("evidence") if shown else None
    words = evidence.get("came_from") if isinstance(evidence, Mapping) else None
    return tuple(str(word) for word in words) if isinstance(words, list) else ()


def _deed(deed: Deed) -> DeedView:
    more = f" and {len(deed.resources) - 2} more" if len(deed.resources) > 2 else ""
    rows = "" if deed.rows is None else f", {deed.rows:,} row{'' if deed.rows == 1 else 's'}"
    failed = ", failed" if deed.failed else ""
    return DeedView(
        isoformat(deed.at),
        deed.verb,
        ", ".join(deed.resources[:2]) + more,
        f"{_OUTCOMES[deed.outcome]}{rows}{failed}",
        deed.failed or deed.outcome in _BAD,
    )


def _words(before: Before) -> str:
    """Return how it went, in words: `12 times: 9 without asking, 2 after assent, 1 refused`."""
    if not before.total:
        return "never in the last 90 days"
    parts = (
        (before.unasked, "without asking"),
        (before.assented, "after assent"),
        (before.refused, "refused"),
    )
    words = ", ".join(f"{number:,} {how}" for number, how in parts if number)
    least = "at least " if before.at_least else ""
    return f"{least}{before.total:,} time{'' if before.total == 1 else 's'}: {words}"


async def _requests(
    plane: ControlPlane, caller: Caller, past: Sequence[PastRequest]
) -> tuple[PastView, ...]:
    found = []
    for one in past:
        try:
            # Only what they may open anyway is named.
            await plane.requests.get(caller, one.request)
        except Fault:
            continue
        found.append(
            PastView(
                one.request,
                person_words(plane, one.subject)[0],
                isoformat(one.at),
                _OUTCOMES[one.outcome],
                one.outcome in _BAD,
            )
        )
    return tuple(found)
