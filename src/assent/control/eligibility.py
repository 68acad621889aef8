"""Who may answer what waits: worked out from groups and delegations as they are now."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from assent.control.delegations import Delegations
from assent.control.directory import Directory
from assent.core.assenting import (
    ALTERNATIVE,
    ONE_PERSON,
    SPONSOR_SEAT,
    Assenting,
    can_count,
    is_member,
    is_sponsor,
)
from assent.core.clock import Clock
from assent.core.decision import ApprovalRemedy, Remedy
from assent.core.faults import ConflictFault, MissingFault
from assent.core.grant import Delegation
from assent.core.ids import RequestId, SubjectId
from assent.core.quorum import counted, eligible, escalated, has_seat
from assent.core.request import Approval, Request, RequestState, Verdict
from assent.core.role import Permission
from assent.core.subject import Subject
from assent.workflow.narrowing import narrow

_MOST_KEPT = 20_000
_Key = tuple[tuple[Remedy, ...], SubjectId]


class Eligibility:
    """Answers who is asked now, for one request and for all that waits.

    Most requests that wait ask the same of the same person's kind of request, so it is worked
    out once for all of them.
    """

    def __init__(self, *, directory: Directory, delegations: Delegations, clock: Clock) -> None:
        self._directory = directory
        self._delegations = delegations
        self._clock = clock
        self._groups: dict[str, list[Subject]] = {}
        self._groups_of = -1
        # What it was worked out for stands beside it: a request that moved is another value.
        self._asked: dict[RequestId, tuple[Request, object, tuple[Subject, ...]]] = {}
        self._kinds: dict[RequestId, tuple[Request, int]] = {}
        self._numbers: dict[_Key, int] = {}

    def assenting(self, person: Subject) -> Assenting:
        """Return the person with the delegations that count for them now."""
        return self._delegations.assenting(person, self._clock.now())

    def assented(self, request: Request) -> tuple[Assenting, ...]:
        """Return those whose assent to exactly this action counts, in the order they gave it."""
        people: dict[str, Subject] = {}
        delegations: dict[str, tuple[Delegation, ...]] = {}
        now = self._clock.now()
        for approval in request.approvals:
            try:
                people[approval.approver] = self._directory.subject(approval.approver)
            except MissingFault:
                continue  # Who is not there any more does not count.
            delegations[approval.approver] = self._delegations.of(approval.approver, now)
        return tuple(counted(request.approvals, request.action_digest, people, delegations))

    def asked(self, request: Request) -> tuple[Subject, ...]:
        """Return who may usefully answer now, by name; nobody once it is settled.

        Who has made an offer waits for the requester, and is not asked meanwhile.
        """
        if request.state is not RequestState.PENDING:
            return ()
        now = self._clock.now()
        state = (self._directory.revision, self._delegations.revision, _due(request, now))
        kept = self._asked.get(request.id)
        if kept is not None and kept[0] is request and kept[1] == state:
            return kept[2]
        offering = {approval.approver for approval in open_offers(request)}
        candidates = self._candidates(request, now)
        people = {one.person.name: one.person for one in self._counting(request, candidates, now)}
        found = tuple(people[name] for name in sorted(people) if people[name].id not in offering)
        if len(self._asked) >= _MOST_KEPT:
            self._asked.clear()
        self._asked[request.id] = (request, state, found)
        return found

    def may_answer(self, person: SubjectId, request: Request) -> bool:
        """Return whether this person's assent would count now."""
        return bool(self.inbox(person, (request,)))

    def inbox(self, person: SubjectId, requests: Iterable[Request]) -> list[Request]:
        """Return those of `requests` that this person can answer now, in their order."""
        now = self._clock.now()
        try:
            me = (self._delegations.assenting(self._directory.subject(person), now),)
        except MissingFault:
            return []
        if not self._directory.may(me[0].person, Permission.ANSWER):
            return []
        known: dict[tuple[int, int], bool] = {}
        found = []
        for request in requests:
            if request.state is not RequestState.PENDING or now >= request.deadline_at:
                continue
            if request.approvals:
                counts = bool(self._counting(request, me, now))
            else:
                key = (self._kind(request), _due(request, now))
                if key not in known:
                    known[key] = bool(self._counting(request, me, now))
                counts = known[key]
            if counts:
                found.append(request)
        return found

    def is_named(self, person: Subject, request: Request) -> bool:
        """Return whether some stage of it asks people like this one, sooner or later."""
        if not self._directory.may(person, Permission.ANSWER):
            return False
        now = self._clock.now()
        requester = self._directory.subject(request.action.subject)
        own = self._delegations.assenting(person, now)
        for remedy in _approvals(request, now):
            answers_for_it = is_sponsor(person, requester) and has_seat(remedy, person)
            if not (can_count(person, requester) or remedy.by_requester or answers_for_it):
                continue
            for group in _groups_of(remedy):
                if is_member(person, group) or any(one.group == group for one in own.delegations):
                    return True
        return False

    def _counting(
        self, request: Request, people: Sequence[Assenting], now: datetime
    ) -> list[Assenting]:
        """Return those of `people` whose assent would count, who have not answered this yet."""
        requester = self._directory.subject(request.action.subject)
        already = self.assented(request) if request.approvals else ()
        answered = {
            approval.approver
            for approval in request.approvals
            if approval.action_digest == request.action_digest
        }
        found: dict[SubjectId, Assenting] = {}
        for remedy in _approvals(request, now):
            for one in eligible(remedy, requester, people, already):
                if one.person.id not in answered:
                    found[one.person.id] = one
        return list(found.values())

    def _candidates(self, request: Request, now: datetime) -> list[Assenting]:
        """Return everybody who is in a group that is asked, or stands for somebody who is."""
        if self._groups_of != self._directory.revision:
            self._groups_of = self._directory.revision
            self._groups = {}
            for person in self._directory.subjects():
                own = (f"{ONE_PERSON}{person.id}", f"{SPONSOR_SEAT}{person.id}")
                for group in (*person.groups, *own):
                    self._groups.setdefault(group, []).append(person)
        groups = frozenset(
            group for remedy in _approvals(request, now) for group in _groups_of(remedy)
        )
        people = {person.id: person for group in groups for person in self._groups.get(group, ())}
        for holder in self._delegations.delegates(groups, now):
            try:
                people[holder] = self._directory.subject(holder)
            except MissingFault:
                continue
        # An auditor in a group that is asked answers nothing, and is not told.
        return [
            self._delegations.assenting(person, now)
            for person in people.values()
            if self._directory.may(person, Permission.ANSWER)
        ]

    def _kind(self, request: Request) -> int:
        """Return one number for all requests that ask the same for the same person."""
        kept = self._kinds.get(request.id)
        if kept is not None and kept[0] is request:
            return kept[1]
        if len(self._kinds) >= _MOST_KEPT:
            self._kinds.clear()
            self._numbers.clear()
        key = (request.remedies, request.action.subject)
        number = self._numbers.setdefault(key, len(self._numbers))
        self._kinds[request.id] = (request, number)
        return number


