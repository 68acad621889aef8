"""Giving somebody one's place among those who are asked: an action that is decided like any."""

from contextlib import suppress
from datetime import datetime, timedelta

from assent.control import entries
from assent.control.access import refusal_words
from assent.control.asked_proof import proof_of, with_proof
from assent.control.at_once import settled_at_once
from assent.control.decide import Decider, Outcome, max_duration
from assent.control.delegations import Delegations
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.sign_in import Caller, SignIn
from assent.control.waiting import Waiting
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assenting import ONE_PERSON, holds, is_member
from assent.core.changes import PutGrant, PutRequest
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.entry import EntryKind
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Delegation, Grant, GrantKind
from assent.core.ids import ActionId, GrantId, Ids, RequestId, SubjectId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.resource import Resource
from assent.core.subject import Subject, SubjectKind
from assent.workflow.request import RequestEvent

VERB = "delegation.give"
LONGEST = timedelta(days=30)
MYSELF = "@me"
"""As a group: whatever asks the giver by name, such as a manager."""
_LONGEST_REASON = 2_000
_MOST_GIVEN = 50


class Delegating:
    """Mints delegations, at once or when people have assented."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        decider: Decider,
        waiting: Waiting,
        grants: Grants,
        delegations: Delegations,
        sign_in: SignIn,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._decider = decider
        self._waiting = waiting
        self._grants = grants
        self._delegations = delegations
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        waiting.when_changed(self._changed)

    async def give(
        self, caller: Caller, group: str, to: str, lasts_for: timedelta, reason: str
    ) -> Request:
        """Return a request for the delegation: completed where that is permitted at once.

        Raises MissingFault for a person who is not there, ForbiddenFault where it is not the
        caller's to give or no policy permits it, ConflictFault for terms that make no sense.
        """
        holder = self._directory.subject_named(to)
        if holder is None:
            raise MissingFault("no-such-person", f"there is no person `{to[:80]}`")
        if not timedelta(seconds=1) <= lasts_for <= LONGEST:
            raise ConflictFault(
                "duration", f"delegate for a second at least and {LONGEST.days} days at most"
            )
        if group == MYSELF:
            group = f"{ONE_PERSON}{caller.subject.id}"
        self._check(self._directory.subject(caller.subject.id), holder, group)
        action = self._action(caller, holder, group, lasts_for)
        reason = reason[:_LONGEST_REASON]
        circumstances = Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            reason=reason,
        )
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Deny):
            if not outcome.decision.remedies:
                raise ForbiddenFault("denied", refusal_words(outcome))
            return await self._waiting.open(action, outcome, outcome.decision, reason=reason)
        return await self._give_at_once(action, outcome, outcome.decision, reason)

    def _check(self, giver: Subject, holder: Subject, group: str) -> None:
        """Refuse what cannot be given, whatever policies say."""
        if not holds(Delegation(giver.id, group), giver):
            # A group that one has only by a delegation is not one's own: there are no chains.
            raise ForbiddenFault(
                "not-your-group",
                f"only people who are in `{group[:80]}` themselves can delegate it",
            )
        if holder.kind is not SubjectKind.HUMAN or holder.disabled:
            raise ConflictFault(
                "not-a-person", f"`{holder.name}` answers no requests; name a person who can"
            )
        if holder.id == giver.id or is_member(holder, group):
            raise ConflictFault(
                "nothing-to-delegate", f"`{holder.name}` is in `{group[:80]}` already"
            )
        given = self._delegations.about(giver.id, self._clock.now())
        if sum(grant.subject != giver.id for grant in given) >= _MOST_GIVEN:
            raise ConflictFault(
                "too-many-delegations", f"{_MOST_GIVEN} of your delegations are in force already"
            )

    async def _give_at_once(
        self, action: Action, outcome: Outcome, permit: Permit, reason: str
    ) -> Request:
        now = self._clock.now()
        request_id = RequestId(self._ids.mint("request"))
        grant = self._draft(action, permit, request_id, reason, now)
        request, settled = settled_at_once(
            self._ids,
            request_id,
            action,
            outcome,
            permit,
            now,
            grant=grant.id,
            reason=reason,
        )
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, action.subject)
        await self._store.commit((PutRequest(request), PutGrant(grant)), (settled, issued))
        self._take_up(grant)
        return request

    async def _changed(self, request: Request) -> None:
        """Decide again on a delegation that was approved, and mint it if that says yes."""
        if request.state is not RequestState.APPROVED or request.action.verb != VERB:
            return
        action, now = request.action, self._clock.now()
        try:
            self._check(
                self._directory.subject(action.subject),
                self._directory.subject(SubjectId(action.details["to"])),
                action.details["group"],
            )
        except (ConflictFault, ForbiddenFault, MissingFault) as fault:
            words = f"it cannot be given any more: {fault.detail}"
            await self._waiting.advance(request.id, RequestEvent.REJECTED, outcome=words)
            return
        outcome = await self.again(request)
        if isinstance(outcome.decision, Deny):
            await self._waiting.reopen(request.id, outcome)
            return
        grant = self._draft(action, outcome.decision, request.id, request.reason, now)
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, action.subject)
        with suppress(
            ConflictFault
        ):  # Somebody was faster: withdrawn, by whoever asked or assented.
            await self._waiting.mint(request.id, grant, (PutGrant(grant),), (issued,))
            self._take_up(grant)

    async def again(self, request: Request) -> Outcome:
        """Return what is decided now on a delegation that was asked for, with its answers."""
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            request=request,
        )
        return await self._decider.decide(request.action, circumstances)

    def _take_up(self, grant: Grant) -> None:
        self._delegations.take_up(grant)
        self._grants.take_up(grant)

    def _draft(
        self, action: Action, permit: Permit, request: RequestId, reason: str, now: datetime
    ) -> Grant:
        asked = timedelta(seconds=int(action.details["for_s"]))
        return Grant(
            id=GrantId(self._ids.mint("grant")),
            subject=SubjectId(action.details["to"]),
            target=None,
            starts_at=now,
            ends_at=now + min(asked, max_duration(permit) or LONGEST),
            request=request,
            reason=reason,
            kind=GrantKind.DELEGATION,
            delegation=Delegation(action.subject, action.details["group"]),
        )

    def _action(self, caller: Caller, holder: Subject, group: str, lasts_for: timedelta) -> Action:
        touch = Touch(VERB, Operation.ADMINISTER, Resource("System", "delegations"))
        details = {
            "for_s": str(int(lasts_for.total_seconds())),
            "group": group,
            "to": holder.id,
        }
        words = f"delegate {group} to {holder.name}"
        action = Action(
            id=ActionId(self._ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement(VERB, (touch,), complete=True),
            text=words,
            details=details,
            salt=self._ids.token(16),
        )
        return with_proof(action, caller)
