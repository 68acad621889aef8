"""Access that is permitted becomes a grant: at once, or when people have assented to it."""

from datetime import datetime, timedelta

from assent.control import entries
from assent.control.asked_proof import proof_of
from assent.control.at_once import settled_at_once
from assent.control.decide import DEFAULT_DURATION, Decider, Outcome, max_duration
from assent.control.device_evidence import DeviceEvidence
from assent.control.directory import Directory
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.nearest import permitted_because
from assent.control.reviews import Reviews
from assent.control.sign_in import SignIn
from assent.control.waiting import Waiting
from assent.core.action import Action
from assent.core.changes import PutGrant, PutRequest
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.entry import EntryKind
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import DeviceKeyId, Ids, RequestId, TargetId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.scope import UNLIMITED
from assent.policy.sizes import parse_budget
from assent.workflow.request import RequestEvent
from assent.workflow.wishes import Wish, wish_of

_LONGEST_OUTCOME = 2_000


class Minting:
    """Mints the grants of requests for access, as far as what is decided then permits."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        decider: Decider,
        waiting: Waiting,
        grants: Grants,
        sign_in: SignIn,
        reviews: Reviews,
        devices: DeviceEvidence,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._decider = decider
        self._waiting = waiting
        self._grants = grants
        self._sign_in = sign_in
        self._reviews = reviews
        self._devices = devices
        self._clock = clock
        self._ids = ids
        waiting.when_changed(self._changed)

    async def at_once(
        self, action: Action, outcome: Outcome, permit: Permit, reason: str, ticket: str
    ) -> Request:
        """Return the completed request of access that is permitted at once, with its grant."""
        now = self._clock.now()
        request_id = RequestId(self._ids.mint("request"))
        grant = self._draft(action, permit, request_id, reason)
        reviews, owed = self._reviews.asked_of(grant, permit)
        request, settled = settled_at_once(
            self._ids,
            request_id,
            action,
            outcome,
            permit,
            now,
            grant=grant.id,
            reason=reason,
            ticket=ticket,
            because=permitted_because(
                self._decider.policies, action, outcome.evidence, outcome.assessment, permit
            )[:_LONGEST_OUTCOME],
        )
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, now, None)
        await self._store.commit(
            (PutRequest(request), PutGrant(grant), *reviews), (settled, issued, *owed)
        )
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
            reviews, owed = self._reviews.asked_of(grant, outcome.decision)
        except (ForbiddenFault, ConflictFault) as fault:
            # Such as: until when it was asked for is over by now.
            await self._waiting.advance(
                request.id, RequestEvent.REJECTED, outcome=f"it cannot be given any more: {fault}"
            )
            return
        issued = entries.of_grant(self._ids, EntryKind.GRANT_ISSUED, grant, self._clock.now(), None)
        await self._waiting.mint(request.id, grant, (PutGrant(grant), *reviews), (issued, *owed))
        self._grants.take_up(grant)

    async def again(self, request: Request) -> Outcome:
        """Return what is decided now on a request for access, with the answers that it has."""
        action = request.action
        target = self._directory.target(_target_of(action))
        device = action.details.get("device")
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="api"),
            grants=tuple(self._grants.valid(action.subject, target.id, self._clock.now())),
            request=request,
            device=await self._devices.of(
                action.subject, DeviceKeyId(device) if device is not None else None
            ),
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
            _target_of(action),
            asked=timedelta(seconds=int(asked)) if asked else _until(wish, self._clock.now()),
            permitted=max_duration(permit) or DEFAULT_DURATION,
            request=request,
            reason=reason,
            wish=wish,
            budget=parse_budget(obliged["budget"]) if "budget" in obliged else UNLIMITED,
            read_only="read_only" in obliged,
        )


def _target_of(action: Action) -> TargetId:
    if action.target is None:
        raise MissingFault("no-such-target", "the request names no target")
    return action.target


def _until(wish: Wish, now: datetime) -> timedelta | None:
    """Return how long hours that come again were asked for, None where that was not said."""
    return wish.until - now if wish.until and not wish.first_use else None
