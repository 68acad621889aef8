"""Held requests that outlive the process which held them: set aside, and taken up again.

What was held on a connection is bound to nothing but its text, its parameters, its target and
its person, unless a transaction was open: so people may still answer it while the gateway
restarts, and the same person who sends the same again goes on with it.
"""

from collections.abc import Sequence
from dataclasses import replace

from assent.control import entries
from assent.control.live import LiveSession
from assent.control.waiting import Place, Waiting
from assent.core.action import Action, Phase
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import Ids, RequestId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.policy.more import EXCEEDS
from assent.workflow.request import RequestEvent

SET_ASIDE = "the gateway restarted while it was held: send the same again to go on with it"
NOT_STAYED = "its client did not stay for the answer: send the same again to go on with it"
_WAITING = (RequestState.PENDING, RequestState.APPROVED)


def outlives(request: Request) -> bool:
    """Return whether a request may wait on without the connection that it was held on.

    Not inside of a transaction, which is gone with its locks; not for the rest of a result, which
    is gone too; and not once it was released, for then it may have run.
    """
    action = request.action
    return (
        request.state in _WAITING
        and action.session is not None
        and action.phase is Phase.EXECUTE
        and not action.in_transaction
        and EXCEEDS not in action.details
    )


class Resuming:
    """Sets held requests aside when the process stops, and hands them to who sends them again."""

    def __init__(self, *, store: Store, waiting: Waiting, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._waiting = waiting
        self._clock = clock
        self._ids = ids

    async def recover(self) -> None:
        """Sort out what an earlier process held: set it aside, or say how it ended."""
        for place in self._waiting:
            request = place.request
            if request.state is RequestState.RELEASED or request.action.session is not None:
                await self.let_go(request.id)

    async def let_go(self, request: RequestId, words: str = SET_ASIDE) -> Request:
        """Return the request as it is without its connection: set aside, or interrupted.

        words: what is said of one that was set aside.

        Raises ConflictFault once it is settled, OutsideFault.
        """
        async with self._waiting.moving(await self._waiting.place(request)) as place:
            before = place.request
            if before.detached and outlives(before):
                return before
            if not outlives(before):
                return await self._waiting.move(place, RequestEvent.INTERRUPTED)
            aside = replace(before, detached=True, outcome=words)
            return await self._waiting.keep(place, aside)

    async def take_up(self, live: LiveSession, action: Action) -> Request | None:
        """Return the request for the same action that was set aside, now of this session.

        None where there is none. The answers that were given stay: they are bound to its digest.
        That says nothing of how the text is read, so it must touch now what it touched then.
        """
        if action.in_transaction or action.session is None or EXCEEDS in action.details:
            return None
        for place in self._waiting:
            if not _is_same(place.request, action):
                continue
            if not await self._same_database(place.request, live):
                continue
            taken = await self._take(place, live, action)
            if taken is not None:
                return taken
        return None

    async def _take(self, place: Place, live: LiveSession, action: Action) -> Request | None:
        async with self._waiting.moving(place):
            request = place.request
            # Somebody else may have taken it, or settled it, while the lock was waited for.
            in_time = self._clock.now() < request.deadline_at
            if not (in_time and _is_same(request, action) and outlives(request)):
                return None
            taken = replace(
                request,
                action=replace(request.action, statement=action.statement),
                detached=False,
                outcome="",
            )
            try:
                return await self._waiting.keep(place, taken, also=self._said(taken, live))
            except ConflictFault:
                return None

    def _said(self, request: Request, live: LiveSession) -> Sequence[Entry]:
        """Return the entry that names both sessions: the one that held it, and this one."""
        # Not when the session was opened: it may have been long ago, and entries follow each other.
        at = max(self._clock.now(), request.changed_at)
        said = entries.of_request(self._ids, EntryKind.REQUEST_CHANGED, request, at)
        facts = {**said.facts, "held_in": request.action.session, "taken_up": live.session.id}
        return (replace(said, session=live.session.id, facts=facts),)

    async def _same_database(self, request: Request, live: LiveSession) -> bool:
        if request.action.session is None:
            return False
        held_in = await self._store.session(request.action.session)
        # A session that was still to be opened names its database in the action's own details.
        return request.action.verb == "session.open" or (
            held_in is not None and held_in.database == live.session.database
        )


def _is_same(request: Request, action: Action) -> bool:
    """Return whether the request was set aside and asks for the very same thing.

    What it touches too: the same text means something else under another search_path, and that is
    not what people were shown.
    """
    held = request.action
    return request.detached and all(
        getattr(held, name) == getattr(action, name)
        for name in (
            "subject", "target", "verb", "text", "parameters", "phase", "details", "touches",
        )
    )  # fmt: skip
