"""Changes that people assented to: decided on again, then applied, or asked for anew."""

from contextlib import suppress

from assent.control.asked_proof import proof_of, with_proof_of
from assent.control.change_actions import VERBS, change_action, written
from assent.control.decide import Decider
from assent.control.gather import Circumstances
from assent.control.planning import content_from_json
from assent.control.sign_in import SignIn
from assent.control.taking_up import TakingUp
from assent.control.waiting import Waiting
from assent.control.wanting import Wanting
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OperatorFault
from assent.core.ids import Ids
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.workflow.request import RequestEvent


class ApprovedChanges:
    """Applies what was assented to, while it still is what people have seen."""

    def __init__(
        self,
        *,
        store: Store,
        decider: Decider,
        waiting: Waiting,
        sign_in: SignIn,
        wanting: Wanting,
        taking_up: TakingUp,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._decider = decider
        self._waiting = waiting
        self._sign_in = sign_in
        self._wanting = wanting
        self._taking_up = taking_up
        self._clock = clock
        self._ids = ids
        waiting.when_changed(self._settled)

    async def _settled(self, request: Request) -> None:
        """Decide again on a change that was assented to, and put it in force if that says yes."""
        if request.state is not RequestState.APPROVED or request.action.verb not in VERBS:
            return
        # Somebody may be faster: withdrawn, or taken up after a restart.
        with suppress(ConflictFault):
            async with self._taking_up.changing:
                again = await self._apply_approved(request)
            if again is not None:
                await self._ask_again(request, again)

    async def _apply_approved(self, request: Request) -> str | None:
        """Apply it; return why not where the plan is not what people assented to any more."""
        action = request.action
        try:
            wanted = await self._wanting.read(content_from_json(action.details["content"]))
            self._taking_up.check_lock_out(wanted, action.details)
        except (OperatorFault, ConflictFault) as fault:
            return f"it cannot be applied any more: {fault.detail}"
        if wanted.plan.base != action.details["base"]:
            return "what is in force was changed since it was planned"
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            request=request,
        )
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Deny):
            await self._waiting.reopen(request.id, outcome)
            return None
        changes, entry = written(
            self._ids, self._clock.now(), wanted, action, outcome, request.reason, request.id
        )
        await self._waiting.finish(request.id, changes, (entry,), "applied")
        self._taking_up.take_up(wanted)
        return None

    async def _ask_again(self, request: Request, why: str) -> None:
        """Settle a request whose plan is outdated, and open one for what would change now."""
        opened = ""
        with suppress(OperatorFault, ConflictFault, ForbiddenFault, MissingFault):
            opened = await self._asked_again(request)
        words = f"{why}; " + (
            f"request {opened} asks for what would change now" if opened else "apply it again"
        )
        await self._waiting.advance(request.id, RequestEvent.REJECTED, outcome=words)

    async def _asked_again(self, request: Request) -> str:
        """Return the id of a new request for the same content, empty where none is needed.

        What would now be permitted at once is not applied: nobody has looked at that plan.
        """
        old = request.action
        wanted = await self._wanting.read(content_from_json(old.details["content"]))
        if not wanted.plan.differences:
            return ""
        self._taking_up.check_lock_out(wanted, old.details)
        action = change_action(
            self._ids, old.subject, wanted, unsafe="unsafe_lock_out" in old.details
        )
        action = with_proof_of(action, old)
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            reason=request.reason,
            ticket=request.ticket,
        )
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Permit) or not outcome.decision.remedies:
            return ""
        opened = await self._waiting.open(
            action, outcome, outcome.decision, reason=request.reason, ticket=request.ticket
        )
        return opened.id
