"""Breaking the glass: access at once in an emergency, short, loud, recorded, and to be reviewed.

An action like any other: a policy that names it must permit it. Beyond policies stands that only
humans do it, and nobody who owes a review that is overdue.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assent.control import entries
from assent.control.access import Access, refusal_words
from assent.control.asked_proof import proof_of, with_proof
from assent.control.at_once import settled_at_once
from assent.control.decide import Decider, Outcome, max_duration
from assent.control.directory import Directory
from assent.control.emergency import emergency_words
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.live import LiveSessions
from assent.control.outbox import Outbox
from assent.control.reviews import Reviews
from assent.control.session_credentials import Opened
from assent.control.sign_in import Caller, SignIn
from assent.control.waiting import Waiting
from assent.control.watching import Watching
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.changes import Change, PutGrant, PutRequest
from assent.core.clock import Clock, isoformat
from assent.core.decision import Deny, Permit
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Connection, Presence
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import ActionId, Ids, RequestId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.resource import Resource, Target
from assent.core.review import Review
from assent.core.scope import UNLIMITED
from assent.policy.reviewing import reviews_in
from assent.policy.sizes import parse_budget
from assent.workflow.request import RequestEvent

VERB = "access.break-glass"
LONGEST = timedelta(hours=1)
"""No policy makes it longer: who needs more time asks for access."""
SHORTEST_REASON = 10
_LONGEST_REASON = 2_000
_LONGEST_TICKET = 200
_MOST_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Broken:
    """Access that was taken: a credential for it, and the reviews that are owed."""

    opened: Opened
    reviews: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class _Minted:
    """What is to be made durable, all of it at once."""

    grant: Grant
    reviews: tuple[Review, ...]
    changes: tuple[Change, ...]
    entries: tuple[Entry, ...]


class BreakGlass:
    """Decides on access in an emergency, and mints it together with its review."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        decider: Decider,
        waiting: Waiting,
        grants: Grants,
        access: Access,
        reviews: Reviews,
        sign_in: SignIn,
        watching: Watching,
        outbox: Outbox,
        live: LiveSessions,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._decider = decider
        self._waiting = waiting
        self._grants = grants
        self._access = access
        self._reviews = reviews
        self._sign_in = sign_in
        self._watching = watching
        self._outbox = outbox
        self._live = live
        self._clock = clock
        self._ids = ids
        waiting.when_changed(self._changed)

    async def take(
        self,
        caller: Caller,
        target_name: str,
        lasts_for: timedelta | None,
        reason: str,
        ticket: str = "",
        connections: int = 1,
    ) -> Broken | Request:
        """Return a credential at once, or the request where a policy asks for something first.

        Raises ConflictFault for a reason of less than 10 characters, MissingFault,
        ForbiddenFault `denied`, `no-reviewer`.
        """
        target = self._directory.target_named(target_name)
        if target is None:
            words = f"there is no target `{target_name[:80]}`; see `assent targets`"
            raise MissingFault("no-such-target", words)
        reason = reason.strip()[:_LONGEST_REASON]
        _check(lasts_for, reason, connections)
        action = self._action(caller, target, lasts_for)
        circumstances = await self._now(action, caller, reason, ticket[:_LONGEST_TICKET])
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Deny):
            if not outcome.decision.remedies:
                raise ForbiddenFault("denied", refusal_words(outcome))
            return await self._waiting.open(
                action, outcome, outcome.decision, reason=reason, ticket=ticket[:_LONGEST_TICKET]
            )
        minted = await self._at_once(action, outcome, outcome.decision, circumstances)
        opened = await self._access.opened_under(caller, minted.grant, connections)
        return Broken(opened, minted.reviews)

    async def _at_once(
        self, action: Action, outcome: Outcome, permit: Permit, circumstances: Circumstances
    ) -> _Minted:
        now = self._clock.now()
        request_id = RequestId(self._ids.mint("request"))
        minted = self._minted(action, permit, request_id, circumstances.reason, now)
        request, settled = settled_at_once(
            self._ids,
            request_id,
            action,
            outcome,
            permit,
            now,
            grant=minted.grant.id,
            reason=circumstances.reason,
            ticket=circumstances.ticket,
        )
        await self._store.commit((PutRequest(request), *minted.changes), (settled, *minted.entries))
        self._take_up(minted)
        return minted

    async def _changed(self, request: Request) -> None:
        """Decide again on what people have assented to, and mint it if that says yes."""
        if request.state is not RequestState.APPROVED or request.action.verb != VERB:
            return
        action, now = request.action, self._clock.now()
        outcome = await self._again(request)
        if isinstance(outcome.decision, Deny):
            await self._waiting.reopen(request.id, outcome)
            return
        try:
            minted = self._minted(action, outcome.decision, request.id, request.reason, now)
        except (ForbiddenFault, ConflictFault, MissingFault) as fault:
            words = f"it cannot be given any more: {fault.detail}"
            await self._waiting.advance(request.id, RequestEvent.REJECTED, outcome=words)
            return
        await self._waiting.mint(request.id, minted.grant, minted.changes, minted.entries)
        self._take_up(minted)

    async def _again(self, request: Request) -> Outcome:
        action = request.action
        subject = self._directory.subject(action.subject)
        revision = self._decider.policies.revision
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            grants=tuple(self._grants.valid(action.subject, action.target, self._clock.now())),
            request=request,
            standing=await self._reviews.against(subject, revision),
        )
        return await self._decider.decide(action, circumstances)

    async def _now(self, action: Action, caller: Caller, reason: str, ticket: str) -> Circumstances:
        now = self._clock.now()
        # As they are now: what somebody is may have changed since they signed in.
        subject = self._directory.subject(caller.subject.id)
        presence = await self._watching.presence(subject.id, None, now)
        return Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            grants=tuple(self._grants.valid(subject.id, action.target, now)),
            reason=reason,
            ticket=ticket,
            presence=presence or Presence(),
            unavailable=frozenset() if presence else frozenset({"presence"}),
            # In the log like what policies say, so that a refusal by it can be replayed.
            standing=await self._reviews.against(subject, self._decider.policies.revision),
        )

    def _minted(
        self, action: Action, permit: Permit, request: RequestId, reason: str, now: datetime
    ) -> _Minted:
        """Return the grant with all that comes with it. Raises ForbiddenFault, MissingFault."""
        if action.target is None:
            raise MissingFault("no-such-target", "the request names no target")
        target = self._directory.target(action.target)
        obliged = {item.name: item.value for item in permit.obligations}
        asked = action.details.get("for_s")
        grant = self._grants.draft(
            action.subject,
            target.id,
            asked=timedelta(seconds=int(asked)) if asked else None,
            permitted=min(max_duration(permit) or LONGEST, LONGEST),
            request=request,
            reason=reason,
            budget=parse_budget(obliged["budget"]) if "budget" in obliged else UNLIMITED,
            read_only="read_only" in obliged,
            kind=GrantKind.BREAK_GLASS,
        )
        reviews = self._reviews.owed(grant, target, reviews_in(permit.obligations))
        opening, opened = self._reviews.opening(grant, reviews)
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, None)
        issued = replace(issued, facts={**issued.facts, "kind": grant.kind.value})
        notice = self._loudly(grant, target, reviews)
        return _Minted(grant, reviews, (PutGrant(grant), *opening, notice), (issued, *opened))

    def _loudly(self, grant: Grant, target: Target, reviews: Sequence[Review]) -> Change:
        name = self._directory.subject(grant.subject).name
        return self._outbox.notice(
            "break-glass.taken",
            to=self._reviews.told(grant, target, reviews),
            headline=f"{name} broke the glass on {target.name}",
            lines=(
                f"reason: {grant.reason[:500]}",
                f"until {isoformat(grant.ends_at)[:19]}Z, recorded with all results",
                *(
                    f"to be reviewed by {one.group.replace('|', ' or ')} until "
                    f"{isoformat(one.due_at)[:19]}Z: {one.id}"
                    for one in reviews
                ),
                f"to end it now: assent revoke {grant.id} --because …",
            ),
            link=f"/reviews/{reviews[0].id}",
            request=grant.request,
            grant=grant.id,
            loud=True,
            key=f"break-glass.taken:{grant.id}",
            thread=grant.id,
        )

    def _take_up(self, minted: _Minted) -> None:
        grant = minted.grant
        # What is open on the target already is recorded from here on, too; its people hear so.
        self._grants.take_up(grant)
        for live in self._live.of(grant.subject):
            if live.target.id == grant.target:
                live.say(emergency_words(live.target.name))

    def _action(self, caller: Caller, target: Target, lasts_for: timedelta | None) -> Action:
        touch = Touch(VERB, Operation.EXECUTE, Resource("Target", target.name))
        details = {} if lasts_for is None else {"for_s": str(int(lasts_for.total_seconds()))}
        action = Action(
            id=ActionId(self._ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement(VERB, (touch,), complete=True),
            target=target.id,
            text=f"break the glass on {target.name}",
            details=details,
            salt=self._ids.token(16),
        )
        return with_proof(action, caller)


def _check(lasts_for: timedelta | None, reason: str, connections: int) -> None:
    if len(reason) < SHORTEST_REASON:
        words = f"say why, in {SHORTEST_REASON} characters at least: others will review it"
        raise ConflictFault("reason", words)
    if lasts_for is not None and not timedelta(seconds=1) <= lasts_for <= LONGEST:
        raise ConflictFault("duration", "break the glass for a second at least and an hour at most")
    if not 1 <= connections <= _MOST_CONNECTIONS:
        raise ConflictFault("connections", f"ask for 1 to {_MOST_CONNECTIONS} connections")
