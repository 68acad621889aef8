"""Taking back what one assented to: it counts no longer, and what rested on it is looked at."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from assent.control import entries
from assent.control.decide import Outcome
from assent.control.grants import Grants
from assent.control.outbox import Outbox
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.control.waiting import Waiting
from assent.core.changes import Change, PutNotice, WithdrawApproval
from assent.core.clock import Clock
from assent.core.decision import Deny
from assent.core.entry import Entry
from assent.core.faults import ConflictFault
from assent.core.grant import Grant
from assent.core.ids import Ids, RequestId
from assent.core.ports import Store
from assent.core.request import Approval, Request, RequestState, Verdict
from assent.workflow.request import RequestEvent

Again = Callable[[Request], Awaitable[Outcome]]


class Retracting:
    """Withdraws answers, before and after they have led to something.

    again: verb → what decides on such a request as it is now, for what mints grants.
    """

    def __init__(
        self,
        *,
        store: Store,
        waiting: Waiting,
        requests: Requests,
        grants: Grants,
        again: Mapping[str, Again],
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._requests = requests
        self._grants = grants
        self._again = again
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._one_at_a_time = asyncio.Lock()

    async def retract(self, caller: Caller, request: RequestId) -> Request:
        """Return the request without the caller's assent and offers.

        What was granted on it is decided again, and revoked where that is not a permit.
        Raises ConflictFault where they have none, or it is too late, MissingFault.
        """
        found = await self._requests.seen(caller, request)
        if self._waiting.get(request) is None:
            return await self._after(caller, found)
        async with self._waiting.moving(await self._waiting.place(request)) as place:
            before, now = place.request, self._clock.now()
            mine = _given(before, caller)
            if before.state is RequestState.RELEASED:
                raise _too_late(before)
            return await self._waiting.move(
                place,
                # What was approved is asked again: whoever decides on it meanwhile is too late.
                RequestEvent.REOPENED,
                request=_without(before, mine, now),
                by=caller.subject.id,
                changes=(*_changes(mine, now), self._told(caller, before, "it asks again")),
                also=self._entries(mine, before, now),
            )

    async def _after(self, caller: Caller, request: Request) -> Request:
        """Withdraw from a request that is settled: of use only while its grant is valid.

        One after the other: two who withdraw at once must not each rest on the other's assent.
        """
        async with self._one_at_a_time:
            return await self._settled(caller, await self._store.request(request.id) or request)

    async def _settled(self, caller: Caller, request: Request) -> Request:
        now = self._clock.now()
        mine = _given(request, caller)
        grant = self._grants.get(request.grant)
        again = self._again.get(request.action.verb)
        if request.state is not RequestState.COMPLETED or request.grant is None:
            raise _too_late(request)
        if grant is None or not grant.is_valid(now):
            words = f"what request `{request.id}` led to is over already; nothing rests on it"
            raise ConflictFault("grant-over", words)
        left = _without(request, mine, now)
        # What nothing here can decide again does not outlive an assent that it rested on.
        if again is None or isinstance((await again(left)).decision, Deny):
            await self._revoke(caller, request, grant, mine, now)
        else:
            told = self._told(caller, request, "what is left is enough; the grant stays")
            changes = (*_changes(mine, now), told)
            await self._store.commit(changes, self._entries(mine, request, now))
        return left

    async def _revoke(
        self,
        caller: Caller,
        request: Request,
        grant: Grant,
        mine: Sequence[Approval],
        now: datetime,
    ) -> None:
        """End the grant in the transaction of the withdrawal: there is no moment between."""
        name = caller.subject.name
        words = f"{name} withdrew their assent, and without it this is not permitted"
        changes = (*_changes(mine, now), self._told(caller, request, "the grant is revoked"))
        await self._grants.revoke_with(grant, words, changes, self._entries(mine, request, now))

    def _told(self, caller: Caller, request: Request, words: str) -> PutNotice:
        heard = (request.action.subject, *request.asked)
        return self._outbox.notice(
            "request.retracted",
            to=[who for who in heard if who != caller.subject.id],
            headline=f"{caller.subject.name} withdrew their assent: {words}",
            request=request.id,
            grant=request.grant,
            key=f"request.retracted:{request.id}:{caller.subject.id}:{len(request.approvals)}",
        )

    def _entries(
        self, mine: Sequence[Approval], request: Request, now: datetime
    ) -> tuple[Entry, ...]:
        return tuple(
            entries.of_withdrawn_approval(self._ids, given, request, now) for given in mine
        )


def _given(request: Request, caller: Caller) -> list[Approval]:
    """Return the caller's assents and offers that stand. Raises ConflictFault for none."""
    mine = [
        given
        for given in request.approvals
        if given.approver == caller.subject.id
        and given.verdict is not Verdict.REJECT
        and given.withdrawn_at is None
    ]
    if not mine:
        words = f"you have not assented to request `{request.id}`, or withdrew it before"
        raise ConflictFault("nothing-to-withdraw", words)
    return mine


def _without(request: Request, mine: Sequence[Approval], now: datetime) -> Request:
    taken = {given.id for given in mine}
    left = tuple(
        replace(given, withdrawn_at=now) if given.id in taken else given
        for given in request.approvals
    )
    return replace(request, approvals=left)


def _changes(mine: Sequence[Approval], now: datetime) -> tuple[Change, ...]:
    return tuple(WithdrawApproval(given.id, now) for given in mine)


def _too_late(request: Request) -> ConflictFault:
    return ConflictFault(
        "too-late",
        f"request `{request.id}` is {request.state.value}; what was let go cannot be taken back",
    )
