"""Administration of the log and of devices as actions: each is decided on, and then carried out.

Erasing, pruning, holding and rotating are told apart by their verbs; who may do which, and who
must assent, is for policies to say, by name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias

from assent.control.asked_proof import proof_of, with_proof
from assent.control.decide import Decider, Outcome
from assent.control.gather import Circumstances
from assent.control.sign_in import Caller, SignIn
from assent.control.waiting import Waiting
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.decision import Deny
from assent.core.device import Device
from assent.core.entry import Entry
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import ActionId, EntryId, Ids, RequestId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.resource import Resource
from assent.policy.schema import SYSTEM_VERBS
from assent.workflow.request import RequestEvent

ERASE = "audit.erase"
HOLD = "audit.hold"
PRUNE = "audit.prune"
ROTATE = "audit.rotate-key"
LONGEST_REASON = 2_000

_EXAMPLE = """\
@id("{verb}")
permit (principal in Group::"security", action == Action::"{verb}", resource);
@id("{verb}.four-eyes") @require("approve: 1 of security")
forbid (principal, action == Action::"{verb}", resource);
"""

Keep: TypeAlias = Callable[[Sequence[Change], Sequence[Entry], str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Order:
    """What was permitted. decision: the entry of it. request: the one that people assented to.

    keep: makes changes and entries durable, with what they led to in words, and with them that
    the request is settled; awaited once.
    """

    action: Action
    reason: str
    decision: EntryId
    request: RequestId | None
    keep: Keep


@dataclass(frozen=True, slots=True)
class Ordered:
    """What came of an order: what was done, or the request that waits for people."""

    state: Literal["done", "waiting"]
    told: Mapping[str, Json]
    request: Request | None = None


DeviceOf: TypeAlias = Callable[[Action], Awaitable[Device | None]]
Work: TypeAlias = Callable[[Order], Awaitable[Mapping[str, Json]]]


class AuditActions:
    """Decides on orders, and has them carried out by whoever does such work."""

    def __init__(
        self,
        *,
        store: Store,
        decider: Decider,
        waiting: Waiting,
        sign_in: SignIn,
        ids: Ids,
    ) -> None:
        self._store = store
        self._decider = decider
        self._waiting = waiting
        self._sign_in = sign_in
        self._ids = ids
        self._workers: dict[str, Work] = {}
        self._device_of: DeviceOf = _no_device
        waiting.when_changed(self._settled)

    def carry_out(self, verb: str, work: Work) -> None:
        """Let `work` do what is permitted of this verb; it returns what it did, for people.

        It raises ConflictFault where that cannot be done any more, and has done nothing then.
        """
        self._workers[verb] = work

    def devices_of(self, device_of: DeviceOf) -> None:
        """Let `device_of` say which device an order is about, for policies to ask about it."""
        self._device_of = device_of

    async def order(
        self,
        caller: Caller,
        verb: str,
        text: str,
        details: Mapping[str, str],
        *,
        reason: str,
        ticket: str = "",
    ) -> Ordered:
        """Carry it out where that is permitted at once, or open the request that it needs.

        text: what people read who assent; details: what is done, bound by the digest that they
        assent to. Raises ForbiddenFault where nobody could assent to it, ConflictFault.
        """
        reason = reason[:LONGEST_REASON]
        action = self._action(caller, verb, text, details)
        circumstances = Circumstances(
            authentication=caller.authentication,
            connection=Connection(address=caller.address, door=caller.door),
            reason=reason,
            ticket=ticket,
            device=await self._device_of(action),
        )
        outcome = await self._decider.decide(action, circumstances)
        if not isinstance(outcome.decision, Deny):
            order = Order(action, reason, outcome.entry, None, self._commit)
            return Ordered("done", await self._workers[verb](order))
        if not outcome.decision.remedies:
            raise ForbiddenFault("denied", _refusal(verb, outcome.decision, outcome))
        request = await self._waiting.open(
            action, outcome, outcome.decision, reason=reason, ticket=ticket
        )
        return Ordered("waiting", {}, request)

    def _action(self, caller: Caller, verb: str, text: str, details: Mapping[str, str]) -> Action:
        touch = Touch(verb, Operation.ADMINISTER, Resource("System", SYSTEM_VERBS[verb]))
        action = Action(
            id=ActionId(self._ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement(verb, (touch,), complete=True),
            text=text,
            details=dict(details),
            salt=self._ids.token(16),
        )
        return with_proof(action, caller)

    async def _commit(self, changes: Sequence[Change], entries: Sequence[Entry], _: str) -> None:
        await self._store.commit(changes, entries)

    async def _settled(self, request: Request) -> None:
        """Decide again on what was assented to, and carry it out if that says yes."""
        verb = request.action.verb
        if request.state is not RequestState.APPROVED or verb not in self._workers:
            return
        # Somebody may be faster: withdrawn, or taken up after a restart.
        with suppress(ConflictFault, MissingFault):
            circumstances = await self._circumstances(request)
            outcome = await self._decider.decide(request.action, circumstances)
            if isinstance(outcome.decision, Deny):
                await self._waiting.reopen(request.id, outcome)
                return
            await self._carry_out(request, outcome)

    async def _carry_out(self, request: Request, outcome: Outcome) -> None:
        async def keep(changes: Sequence[Change], entries: Sequence[Entry], words: str) -> None:
            await self._waiting.finish(request.id, changes, entries, words)

        order = Order(request.action, request.reason, outcome.entry, request.id, keep)
        try:
            await self._workers[request.action.verb](order)
        except (ConflictFault, MissingFault) as fault:
            words = f"it cannot be done any more: {fault.detail}"
            await self._waiting.advance(request.id, RequestEvent.REJECTED, outcome=words)

    async def _circumstances(self, request: Request) -> Circumstances:
        return Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            request=request,
            device=await self._device_of(request.action),
        )


async def _no_device(_: Action) -> Device | None:
    return None


def _refusal(verb: str, decision: Deny, outcome: Outcome) -> str:
    words = "; ".join(decision.messages)
    if decision.code == "no-permit":
        words += f"; a policy must say who may, such as\n\n{_EXAMPLE.format(verb=verb)}\n"
    return f"{words} (see `assent explain {outcome.entry}`)"
