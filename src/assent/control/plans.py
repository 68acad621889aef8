"""Maintenance plans: texts that people assent to before, each to be run so many times.

A plan asks for what policies ask of it, together with what they ask of each of its statements. It
permits nothing: a statement of it is decided when it is sent, on the risk of that moment, with
the plan's assents as evidence. Each use is counted in the commit of the decision that it is for.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assent.control import databases, entries
from assent.control.access import refusal_words
from assent.control.asked_proof import proof_of, with_proof
from assent.control.at_once import settled_at_once
from assent.control.decide import Decider, Outcome, max_duration
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.live import LiveSession
from assent.control.plan_actions import (
    LONGEST_TEXT,
    MOST_TEXTS,
    MOST_TIMES,
    VERB,
    Hours,
    PlannedStatement,
    assents_to,
    database_of,
    hours_of,
    is_as_planned,
    normal,
    plan_action,
    planned_texts,
    statement_action,
    text_digest,
    texts_of,
)
from assent.control.reading import Readers
from assent.control.sign_in import NEEDS_REASON, Caller, SignIn
from assent.control.timers import Timers
from assent.control.waiting import Waiting
from assent.core.action import Action, Phase
from assent.core.changes import Change, DropTimer, PutGrant, PutRequest, PutTimer, SpendGrant
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.entry import EntryKind
from assent.core.evidence import Connection
from assent.core.faults import (
    ConflictFault,
    ForbiddenFault,
    MissingFault,
    OutsideFault,
)
from assent.core.grant import Grant, GrantKind, PlannedText
from assent.core.ids import GrantId, Ids, RequestId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.resource import Target
from assent.core.role import Permission
from assent.core.scope import Spent
from assent.core.timer import Timer
from assent.policy.more import EXCEEDS
from assent.policy.remedies import merge
from assent.workflow.request import RequestEvent

BEGINS = "plan.begins"
LONGEST = timedelta(days=30)
_WAITS_FOR = timedelta(days=1)
_LONGEST_REASON = 2_000
_LONGEST_TICKET = 200
_MOST_LOOKED_AT = 10_000
_ONE_USE = Spent(actions=1)

ReadTexts = Callable[[Target, str, str], Awaitable[Sequence[PlannedStatement]]]
"""Target, database and file → its statements. Raises ConflictFault, OutsideFault."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to run. database: empty for the target's own."""

    target: str
    text: str
    hours: Hours
    times: int = 1
    database: str = ""
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that stands: its grant, and each of its texts with how often it was run."""

    grant: Grant
    database: str
    texts: tuple[tuple[str, PlannedText], ...]


async def _nobody_reads(target: Target, database: str, text: str) -> Sequence[PlannedStatement]:
    """Fail: what the texts of a plan do is not known, so none can be proposed."""
    raise OutsideFault("plans-unreadable", "the texts of plans cannot be read here")


class Plans:
    """Proposes plans, mints them, and lets their texts run."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        decider: Decider,
        waiting: Waiting,
        grants: Grants,
        sign_in: SignIn,
        timers: Timers,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._decider = decider
        self._waiting = waiting
        self._grants = grants
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        self._readers = Readers(store=store, clock=clock, ids=ids)
        self._read: ReadTexts = _nobody_reads
        waiting.when_changed(self._changed)
        timers.when(BEGINS, self._begins)

    def read_with(self, read: ReadTexts) -> None:
        """Understand texts by `read`; until then no plan can be proposed."""
        self._read = read

    async def propose(self, caller: Caller, proposal: Proposal) -> Request:
        """Return a request for the plan: completed with a grant where nobody has to be asked.

        Raises ForbiddenFault `denied`, naming the statement where one could never run,
        ConflictFault for what makes no sense, MissingFault, OutsideFault.
        """
        target = self._directory.target_named(proposal.target)
        if target is None:
            words = f"there is no target `{proposal.target[:80]}`; see `assent targets`"
            raise MissingFault("no-such-target", words)
        database = proposal.database or target.database
        if not target.offers(database):
            words = f"target `{target.name}` does not offer the database `{database[:63]}`"
            raise ConflictFault("no-such-database", words)
        self._check(proposal)
        read = await self._read(target, database, proposal.text)
        if not 1 <= len(read) <= MOST_TEXTS:
            words = f"it holds {len(read)} statements; a plan has 1 to {MOST_TEXTS}"
            raise ConflictFault("plan-size", words)
        texts = [one.text for one in read]
        hours, times = proposal.hours, proposal.times
        placed = [databases.placed(one.statement, target, database) for one in read]
        action = plan_action(
            self._ids, caller.subject.id, target, database, texts, hours, times, placed
        )
        action = with_proof(action, caller)
        circumstances = Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            reason=proposal.reason.strip()[:_LONGEST_REASON],
            ticket=proposal.ticket[:_LONGEST_TICKET],
        )
        standing = await self._asked_of(action, read, circumstances)
        outcome = await self._decider.decide(action, replace(circumstances, standing=standing))
        if isinstance(outcome.decision, Deny):
            if not outcome.decision.remedies:
                raise ForbiddenFault("denied", refusal_words(outcome))
            return await self._waiting.open(
                action,
                outcome,
                outcome.decision,
                reason=circumstances.reason,
                ticket=circumstances.ticket,
            )
        return await self._mint_at_once(action, outcome, outcome.decision, circumstances)

    async def again(
        self, live: LiveSession, action: Action, circumstances: Circumstances
    ) -> Outcome | None:
        """Return the permit of a statement that a plan of the person's covers, None for none.

        It is durable, with one use of the text counted. What the plan's assents do not suffice
        for, on the facts of now, is None: people are asked as for any other statement.
        """
        is_whole = action.phase is Phase.EXECUTE and EXCEEDS not in action.details
        if not is_whole or circumstances.standing is not None:
            # That the session itself may go on is no text that anybody assented to.
            return None
        digest = text_digest(live.session.database, action.text, action.parameters)
        now = self._clock.now()
        for grant in self._grants.held(live.subject.id, live.target.id, now):
            if not _holds(grant, digest) or not self._grants.windows.is_open(grant, now):
                continue
            found = await self._under(grant, digest, action, circumstances)
            if found is not None:
                return found
        return None

    async def list(self, caller: Caller, everybody: bool) -> Sequence[Plan]:
        """Return the caller's plans, or all for those who oversee; newest first."""
        if everybody:
            caller.check(Permission.READ_ACCESS)
            await self._readers.read(caller, "plans")
        subject = None if everybody else caller.subject.id
        found = await self._store.grants(subject, limit=_MOST_LOOKED_AT)
        plans = [await self._plan(grant) for grant in found if grant.kind is GrantKind.PLAN]
        return [self._as_seen(caller, plan) for plan in plans if plan is not None]

    async def get(self, caller: Caller, grant: GrantId) -> Plan:
        """Return a plan of the caller's, of their targets, or any for those who oversee.

        Raises MissingFault where there is none that this person may see.
        """
        found = await self._store.grant(grant)
        plan = await self._plan(found) if found and found.kind is GrantKind.PLAN else None
        if plan is None or not self._may_see(caller, plan.grant):
            raise MissingFault("no-such-plan", f"there is no plan `{grant[:60]}` for you")
        if found and found.subject != caller.subject.id:
            await self._readers.read(caller, "plan", grant)
        return self._as_seen(caller, plan)

    def _as_seen(self, caller: Caller, plan: Plan) -> Plan:
        """Return it without its texts, for an administrator who does not say why."""
        if plan.grant.subject == caller.subject.id or not caller.asks_reason:
            return plan
        return replace(plan, texts=tuple((NEEDS_REASON, one) for _, one in plan.texts))

    async def _under(
        self, grant: Grant, digest: str, action: Action, circumstances: Circumstances
    ) -> Outcome | None:
        request = await self._store.request(grant.request) if grant.request else None
        if request is None or request.action.verb != VERB:
            return None
        if not is_as_planned(request.action, action):
            return None
        under = replace(
            circumstances,
            approvals=assents_to(action, request),
            reason=circumstances.reason or request.reason,
            ticket=circumstances.ticket or request.ticket,
            with_permit=(SpendGrant(grant.id, _ONE_USE, planned=digest),),
        )
        # Looked at before it is decided: what is held after all is in the log already.
        considered = await self._decider.consider(action, under)
        if not isinstance(considered.decision, Permit):
            return None
        try:
            outcome = await self._decider.decide(action, under)
        except ConflictFault:
            # Used up, or revoked at this very moment: nothing was permitted.
            return None
        return outcome if isinstance(outcome.decision, Permit) else None

    async def _asked_of(
        self, plan: Action, read: Sequence[PlannedStatement], circumstances: Circumstances
    ) -> Deny | None:
        """Return what the statements of a plan ask together, None for nothing.

        Raises ForbiddenFault, naming it, where one of them could never run.
        """
        if plan.target is None:
            raise MissingFault("no-such-target", "the request names no target")
        target, hours = self._directory.target(plan.target), hours_of(plan)
        now = self._clock.now()
        # As they will be: with access, and with no other grant that policies may make way for.
        access = Grant(GrantId("grt_planned"), plan.subject, target.id, now, now + LONGEST)
        as_then = replace(circumstances, grants=(access,), request=None, standing=None)
        denials: list[Deny] = []
        for number, one in enumerate(read, 1):
            placed = databases.placed(one.statement, target, database_of(plan))
            salt = self._ids.token(16)
            action = statement_action(self._ids, plan, one, placed, salt)
            decision = (await self._decider.consider(action, as_then)).decision
            if isinstance(decision, Permit):
                continue
            if not decision.remedies:
                words = "; ".join((*decision.messages, *one.statement.problems))[:500]
                named = f"statement {number} (`{' '.join(one.text.split())[:80]}`)"
                raise ForbiddenFault("denied", f"{named} could never run: {words}")
            denials.append(decision)
        if not denials:
            return None
        return Deny(
            self._decider.policies.revision,
            "remedy-needed",
            tuple(dict.fromkeys(words for denial in denials for words in denial.messages)),
            tuple(sorted({policy for denial in denials for policy in denial.denied_by})),
            merge(remedy for denial in denials for remedy in denial.remedies),
            hold_for=min(_WAITS_FOR, hours.ends_at - now),
        )

    async def _mint_at_once(
        self, action: Action, outcome: Outcome, permit: Permit, circumstances: Circumstances
    ) -> Request:
        now = self._clock.now()
        request_id = RequestId(self._ids.mint("request"))
        grant = self._draft(action, permit, request_id, circumstances.reason)
        request, settled = settled_at_once(
            self._ids,
            request_id,
            action,
            outcome,
            permit,
            now,
            grant=grant.id,
            reason=circumstances.reason,
            ticket=circumstances.ticket,
        )
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, None)
        await self._store.commit((PutRequest(request), *_put(grant, now)), (settled, issued))
        self._grants.take_up(grant)
        return request

    async def _changed(self, request: Request) -> None:
        """Decide again on a plan that was assented to, and mint it if that says yes."""
        if request.state is not RequestState.APPROVED or request.action.verb != VERB:
            return
        try:
            outcome = await self._again(request)
            if isinstance(outcome.decision, Deny):
                await self._waiting.reopen(request.id, outcome)
                return
            grant = self._draft(request.action, outcome.decision, request.id, request.reason)
        except (ForbiddenFault, ConflictFault, MissingFault, OutsideFault) as fault:
            words = f"it cannot be given any more: {fault.detail}"
            await self._waiting.advance(request.id, RequestEvent.REJECTED, outcome=words)
            return
        now = self._clock.now()
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, None)
        await self._waiting.mint(request.id, grant, _put(grant, now), (issued,))
        self._grants.take_up(grant)

    async def _again(self, request: Request) -> Outcome:
        action = request.action
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            request=request,
        )
        if action.target is None:
            raise MissingFault("no-such-target", "the request names no target")
        target = self._directory.target(action.target)
        # Read again: what a text does may be something else than when it was proposed.
        # Apart by themselves, so that a comment at the end of one does not swallow what follows.
        text = "\n;\n".join(texts_of(action))
        read = await self._read(target, database_of(action), text)
        if [normal(one.text) for one in read] != list(texts_of(action)):
            raise ConflictFault("plan-unreadable", "its texts are read otherwise than before")
        asked = replace(circumstances, reason=request.reason, ticket=request.ticket)
        standing = await self._asked_of(action, read, asked)
        return await self._decider.decide(action, replace(circumstances, standing=standing))

    def _draft(self, action: Action, permit: Permit, request: RequestId, reason: str) -> Grant:
        """Return the grant, never longer than policies and the target's ceiling let."""
        if action.target is None:
            raise MissingFault("no-such-target", "the request names no target")
        ceiling_s = self._directory.target(action.target).longest_grant_s
        hours, now = hours_of(action), self._clock.now()
        starts_at = max(now, hours.starts_at)
        longest = min(
            max_duration(permit) or LONGEST,
            LONGEST if ceiling_s is None else timedelta(seconds=ceiling_s),
        )
        ends_at = min(hours.ends_at, starts_at + longest)
        if ends_at <= starts_at:
            raise ConflictFault("plan-over", "its time is over")
        return Grant(
            id=GrantId(self._ids.mint("grant")),
            subject=action.subject,
            target=action.target,
            starts_at=starts_at,
            ends_at=ends_at,
            request=request,
            reason=reason,
            kind=GrantKind.PLAN,
            window=hours.window,
            plan=planned_texts(action),
        )

    async def _begins(self, about: str, due_at: datetime) -> None:
        """Count a plan whose time has come: after a restart nobody has it in mind."""
        grant = await self._store.grant(GrantId(about))
        now = self._clock.now()
        if grant is not None and grant.is_valid(now) and self._grants.get(grant.id) is None:
            self._grants.take_up(grant)
        await self._store.commit((DropTimer(about, BEGINS),), ())

    async def _plan(self, grant: Grant) -> Plan | None:
        request = await self._store.request(grant.request) if grant.request else None
        if request is None or request.action.verb != VERB:
            return None
        database = database_of(request.action)
        by_digest = {one.digest: one for one in grant.plan}
        texts = dict.fromkeys(texts_of(request.action))
        shown = ((text, by_digest.get(text_digest(database, text))) for text in texts)
        return Plan(grant, database, tuple((text, one) for text, one in shown if one))

    def _may_see(self, caller: Caller, grant: Grant) -> bool:
        person = caller.subject
        if grant.subject == person.id or caller.oversees:
            return True
        try:
            target = self._directory.target(grant.target) if grant.target else None
        except MissingFault:
            return False
        return target is not None and bool(person.groups & target.owners)

    def _check(self, proposal: Proposal) -> None:
        now, hours = self._clock.now(), proposal.hours
        if len(proposal.text) > LONGEST_TEXT:
            words = f"it is longer than {LONGEST_TEXT} characters; propose it in parts"
            raise ConflictFault("plan-size", words)
        if not 1 <= proposal.times <= MOST_TIMES:
            raise ConflictFault("times", f"each text runs 1 to {MOST_TIMES} times")
        if not max(now, hours.starts_at) < hours.ends_at <= now + LONGEST:
            words = f"a plan ends after it begins, and within {LONGEST.days} days from now"
            raise ConflictFault("plan-hours", words)
        if not proposal.reason.strip():
            raise ConflictFault("reason", "say why: those who assent read it")
        if hours.window is not None:
            self._grants.windows.check(hours.window)


def _put(grant: Grant, now: datetime) -> tuple[Change, ...]:
    if grant.starts_at <= now:
        return (PutGrant(grant),)
    return PutGrant(grant), PutTimer(Timer(BEGINS, grant.id, grant.starts_at))


def _holds(grant: Grant, digest: str) -> bool:
    return grant.kind is GrantKind.PLAN and any(text.digest == digest for text in grant.plan)
