"""Asking for access to a target, and the credential that opens a session on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assent.control import entries
from assent.control.decide import DEFAULT_DURATION, Decider, Outcome, max_duration
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.nearest import permitted_because
from assent.control.remedies import in_words
from assent.control.sign_in import Caller, SignIn
from assent.control.verifiers import Verifiers
from assent.control.waiting import Waiting
from assent.control.watching import Watching
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.changes import PutCredential, PutGrant, PutRequest
from assent.core.clock import Clock, isoformat
from assent.core.decision import Deny, Permit
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Authentication, Connection, Presence
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import ActionId, CredentialId, EntryId, Ids, RequestId, TargetId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.resource import Resource, Target
from assent.core.scope import UNLIMITED
from assent.core.secret import Secret
from assent.core.session import Credential
from assent.policy.sizes import parse_budget
from assent.workflow.grant import waits_for_use
from assent.workflow.request import RequestEvent
from assent.workflow.wishes import ANYTHING, Wish, details_of, window_text, wish_of

CREDENTIAL_LASTS_FOR = timedelta(minutes=5)
_MOST_CONNECTIONS = 256
_LONGEST = timedelta(days=30)
_USUAL_PROOF = "password"
_LONGEST_REASON = 2_000
_LONGEST_TICKET = 200
_LONGEST_OUTCOME = 2_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A credential for a session, shown once. database: what the client must name."""

    user: str
    password: Secret[str]
    database: str
    target: Target
    expires_at: datetime
    grant: Grant
    connections: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What asking for a target would lead to: `granted`, `automatic`, `ask` or `closed`."""

    target: Target
    state: str
    words: tuple[str, ...]
    grant: Grant | None


class Access:
    """Decides on access to targets, mints grants and session credentials."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        decider: Decider,
        waiting: Waiting,
        grants: Grants,
        sign_in: SignIn,
        verifiers: Verifiers,
        watching: Watching,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._decider = decider
        self._waiting = waiting
        self._grants = grants
        self._sign_in = sign_in
        self._verifiers = verifiers
        self._watching = watching
        self._clock = clock
        self._ids = ids
        waiting.when_changed(self._changed)

    async def connect(
        self,
        caller: Caller,
        target_name: str,
        lasts_for: timedelta | None,
        reason: str,
        ticket: str,
        connections: int,
        wish: Wish = ANYTHING,
    ) -> Opened | Request:
        """Return a session credential, or the request that must be answered first.

        A valid grant is used; without one, or when a duration or anything else is named, access
        is asked for. Raises MissingFault, ForbiddenFault `denied`, ConflictFault.
        """
        if not 1 <= connections <= _MOST_CONNECTIONS:
            raise ConflictFault("connections", f"ask for 1 to {_MOST_CONNECTIONS} connections")
        target = self._target(target_name)
        now = self._clock.now()
        valid = self._grants.valid(caller.subject.id, target.id, now)
        if valid and lasts_for is None and wish == ANYTHING:
            return await self._open(caller, target, valid[0], connections)
        request = await self.ask(caller, target_name, lasts_for, reason, ticket, wish)
        if request.grant is None:
            return request
        grant = await self._store.grant(request.grant)
        if grant is None:
            raise ConflictFault("grant-gone", "the grant is over already; ask again")
        self._check_open(grant)
        return await self._open(caller, target, grant, connections)

    async def ask(
        self,
        caller: Caller,
        target_name: str,
        lasts_for: timedelta | None,
        reason: str,
        ticket: str,
        wish: Wish = ANYTHING,
    ) -> Request:
        """Return a request for access: completed with a grant if that is permitted at once.

        Raises ForbiddenFault `denied` with the policies' words when nobody could assent to it,
        ConflictFault for a wish that cannot be had.
        """
        target = self._target(target_name)
        if lasts_for is not None and not timedelta(seconds=1) <= lasts_for <= _LONGEST:
            raise ConflictFault("duration", "ask for a second at least and 30 days at most")
        reason, ticket = reason[:_LONGEST_REASON], ticket[:_LONGEST_TICKET]
        action = self._action(caller, target, lasts_for, self._checked(caller, target, wish))
        presence = await self._presence(caller)
        circumstances = self._circumstances(caller, target, presence, reason, ticket)
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Deny):
            if not outcome.decision.remedies:
                raise ForbiddenFault("denied", refusal_words(outcome))
            return await self._waiting.open(
                action, outcome, outcome.decision, reason=reason, ticket=ticket
            )
        return await self._grant_at_once(action, outcome, outcome.decision, reason, ticket)

    async def extend(
        self, caller: Caller, what: str, lasts_for: timedelta | None, reason: str, ticket: str
    ) -> Request:
        """Return a request for more of the access that the caller has, as `ask` does.

        what: a target or the id of a grant; empty where the caller has access to one target
        alone. It covers what the grant covers; open sessions go on without a cut once it is there.
        Raises MissingFault, ConflictFault.
        """
        grant, target = self._extended(caller, what)
        wish = Wish(scope=grant.scope, budget=grant.budget, extends=grant.id)
        return await self.ask(caller, target.name, lasts_for, reason or grant.reason, ticket, wish)

    def _extended(self, caller: Caller, what: str) -> tuple[Grant, Target]:
        now = self._clock.now()
        found = [
            (grant, target)
            for target in self._directory.targets()
            for grant in self._grants.resting(caller.subject.id, target.id, now)
            if grant.kind is GrantKind.ACCESS and what in ("", target.name, grant.id)
        ]
        if not found:
            words = f"you have no access to extend{f' called `{what[:80]}`' if what else ''}"
            raise MissingFault("no-such-grant", f"{words}; see `assent grants`")
        targets = sorted({target.name for _, target in found})
        if len(targets) > 1:
            raise ConflictFault("which-target", f"say which one to extend: {', '.join(targets)}")
        # The one that the others would be shorter than, and that covers most.
        return min(found, key=lambda one: (waits_for_use(one[0]), not one[0].scope.is_everything))

    async def outlook(self, caller: Caller) -> Sequence[Outlook]:
        """Return, for every target, what asking for it now would lead to; nothing is logged."""
        found = []
        presence = await self._presence(caller)
        for target in self._directory.targets():
            valid = self._grants.valid(caller.subject.id, target.id, self._clock.now())
            if valid:
                found.append(Outlook(target, "granted", (), valid[0]))
                continue
            action = self._action(caller, target, None, ANYTHING)
            circumstances = self._circumstances(caller, target, presence, "", "")
            decision = (await self._decider.consider(action, circumstances)).decision
            if isinstance(decision, Permit):
                found.append(Outlook(target, "automatic", (), None))
            elif decision.remedies:
                words = in_words(decision.remedies, self._directory.names)
                found.append(Outlook(target, "ask", words, None))
            else:
                found.append(Outlook(target, "closed", decision.messages, None))
        return found

    async def opened_under(self, caller: Caller, grant: Grant, connections: int) -> Opened:
        """Return a session credential under a grant of the caller's that was just minted."""
        if grant.target is None or grant.subject != caller.subject.id:
            raise ForbiddenFault("not-your-grant", "a grant opens its target for its holder alone")
        return await self._open(caller, self._directory.target(grant.target), grant, connections)

    async def recover(self) -> None:
        """Mint what was approved and not minted when an earlier process stopped."""
        for request in await self._store.requests((RequestState.APPROVED,), limit=10_000):
            await self._changed(request)

    async def _grant_at_once(
        self, action: Action, outcome: Outcome, permit: Permit, reason: str, ticket: str
    ) -> Request:
        now = self._clock.now()
        request_id = RequestId(self._ids.mint("request"))
        grant = self._draft(action, permit, request_id, reason)
        request = Request(
            id=request_id,
            action=action,
            action_digest=action.digest(),
            assessment=outcome.assessment,
            remedies=(),
            messages=(),
            denied_by=(),
            revision=permit.revision,
            state=RequestState.COMPLETED,
            created_at=now,
            deadline_at=now,
            changed_at=now,
            reason=reason,
            ticket=ticket,
            ticket_said=outcome.evidence.ticket_said,
            outcome=permitted_because(
                self._decider.policies, action, outcome.evidence, outcome.assessment, permit
            )[:_LONGEST_OUTCOME],
            grant=grant.id,
        )
        settled = entries.of_request(
            self._ids, EntryKind.REQUEST_SETTLED, request, now, decision=outcome.entry
        )
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, None)
        await self._store.commit((PutRequest(request), PutGrant(grant)), (settled, issued))
        self._grants.take_up(grant)
        return request

    async def _changed(self, request: Request) -> None:
        """Decide again on access that was approved, and mint its grant if that says yes."""
        if request.state is not RequestState.APPROVED or request.action.verb != "access.request":
            return
        action = request.action
        outcome = await self.again(request)
        if isinstance(outcome.decision, Deny):
            await self._waiting.reopen(request.id, outcome)
            return
        try:
            grant = self._draft(action, outcome.decision, request.id, request.reason)
        except (ForbiddenFault, ConflictFault) as fault:
            # Such as: until when it was asked for is over by now.
            await self._waiting.advance(
                request.id, RequestEvent.REJECTED, outcome=f"it cannot be given any more: {fault}"
            )
            return
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, self._clock.now(), None)
        await self._waiting.mint(request.id, grant, (PutGrant(grant),), (issued,))
        self._grants.take_up(grant)

    async def again(self, request: Request) -> Outcome:
        """Return what is decided now on a request for access, with the answers that it has."""
        action = request.action
        target = self._directory.target(self._target_id(action))
        stepped_up_at = self._sign_in.stepped_up_at(action.subject)
        circumstances = Circumstances(
            # Whoever asked proved who they are to do it, and may have confirmed it since.
            authentication=Authentication(
                action.details.get("proved_by", _USUAL_PROOF), request.created_at, stepped_up_at
            ),
            connection=Connection(door="api"),
            grants=tuple(self._grants.valid(action.subject, target.id, self._clock.now())),
            request=request,
        )
        return await self._decider.decide(action, circumstances)

    def _draft(
        self, action: Action, permit: Permit, request: RequestId | None, reason: str
    ) -> Grant:
        asked = action.details.get("for_s")
        wish = wish_of(action.details)
        obliged = {item.name: item.value for item in permit.obligations}
        return self._grants.draft(
            action.subject,
            self._target_id(action),
            asked=timedelta(seconds=int(asked)) if asked else _until(wish, self._clock.now()),
            permitted=max_duration(permit) or DEFAULT_DURATION,
            request=request,
            reason=reason,
            wish=wish,
            budget=parse_budget(obliged["budget"]) if "budget" in obliged else UNLIMITED,
            read_only="read_only" in obliged,
        )

    def _checked(self, caller: Caller, target: Target, wish: Wish) -> Wish:
        """Return a wish with full names. Raises ConflictFault for what there is not."""
        unknown = sorted(wish.scope.verbs - self._decider.policies.verbs)
        if unknown:
            known = ", ".join(
                sorted(verb for verb in self._decider.policies.verbs if verb.startswith("sql."))
            )
            raise ConflictFault("verbs", f"there is no verb `{unknown[0][:80]}`; some are {known}")
        if wish.window is not None:
            self._grants.windows.check(wish.window)
        if wish.until is not None and wish.until <= self._clock.now():
            raise ConflictFault("terms", "until when you ask for is over already")
        if wish.extends is not None:
            extended = self._grants.get(wish.extends)
            theirs = extended is not None and extended.subject == caller.subject.id
            if extended is None or not theirs or extended.target != target.id:
                words = f"you have no grant `{wish.extends[:80]}` on `{target.name}` to extend"
                raise ConflictFault("extends", words)
        schema = target.search_path[0] if target.search_path else "public"
        full = frozenset(
            name if "." in name else f"{schema}.{name}" for name in wish.scope.resources
        )
        return replace(wish, scope=replace(wish.scope, resources=full))

    def _check_open(self, grant: Grant) -> None:
        """Raise ConflictFault while the hours of a grant are not open."""
        now = self._clock.now()
        if grant.window is None or self._grants.windows.is_open(grant, now):
            return
        coming = self._grants.windows.after(grant.window, now)
        when = f"it opens at {isoformat(coming.begins_at)[:19]}Z" if coming else "it never opens"
        raise ConflictFault(
            "window-closed", f"grant `{grant.id}` counts {window_text(grant.window)}; {when}"
        )

    async def _open(self, caller: Caller, target: Target, grant: Grant, connections: int) -> Opened:
        now = self._clock.now()
        password = Secret(self._ids.token(24))
        verifier = self._verifiers.make(caller.subject.name, password)
        credential = Credential(
            id=CredentialId(self._ids.mint("credential")),
            subject=caller.subject.id,
            target=target.id,
            grant=grant.id,
            stored_key=verifier.stored_key.hex(),
            server_key=verifier.server_key.hex(),
            expires_at=min(now + CREDENTIAL_LASTS_FOR, grant.ends_at),
            connections_left=connections,
            minted_from=caller.address,
            minted_at=now,
        )
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.CREDENTIAL_MINTED,
            at=now,
            subject=caller.subject.id,
            target=target.id,
            facts={"connections": connections, "credential": credential.id, "grant": grant.id},
        )
        await self._store.commit((PutCredential(credential),), (entry,))
        return Opened(
            caller.subject.name,
            password,
            target.name,
            target,
            credential.expires_at,
            grant,
            connections,
        )

    def _target(self, name: str) -> Target:
        target = self._directory.target_named(name)
        if target is None:
            raise MissingFault(
                "no-such-target", f"there is no target `{name[:100]}`; see `assent targets`"
            )
        return target

    def _target_id(self, action: Action) -> TargetId:
        if action.target is None:
            raise MissingFault("no-such-target", "the request names no target")
        return action.target

    def _action(
        self, caller: Caller, target: Target, lasts_for: timedelta | None, wish: Wish
    ) -> Action:
        touch = Touch("access.request", Operation.EXECUTE, Resource("Target", target.name))
        details = details_of(wish)
        if lasts_for is not None:
            details["for_s"] = str(int(lasts_for.total_seconds()))
        if caller.authentication.method != _USUAL_PROOF:
            # It is decided again when people have assented, on no better proof than this one.
            details["proved_by"] = caller.authentication.method
        return Action(
            id=ActionId(self._ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement("access.request", (touch,), complete=True),
            target=target.id,
            details=details,
            salt=self._ids.token(16),
        )

    async def _presence(self, caller: Caller) -> Presence | None:
        return await self._watching.presence(caller.subject.id, None, self._clock.now())

    def _circumstances(
        self, caller: Caller, target: Target, presence: Presence | None, reason: str, ticket: str
    ) -> Circumstances:
        return Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            grants=tuple(self._grants.valid(caller.subject.id, target.id, self._clock.now())),
            reason=reason,
            ticket=ticket,
            presence=presence or Presence(),
            unavailable=frozenset() if presence else frozenset({"presence"}),
        )


def _until(wish: Wish, now: datetime) -> timedelta | None:
    """Return how long hours that come again were asked for, None where that was not said."""
    return wish.until - now if wish.until and not wish.first_use else None


def refusal_words(outcome: Outcome) -> str:
    """Return what a final denial says to the person, with the entry to quote."""
    if not isinstance(outcome.decision, Deny):
        raise TypeError("only a denial has words of refusal")
    return f"{'; '.join(outcome.decision.messages)} (see `assent explain {outcome.entry}`)"
