"""Requests, as people see and answer them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from assent.control import entries
from assent.control.directory import Directory
from assent.control.remedies import approving, askable, in_words, lacking
from assent.control.sign_in import OVERSEERS, Caller, SignIn
from assent.control.waiting import Place, Waiting
from assent.core.changes import PutApproval
from assent.core.clock import Clock
from assent.core.decision import Remedy, StepUpRemedy
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import ApprovalId, Ids, RequestId
from assent.core.ports import Store
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from assent.core.subject import Subject
from assent.workflow.approval import answer as give_answer
from assent.workflow.request import TERMINAL, RequestEvent

_LONGEST_TEXT = 2_000


class Requests:
    """What requesters and approvers do; every answer is durable before anybody hears of it."""

    def __init__(
        self,
        *,
        store: Store,
        waiting: Waiting,
        directory: Directory,
        sign_in: SignIn,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._directory = directory
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        sign_in.when_stepped_up(self._stepped_up)

    async def answer(
        self,
        caller: Caller,
        request: RequestId,
        verdict: Verdict,
        comment: str,
        rejected_as: RejectedAs | None = None,
    ) -> Request:
        """Return the request after this person's answer. rejected_as: with a rejection.

        Raises ForbiddenFault (not theirs to answer), ConflictFault (settled, answered, too
        late), MissingFault.
        """
        await self.get(caller, request)
        async with self._waiting.moving(await self._waiting.place(request)) as place:
            approval = self._approval(caller, place.request, verdict, comment)
            if verdict is Verdict.REJECT:
                approval = replace(approval, rejected_as=rejected_as)
            entry = entries.of_approval(self._ids, approval, place.request)
            if verdict is Verdict.REJECT:
                event = RequestEvent.REJECTED
                words = f"{caller.subject.name} rejected it" + (f": {comment}" if comment else "")
            else:
                event = self._event(
                    replace(place.request, approvals=(*place.request.approvals, approval))
                )
                words = ""
            return await self._waiting.move(
                place,
                event,
                approval=approval,
                outcome=words,
                by=caller.subject.id,
                changes=(PutApproval(approval),),
                also=(entry,),
            )

    async def give_reason(
        self, caller: Caller, request: RequestId, reason: str, ticket: str
    ) -> Request:
        """Return the requester's own request with a reason or a ticket added."""
        if len(reason) > _LONGEST_TEXT or len(ticket) > _LONGEST_TEXT:
            raise ConflictFault("text-too-long", f"write at most {_LONGEST_TEXT} characters")
        async with self._waiting.moving(await self._own(caller, request)) as place:
            before = place.request
            said = replace(before, reason=reason or before.reason, ticket=ticket or before.ticket)
            return await self._waiting.move(
                place, self._event(said), request=said, by=caller.subject.id
            )

    async def withdraw(self, caller: Caller, request: RequestId) -> Request:
        """Return the requester's own request, withdrawn; what it held is refused."""
        await self._own(caller, request)
        return await self._waiting.advance(
            request,
            RequestEvent.WITHDRAWN,
            outcome=f"{caller.subject.name} withdrew it",
            by=caller.subject.id,
        )

    async def get(self, caller: Caller, request: RequestId) -> Request:
        """Return the request. Raises MissingFault when there is none this person may see."""
        found = await self._waiting.find(request)
        if found is None or not self._may_see(caller.subject, found):
            raise MissingFault("no-such-request", f"there is no request `{request[:60]}` for you")
        return found

    async def list(
        self, caller: Caller, states: Sequence[RequestState], mine: bool
    ) -> Sequence[Request]:
        """Return the requests this person may see, newest first."""
        subject = caller.subject.id if mine else None
        found = await self._store.requests(states, subject)
        return [request for request in found if self._may_see(caller.subject, request)]

    async def inbox(self, caller: Caller) -> Sequence[Request]:
        """Return what this person can answer now, the nearest deadline first."""
        now = self._clock.now()
        mine = (
            place.request
            for place in self._waiting
            if now < place.request.deadline_at
            and caller.subject.id in {person.id for person in self.asked(place.request)}
        )
        return sorted(mine, key=lambda request: request.deadline_at)

    def asked(self, request: Request) -> Sequence[Subject]:
        """Return who may usefully answer `request` now, by name; nobody once it is settled."""
        if request.state is not RequestState.PENDING:
            return ()
        requester = self._directory.subject(request.action.subject)
        return askable(request, requester, self._approvers(request), self._directory.subjects())

    def unmet(self, request: Request) -> tuple[str, ...]:
        """Return what is still missing, in words."""
        return () if request.state in TERMINAL else in_words(self._lacking(request))

    async def _stepped_up(self, subject: Subject) -> None:
        """Look again at what waits for a step-up of this person."""
        for place in self._waiting:
            if place.request.action.subject != subject.id or not _asks_step_up(place.request):
                continue
            with suppress(ConflictFault):  # Settled meanwhile, or too late: nothing to look at.
                async with self._waiting.moving(place):
                    await self._waiting.move(place, self._event(place.request), by=subject.id)

    def _approval(
        self, caller: Caller, request: Request, verdict: Verdict, comment: str
    ) -> Approval:
        return give_answer(
            ApprovalId(self._ids.mint("approval")),
            request,
            # As they are now: somebody may have left a group since they signed in.
            self._directory.subject(caller.subject.id),
            self._directory.subject(request.action.subject),
            verdict,
            self._clock.now(),
            comment=comment,
            already=self._approvers(request),
        )

    def _event(self, request: Request) -> RequestEvent:
        return RequestEvent.ANSWERED if self._lacking(request) else RequestEvent.SATISFIED

    def _approvers(self, request: Request) -> tuple[Subject, ...]:
        people = {person.id: person for person in self._directory.subjects()}
        return tuple(people[who] for who in approving(request) if who in people)

    def _lacking(self, request: Request) -> tuple[Remedy, ...]:
        return lacking(
            request,
            self._directory.subject(request.action.subject),
            self._approvers(request),
            self._sign_in.stepped_up_at(request.action.subject),
            self._clock.now(),
        )

    def _may_see(self, person: Subject, request: Request) -> bool:
        """Return whether it is theirs, was or could be answered by them, or they oversee."""
        if request.action.subject == person.id or person.groups & OVERSEERS:
            return True
        if any(approval.approver == person.id for approval in request.approvals):
            return True
        requester = self._directory.subject(request.action.subject)
        everybody = self._directory.subjects()
        could = askable(replace(request, approvals=()), requester, (), everybody)
        return person.id in {asked.id for asked in could}

    async def _own(self, caller: Caller, request: RequestId) -> Place:
        found = await self.get(caller, request)
        if found.action.subject != caller.subject.id:
            name = self._directory.subject(found.action.subject).name
            raise ForbiddenFault("not-your-request", f"only `{name}` can do that to `{request}`")
        return await self._waiting.place(request)


def _asks_step_up(request: Request) -> bool:
    return any(isinstance(remedy, StepUpRemedy) for remedy in request.remedies)