def open_offers(request: Request) -> tuple[Approval, ...]:
    """Return the offers that the requester can accept now, in the order in which they came."""
    if request.state is not RequestState.PENDING:
        return ()
    return tuple(approval for approval in request.approvals if _is_open(approval, request))


def _is_open(offer: Approval, request: Request) -> bool:
    if offer.verdict is not Verdict.OFFER or offer.terms is None or offer.withdrawn_at is not None:
        return False
    try:
        # What was offered for an earlier form of the request is no offer for this one.
        return narrow(request.action, offer.terms).digest() == offer.action_digest
    except ConflictFault:
        return False


def _approvals(request: Request, now: datetime) -> tuple[ApprovalRemedy, ...]:
    """Return whose assent it asks now, with whoever came to be asked by waiting."""
    waited = now - request.created_at
    return tuple(
        escalated(remedy, waited)
        for remedy in request.remedies
        if isinstance(remedy, ApprovalRemedy)
    )


def _due(request: Request, now: datetime) -> int:
    """Return how many of its escalations have come."""
    waited = now - request.created_at
    return sum(
        one.after <= waited
        for remedy in request.remedies
        if isinstance(remedy, ApprovalRemedy) and remedy.escalations
        for one in remedy.escalations
    )


def _groups_of(remedy: ApprovalRemedy) -> list[str]:
    return [
        group
        for stage in remedy.stages
        for quorum in stage
        for group in quorum.group.split(ALTERNATIVE)
    ]
