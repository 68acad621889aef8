"""Counter-offers: an approver says what of it they would assent to, the requester takes it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from assent.control import entries
from assent.control.access import refusal_words
from assent.control.decide import Outcome
from assent.control.directory import Directory
from assent.control.eligibility import open_offers
from assent.control.outbox import Outbox
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.control.signing import NOTHING, Proof
from assent.control.waiting import Waiting
from assent.core.changes import PutApproval, PutNotice
from assent.core.decision import Deny
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import ApprovalId, Ids, RequestId, SubjectId
from assent.core.request import Approval, Request, Verdict
from assent.core.scope import Terms
from assent.workflow.narrowing import describe_terms, narrow
from assent.workflow.request import RequestEvent

MOST_OPEN = 20
"""Offers that one request may have."""


class Offers:
    """Makes offers and takes them; what is taken is decided again like anything else.

    again: decides on a request for access as it is now.
    """

    def __init__(
        self,
        *,
        waiting: Waiting,
        requests: Requests,
        directory: Directory,
        again: Callable[[Request], Awaitable[Outcome]],
        outbox: Outbox,
        ids: Ids,
    ) -> None:
        self._waiting = waiting
        self._requests = requests
        self._directory = directory
        self._again = again
        self._outbox = outbox
        self._ids = ids

    async def offer(
        self,
        caller: Caller,
        request: RequestId,
        terms: Terms,
        comment: str,
        proof: Proof = NOTHING,
    ) -> Request:
        """Return the request with this person's offer, bound to the action as it would be.

        proof: of what they were shown with these terms. Raises ConflictFault where it cannot be
        narrowed so, and as `Requests.answer` does.
        """
        await self._requests.seen(caller, request)
        async with (
            self._waiting.moving(await self._waiting.place(request)) as place,
            self._requests.proved(caller, place.request, Verdict.OFFER, proof, terms) as proved,
        ):
            narrowed = narrow(place.request.action, terms)
            if sum(one.verdict is Verdict.OFFER for one in place.request.approvals) >= MOST_OPEN:
                words = f"request `{request}` has {MOST_OPEN} offers already; approve or reject it"
                raise ConflictFault("too-many-offers", words)
            approval = self._requests.approval(
                caller,
                place.request,
                Verdict.OFFER,
                comment,
                terms=terms,
                action_digest=narrowed.digest(),
                signature=proved.signature,
            )
            notice = self._outbox.notice(
                "request.offered",
                to=(place.request.action.subject,),
                headline=f"{caller.subject.name} offers less than you asked for",
                lines=(*describe_terms(terms), f"accept it with: assent accept {request}"),
                request=request,
                key=f"request.offered:{approval.id}",
            )
            entry = entries.of_approval(self._ids, approval, place.request, proved.document)
            return await self._waiting.move(
                place,
                RequestEvent.ANSWERED,
                approval=approval,
                by=caller.subject.id,
                changes=(PutApproval(approval), notice),
                also=(entry,),
            )

    async def accept(
        self, caller: Caller, request: RequestId, offer: ApprovalId | None = None
    ) -> Request:
        """Return the caller's own request, narrowed to an offer and decided again.

        offer: needed only where there are several different ones. Answers to what was asked for
        before no longer count, and who gave them is told.
        Raises ForbiddenFault (not their own), ConflictFault, MissingFault.
        """
        async with self._waiting.moving(await self._requests.own(caller, request)) as place:
            before = place.request
            chosen = _chosen(before, offer)
            narrowed = replace(
                before,
                action=narrow(before.action, chosen.terms or Terms()),
                action_digest=chosen.action_digest,
                impact=None,
            )
            outcome = await self._again(narrowed)
            if isinstance(outcome.decision, Deny):
                if not outcome.decision.remedies:
                    # The requester keeps what they asked for: nobody is worse off by a try.
                    words = f"what was offered is not permitted: {refusal_words(outcome)}"
                    raise ConflictFault("offer-not-permitted", words)
                narrowed = _demanding(narrowed, outcome, outcome.decision)
                event = self._requests.event(narrowed)
            else:
                event = RequestEvent.SATISFIED
            return await self._waiting.move(
                place,
                event,
                request=narrowed,
                by=caller.subject.id,
                changes=(self._told(caller, before, chosen),),
                also=self._requests.met(before, narrowed, caller.subject.id),
            )

    def _told(self, caller: Caller, request: Request, chosen: Approval) -> PutNotice:
        heard = [*request.asked, *(given.approver for given in request.approvals)]
        to: Sequence[SubjectId] = [who for who in heard if who != request.action.subject]
        by = self._directory.subject(chosen.approver).name
        return self._outbox.notice(
            "request.narrowed",
            to=to,
            headline=f"{caller.subject.name} took what {by} offered",
            lines=(
                *describe_terms(chosen.terms or Terms()),
                "answers to what was asked for before do not count for this",
            ),
            request=request.id,
            key=f"request.narrowed:{chosen.id}",
        )


def _demanding(request: Request, outcome: Outcome, denial: Deny) -> Request:
    """Return the request with what is demanded of it as it is now."""
    return replace(
        request,
        assessment=outcome.assessment,
        remedies=denial.remedies,
        messages=denial.messages,
        denied_by=denial.denied_by,
        revision=denial.revision,
    )


def _chosen(request: Request, offer: ApprovalId | None) -> Approval:
    found = open_offers(request)
    if offer is not None:
        found = tuple(one for one in found if one.id == offer)
        if not found:
            words = f"request `{request.id}` has no open offer `{offer[:60]}`"
            raise MissingFault("no-such-offer", words)
    if not found:
        words = f"nobody has offered anything for request `{request.id}`"
        raise ConflictFault("no-offer", words)
    if len({one.action_digest for one in found}) > 1:
        names = ", ".join(f"`{one.id}`" for one in found)
        raise ConflictFault("several-offers", f"there are several offers; name one of {names}")
    return found[0]
