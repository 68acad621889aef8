"""Requests, as people see and answer them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from assent.control import entries
from assent.control.directory import Directory
from assent.control.eligibility import Eligibility
from assent.control.reading import Readers
from assent.control.remedies import in_words, lacking, met_by
from assent.control.seeing import is_theirs
from assent.control.sign_in import Caller, SignIn
from assent.control.signing import NOTHING, Proof, Proved, Signing
from assent.control.tickets import Tickets
from assent.control.waiting import Place, Waiting
from assent.core.changes import PutApproval
from assent.core.clock import Clock
from assent.core.decision import Remedy, StepUpRemedy
from assent.core.device_key import ApprovalSignature
from assent.core.entry import Entry
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import ApprovalId, EntryId, Ids, RequestId, SubjectId
from assent.core.ports import Store
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from assent.core.scope import Terms
from assent.core.subject import Subject
from assent.workflow.approval import answer as give_answer
from assent.workflow.request import TERMINAL, RequestEvent

_LONGEST_TEXT = 2_000
MOST_IN_INBOX = 200
"""Requests that an inbox shows at once, those with the nearest deadline."""


class Requests:
    """What requesters and approvers do; every answer is durable before anybody hears of it."""

    def __init__(
        self,
        *,
        store: Store,
        waiting: Waiting,
        directory: Directory,
        eligibility: Eligibility,
        sign_in: SignIn,
        clock: Clock,
        ids: Ids,
        tickets: Tickets | None = None,
        signing: Signing | None = None,
    ) -> None:
        self._store = store
        self._signing = signing
        self._waiting = waiting
        self._tickets = tickets
        self._directory = directory
        self._eligibility = eligibility
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        self._readers = Readers(store=store, clock=clock, ids=ids)
        sign_in.when_stepped_up(self._stepped_up)

    async def answer(
        self,
        caller: Caller,
        request: RequestId,
        verdict: Verdict,
        comment: str,
        rejected_as: RejectedAs | None = None,
        proof: Proof = NOTHING,
    ) -> Request:
        """Return the request after this person's answer. rejected_as: with a rejection.

        proof: of what they were shown. Raises ForbiddenFault (not theirs to answer, not signed,
        signed badly), ConflictFault (settled, answered, too late, shown otherwise, an offer: that
        is `Offers.offer`), MissingFault.
        """
        await self.seen(caller, request)
        async with (
            self._waiting.moving(await self._waiting.place(request)) as place,
            self.proved(caller, place.request, verdict, proof) as proved,
        ):
            approval = self.approval(
                caller,
                place.request,
                verdict,
                comment,
                rejected_as=rejected_as,
                signature=proved.signature,
            )
            entry = entries.of_approval(self._ids, approval, place.request, proved.document)
            also = [entry]
            if verdict is Verdict.REJECT:
                event = RequestEvent.REJECTED
                words = f"{caller.subject.name} rejected it" + (f": {comment}" if comment else "")
            else:
                answered = replace(place.request, approvals=(*place.request.approvals, approval))
                event = self.event(answered)
                also += self.met(place.request, answered, caller.subject.id, entry.id)
                words = ""
            return await self._waiting.move(
                place,
                event,
                approval=approval,
                outcome=words,
                by=caller.subject.id,
                changes=(PutApproval(approval),),
                also=also,
            )

    @asynccontextmanager
    async def proved(
        self,
        caller: Caller,
        request: Request,
        verdict: Verdict,
        proof: Proof,
        terms: Terms | None = None,
    ) -> AsyncIterator[Proved]:
        """Hold what proves an answer as good, as `Signing.proved` does."""
        if proof == NOTHING:
            yield Proved()
            return
        if self._signing is None:
            raise ConflictFault("no-signing", "this server cannot check what you were shown")
        async with self._signing.proved(caller, request, verdict, proof, terms) as proved:
            yield proved

    async def give_reason(
        self, caller: Caller, request: RequestId, reason: str, ticket: str
    ) -> Request:
        """Return the requester's own request with a reason or a ticket added."""
        if len(reason) > _LONGEST_TEXT or len(ticket) > _LONGEST_TEXT:
            raise ConflictFault("text-too-long", f"write at most {_LONGEST_TEXT} characters")
        if self._tickets is not None:
            self._tickets.check(ticket)
        async with self._waiting.moving(await self.own(caller, request)) as place:
            before = place.request
            said = replace(before, reason=reason or before.reason, ticket=ticket or before.ticket)
            if ticket and self._tickets is not None:
                said = replace(said, ticket_said=await self._said_of(said, self._tickets))
            return await self._waiting.move(
                place,
                self.event(said),
                request=said,
                by=caller.subject.id,
                also=self.met(before, said, caller.subject.id),
            )

    async def _said_of(self, request: Request, tickets: Tickets) -> str:
        target = request.action.target
        named = self._directory.target(target).name if target else ""
        subject = self._directory.subject(request.action.subject).name
        return await tickets.said(request.ticket, subject, named)

    async def withdraw(self, caller: Caller, request: RequestId) -> Request:
        """Return the requester's own request, withdrawn; what it held is refused."""
        await self.own(caller, request)
        return await self._waiting.advance(
            request,
            RequestEvent.WITHDRAWN,
            outcome=f"{caller.subject.name} withdrew it",
            by=caller.subject.id,
        )

    async def get(self, caller: Caller, request: RequestId) -> Request:
        """Return the request. Raises MissingFault when there is none this person may see."""
        found = await self.seen(caller, request)
        if not self._concerns(caller.subject, found):
            # Who reads what others asked for is in the log first.
            await self._readers.read(caller, "request", request)
        return self._as_seen(caller, found)

    async def seen(self, caller: Caller, request: RequestId) -> Request:
        """Return the request as it is, for what is done with it, and not for showing it.

        Raises MissingFault when there is none this person may see.
        """
        found = await self._waiting.find(request)
        if found is None or not self._may_see(caller, found):
            raise MissingFault("no-such-request", f"there is no request `{request[:60]}` for you")
        return found

    async def withheld(self, caller: Caller, request: RequestId) -> str:
        """Return why this person is not shown what is written in it, empty where they are."""
        found = await self._waiting.find(request)
        return "" if found and self._concerns(caller.subject, found) else caller.withheld

    async def list(
        self, caller: Caller, states: Sequence[RequestState], mine: bool
    ) -> Sequence[Request]:
        """Return the requests this person may see, newest first."""
        subject = caller.subject.id if mine else None
        found = await self._store.requests(states, subject)
        seen = [request for request in found if self._may_see(caller, request)]
        if any(not self._concerns(caller.subject, request) for request in seen):
            await self._readers.read(caller, "requests")
        return [self._as_seen(caller, request) for request in seen]

    async def inbox(self, caller: Caller, limit: int = MOST_IN_INBOX) -> Sequence[Request]:
        """Return what this person can answer now, the nearest deadline first."""
        return self._answerable(caller)[:limit]

    async def inbox_and_count(
        self, caller: Caller, limit: int = MOST_IN_INBOX
    ) -> tuple[Sequence[Request], int]:
        """Return the inbox, and how many requests this person can answer in all."""
        mine = self._answerable(caller)
        return mine[:limit], len(mine)

    def asked(self, request: Request) -> Sequence[Subject]:
        """Return who was told that they are needed and still is, by name; once settled, nobody.

        Before anybody was told it is everybody who may answer.
        """
        able = self._eligibility.asked(request)
        told = [person for person in able if person.id in request.asked]
        return told or able

    def may_answer(self, caller: Caller, request: Request) -> bool:
        """Return whether this person's assent would count now."""
        return self._eligibility.may_answer(caller.subject.id, request)

    def unmet(self, request: Request) -> tuple[str, ...]:
        """Return what is still missing, in words."""
        if request.state in TERMINAL:
            return ()
        return in_words(self._lacking(request), self._directory.names)

    def approval(
        self,
        caller: Caller,
        request: Request,
        verdict: Verdict,
        comment: str,
        *,
        rejected_as: RejectedAs | None = None,
        terms: Terms | None = None,
        action_digest: str = "",
        signature: ApprovalSignature | None = None,
    ) -> Approval:
        """Return this person's answer, if it is theirs to give. Raises as `answer` does."""
        now = self._clock.now()
        # As they are now: somebody may have left a group since they signed in.
        person = self._directory.subject(caller.subject.id)
        me = self._eligibility.assenting(person)
        return give_answer(
            ApprovalId(self._ids.mint("approval")),
            request,
            person,
            self._directory.subject(request.action.subject),
            verdict,
            now,
            comment=comment,
            already=self._eligibility.assented(request),
            delegations=me.delegations,
            terms=terms,
            action_digest=action_digest,
            rejected_as=rejected_as,
            signature=signature,
        )

    def event(self, request: Request) -> RequestEvent:
        """Return what an answer means for a request that waits: enough, or not yet."""
        return RequestEvent.ANSWERED if self._lacking(request) else RequestEvent.SATISFIED

    def met(
        self, before: Request, after: Request, who: SubjectId, by: EntryId | None = None
    ) -> tuple[Entry, ...]:
        """Return the entries of what a request lacks no more. by: the entry of what they did."""
        codes = met_by(self._lacking(before), self._lacking(after))
        now = self._clock.now()
        return tuple(entries.of_met_remedy(self._ids, after, code, now, who, by) for code in codes)

    async def own(self, caller: Caller, request: RequestId) -> Place:
        """Return where the caller's own request waits. Raises ForbiddenFault, ConflictFault."""
        found = await self.seen(caller, request)
        if found.action.subject != caller.subject.id:
            name = self._directory.subject(found.action.subject).name
            raise ForbiddenFault("not-your-request", f"only `{name}` can do that to `{request}`")
        return await self._waiting.place(request)

    async def _stepped_up(self, subject: Subject) -> None:
        """Look again at what waits for a step-up of this person."""
        for place in self._waiting:
            if place.request.action.subject != subject.id or not _asks_step_up(place.request):
                continue
            with suppress(ConflictFault):  # Settled meanwhile, or too late: nothing to look at.
                async with self._waiting.moving(place):
                    await self._confirmed(place, subject.id)

    async def _confirmed(self, place: Place, subject: SubjectId) -> None:
        now, by = self._clock.now(), self._sign_in.step_up_of(subject)
        met = entries.of_met_remedy(self._ids, place.request, "step-up", now, subject, by)
        event = self.event(place.request)
        await self._waiting.move(place, event, by=subject, also=(met,))

    def _answerable(self, caller: Caller) -> Sequence[Request]:
        waiting = (place.request for place in self._waiting)
        mine = self._eligibility.inbox(caller.subject.id, waiting)
        return sorted(mine, key=lambda request: request.deadline_at)

    def _lacking(self, request: Request) -> tuple[Remedy, ...]:
        return lacking(
            request,
            self._directory.subject(request.action.subject),
            self._eligibility.assented(request),
            self._sign_in.stepped_up_at(request.action.subject),
            self._clock.now(),
        )

    def _may_see(self, caller: Caller, request: Request) -> bool:
        """Return whether it concerns them, or they may see those of others."""
        return caller.oversees or self._concerns(caller.subject, request)

    def _as_seen(self, caller: Caller, request: Request) -> Request:
        """Return it without what people wrote in it, for who is not to read that."""
        if not caller.withheld or self._concerns(caller.subject, request):
            return request
        action = replace(request.action, text=caller.withheld, parameters=())
        unsaid = tuple(replace(one, comment="") for one in request.approvals)
        return replace(request, action=action, reason="", approvals=unsaid)

    def _concerns(self, person: Subject, request: Request) -> bool:
        """Return whether it is theirs or their agent's, or was or could be answered by them."""
        if is_theirs(self._directory, person.id, request.action.subject):
            return True
        if any(approval.approver == person.id for approval in request.approvals):
            return True
        return self._eligibility.is_named(person, request)


def _asks_step_up(request: Request) -> bool:
    return any(isinstance(remedy, StepUpRemedy) for remedy in request.remedies)
