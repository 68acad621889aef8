"""Asking for access to a target, and what asking would lead to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from assent.control.asked_proof import with_proof
from assent.control.decide import Decider, Outcome
from assent.control.device_evidence import DeviceEvidence
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.minting import Minting
from assent.control.remedies import in_words
from assent.control.session_credentials import Opened, SessionCredentials
from assent.control.sign_in import Caller
from assent.control.waiting import Waiting
from assent.control.watching import Watching
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.evidence import Connection, Presence
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import ActionId, Ids
from assent.core.ports import Store
from assent.core.request import Request
from assent.core.resource import Resource, Target
from assent.core.role import Permission
from assent.workflow.grant import waits_for_use
from assent.workflow.wishes import ANYTHING, Wish, details_of

_MOST_CONNECTIONS = 256
_LONGEST = timedelta(days=30)
_LONGEST_REASON = 2_000
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "postgres": ("sql.",),
    "ssh": ("ssh.", "file."),
    "http": ("http.",),
    "mcp": ("tool.", "document.", "prompt."),
    "tcp": ("tcp.",),
}
"""Protocol → how its verbs begin."""
_LONGEST_TICKET = 200


@dataclass(frozen=True, slots=True)
class Outlook:
    """What asking for a target would lead to: `granted`, `automatic`, `ask` or `closed`."""

    target: Target
    state: str
    words: tuple[str, ...]
    grant: Grant | None


class Access:
    """Decides on access to targets, and hands out what opens sessions on them."""

    def __init__(
        self,
        *,
        directory: Directory,
        decider: Decider,
        waiting: Waiting,
        grants: Grants,
        minting: Minting,
        credentials: SessionCredentials,
        watching: Watching,
        devices: DeviceEvidence,
        store: Store,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._directory = directory
        self._decider = decider
        self._waiting = waiting
        self._grants = grants
        self._minting = minting
        self._credentials = credentials
        self._watching = watching
        self._devices = devices
        self._store = store
        self._clock = clock
        self._ids = ids

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
            return await self._credentials.under(caller, target, valid[0], connections)
        request = await self.ask(caller, target_name, lasts_for, reason, ticket, wish)
        if request.grant is None:
            return request
        grant = await self._store.grant(request.grant)
        if grant is None:
            raise ConflictFault("grant-gone", "the grant is over already; ask again")
        self._credentials.check_open(grant)
        return await self._credentials.under(caller, target, grant, connections)

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
        if not self._directory.may(caller.subject, Permission.ASK):
            # An auditor who connects with a password of earlier days asks for nothing either.
            words = f"this needs the permission `{Permission.ASK}`, which you do not have"
            raise ForbiddenFault("not-permitted", words)
        target = self._target(target_name)
        if lasts_for is not None and not timedelta(seconds=1) <= lasts_for <= _LONGEST:
            raise ConflictFault("duration", "ask for a second at least and 30 days at most")
        reason, ticket = reason[:_LONGEST_REASON], ticket[:_LONGEST_TICKET]
        action = self._action(caller, target, lasts_for, self._checked(caller, target, wish))
        presence = await self._presence(caller)
        circumstances = self._circumstances(caller, target, presence, reason, ticket)
        device = await self._devices.of(caller.subject.id, caller.holds)
        circumstances = replace(circumstances, device=device)
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Deny):
            if not outcome.decision.remedies:
                raise ForbiddenFault("denied", refusal_words(outcome))
            return await self._waiting.open(
                action, outcome, outcome.decision, reason=reason, ticket=ticket
            )
        return await self._minting.at_once(action, outcome, outcome.decision, reason, ticket)

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

    async def outlook(
        self, caller: Caller, wish: Wish | None = None, only: str = ""
    ) -> Sequence[Outlook]:
        """Return, for every target, what asking for it now would lead to; nothing is logged.

        wish: what would be asked for, beside all that is held; None for anything, where nothing is.
        only: the one target that is looked at; empty for all.
        """
        found = []
        presence = await self._presence(caller)
        for target in self._directory.targets():
            if only not in ("", target.name):
                continue
            valid = self._grants.valid(caller.subject.id, target.id, self._clock.now())
            if valid and wish is None:
                found.append(Outlook(target, "granted", (), valid[0]))
                continue
            action = self._action(caller, target, None, wish or ANYTHING)
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
        return await self._credentials.under(
            caller, self._directory.target(grant.target), grant, connections
        )

    def _checked(self, caller: Caller, target: Target, wish: Wish) -> Wish:
        """Return a wish with full names. Raises ConflictFault for what there is not."""
        unknown = sorted(wish.scope.verbs - self._decider.policies.verbs)
        if unknown:
            known = ", ".join(
                sorted(
                    verb
                    for verb in self._decider.policies.verbs
                    if verb.startswith(_FAMILIES.get(target.protocol, ()))
                )
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
        if target.protocol != "postgres":
            if wish.budget.rows is not None:
                words = f"what `{target.name}` answers has no rows; limit its bytes, or actions"
                raise ConflictFault("terms", words)
            return wish
        schema = target.search_path[0] if target.search_path else "public"
        full = frozenset(
            name if "." in name else f"{schema}.{name}" for name in wish.scope.resources
        )
        return replace(wish, scope=replace(wish.scope, resources=full))

    def _target(self, name: str) -> Target:
        target = self._directory.target_named(name)
        if target is None:
            raise MissingFault(
                "no-such-target", f"there is no target `{name[:100]}`; see `assent targets`"
            )
        return target

    def _action(
        self, caller: Caller, target: Target, lasts_for: timedelta | None, wish: Wish
    ) -> Action:
        touch = Touch("access.request", Operation.EXECUTE, Resource("Target", target.name))
        details = details_of(wish)
        if lasts_for is not None:
            details["for_s"] = str(int(lasts_for.total_seconds()))
        if caller.holds is not None:
            details["device"] = caller.holds
        if caller.task:
            details["task"] = caller.task
        action = Action(
            id=ActionId(self._ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement("access.request", (touch,), complete=True),
            target=target.id,
            details=details,
            salt=self._ids.token(16),
        )
        return with_proof(action, caller)

    async def _presence(self, caller: Caller) -> Presence | None:
        return await self._watching.presence(caller.subject.id, None, self._clock.now())

    def _circumstances(
        self, caller: Caller, target: Target, presence: Presence | None, reason: str, ticket: str
    ) -> Circumstances:
        return Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door, task=caller.task),
            grants=tuple(self._grants.valid(caller.subject.id, target.id, self._clock.now())),
            reason=reason,
            ticket=ticket,
            presence=presence or Presence(),
            unavailable=frozenset() if presence else frozenset({"presence"}),
        )


def refusal_words(outcome: Outcome) -> str:
    """Return what a final denial says to the person, with the entry to quote."""
    if not isinstance(outcome.decision, Deny):
        raise TypeError("only a denial has words of refusal")
    return f"{'; '.join(outcome.decision.messages)} (see `assent explain {outcome.entry}`)"
