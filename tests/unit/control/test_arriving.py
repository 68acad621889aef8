"""Asking by connecting: who has no access yet waits on the connection that asks for it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest

from assent.control import arriving
from assent.control.arriving import NOT_AGAIN_FOR, Arrival
from assent.control.decide import Outcome
from assent.control.gather import Circumstances
from assent.control.live import LiveSession
from assent.control.opening import Proof
from assent.control.personal_credentials import PersonalCredentials
from assent.core.action import Action
from assent.core.evidence import Connection
from assent.core.plugins import Held, RefusalKind, Refused, Wishes
from assent.core.request import Request, RequestState, Verdict
from assent.core.subject import Subject
from builders import (
    ANA,
    BEN,
    DORA,
    MINUTE,
    TIM,
    Client,
    World,
    a_caller,
    restarted,
    until,
)

Drafted = LiveSession | Arrival


@dataclass
class Comer(Client):
    """A client that connects with a personal credential."""

    came: list[Drafted] = field(default_factory=list)
    connecting: "asyncio.Task[LiveSession | Refused] | None" = None

    async def over(self) -> LiveSession | Refused:
        assert self.connecting is not None
        return await self.connecting

    async def waits(self) -> str:
        await until(lambda: self.held)
        return self.held[-1].request


async def minted(world: World, person: Subject = TIM) -> None:
    credentials = PersonalCredentials(
        store=world.store,  # type: ignore[arg-type]
        directory=world.directory,
        verifiers=world.verifiers,
        clock=world.clock,
        ids=world.ids,
    )
    await credentials.mint(a_caller(person), "shop", None, 10)


async def connect(world: World, person: Subject = TIM, wishes: Wishes | None = None) -> Comer:
    """Begin to connect with the newest personal credential."""
    candidate = await world.candidate(person)
    comer = Comer()
    handles = comer.handles()
    told: list[Held] = comer.held

    async def work() -> LiveSession | Refused:
        return await world.sessions.opening.open(
            candidate,
            Proof(next(each for each in candidate.credentials if each.grant is None)),
            "",
            Connection("192.0.2.7", "psql"),
            type(handles)(comer.came.append, comer.cuts.append, lambda: None),
            told.append,
            wishes or Wishes(),
        )

    comer.connecting = asyncio.create_task(work())
    return comer


async def request_of(world: World, comer: Comer) -> Request:
    return await world.stored(await comer.waits())


async def test_who_is_permitted_at_once_is_let_in_at_once(world: World) -> None:
    await minted(world, ANA)
    comer = await connect(world, ANA)
    live = await comer.over()
    assert isinstance(live, LiveSession)
    assert comer.held == []
    [grant] = world.grants.valid(ANA.id, live.target.id, world.clock.now())
    assert live.session.grant == grant.id


async def test_who_has_access_already_asks_for_nothing(world: World) -> None:
    await minted(world, ANA)
    opened = await world.opened(ANA)
    before = len(world.journal)
    live = await (await connect(world, ANA)).over()
    assert isinstance(live, LiveSession)
    assert live.session.grant == opened.grant.id
    assert "grant.issued" not in world.journal[before:]


async def test_who_needs_people_hears_it_at_once_and_goes_on_when_they_assent(
    world: World,
) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    told = "\n".join(comer.held[0].lines)
    for words in ("temps need a DBA", "asked: ben, dora", request.id, "hanging up withdraws it"):
        assert words in told
    assert comer.held[0].deadline_at == request.deadline_at
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    live = await comer.over()
    assert isinstance(live, LiveSession)
    settled = await world.stored(request.id)
    assert settled.state is RequestState.COMPLETED
    assert live.session.grant == settled.grant


async def test_what_the_client_says_at_its_start_goes_with_the_request(world: World) -> None:
    await minted(world)
    comer = await connect(world, TIM, Wishes("deploy the fix", "OPS-7", 600))
    request = await request_of(world, comer)
    assert (request.reason, request.ticket) == ("deploy the fix", "OPS-7")
    assert request.action.details["for_s"] == "600"
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    live = await comer.over()
    assert isinstance(live, LiveSession)
    assert live.session.ends_at == world.clock.now() + 10 * MINUTE


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (RequestState.REJECTED, RefusalKind.REJECTED),
        (RequestState.WITHDRAWN, RefusalKind.WITHDRAWN),
        (RequestState.EXPIRED, RefusalKind.TIMED_OUT),
    ],
)
async def test_every_other_end_is_told_with_a_code_and_a_hint(
    world: World, state: RequestState, kind: RefusalKind
) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    if state is RequestState.REJECTED:
        await world.requests.answer(a_caller(BEN), request.id, Verdict.REJECT, "not today")
    elif state is RequestState.WITHDRAWN:
        await world.requests.withdraw(a_caller(TIM), request.id)
    else:
        world.clock.advance(request.deadline_at - world.clock.now())
        await world.waiting.expire(world.clock.now())
    refused = await comer.over()
    assert isinstance(refused, Refused)
    assert refused.kind is kind
    assert request.id in refused.message
    assert refused.hint
    assert (await world.stored(request.id)).state is state


async def test_hanging_up_withdraws_what_only_it_asked_for(world: World) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    [arrival] = comer.came
    arrival.gone = True
    arrival.nudged.set()
    assert isinstance(await comer.over(), Refused)
    settled = await world.stored(request.id)
    assert (settled.state, settled.outcome) == (RequestState.WITHDRAWN, "the client hung up")


async def test_several_connections_ask_once_and_the_last_that_hangs_up_withdraws(
    world: World,
) -> None:
    await minted(world)
    comers = [await connect(world) for _ in range(4)]
    requests = {await comer.waits() for comer in comers}
    assert len(requests) == 1
    [request] = requests
    for comer in comers[:3]:
        comer.came[0].gone = True
        comer.came[0].nudged.set()
        await comer.over()
    assert (await world.stored(request)).state is RequestState.PENDING
    comers[3].came[0].gone = True
    comers[3].came[0].nudged.set()
    await comers[3].over()
    assert (await world.stored(request)).state is RequestState.WITHDRAWN


async def test_several_connections_are_all_let_in_by_one_assent(world: World) -> None:
    await minted(world)
    comers = [await connect(world) for _ in range(3)]
    request = (await request_of(world, comers[0])).id
    for comer in comers:
        await comer.waits()
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    opened = [await comer.over() for comer in comers]
    assert all(isinstance(live, LiveSession) for live in opened)
    assert len(await world.store.grants(TIM.id)) == 1


async def test_a_bounded_number_of_connections_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "MOST_WAITING", 2)
    await minted(world)
    comers = [await connect(world) for _ in range(2)]
    for comer in comers:
        await comer.waits()
    refused = await (await connect(world)).over()
    assert isinstance(refused, Refused)
    assert "wait for access to `shop` already" in refused.message
    await world.requests.answer(a_caller(BEN), comers[0].held[0].request, Verdict.APPROVE, "")  # type: ignore[arg-type]
    assert all([isinstance(await comer.over(), LiveSession) for comer in comers])


async def test_a_request_made_elsewhere_is_joined_and_not_withdrawn(world: World) -> None:
    await minted(world)
    asked = await world.access.ask(a_caller(TIM), "shop", None, "deploy", "")
    comer = await connect(world)
    assert await comer.waits() == asked.id
    comer.came[0].gone = True
    comer.came[0].nudged.set()
    await comer.over()
    assert (await world.stored(asked.id)).state is RequestState.PENDING


async def test_a_rejection_answers_at_once_who_only_tries_again(world: World) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.REJECT, "")
    await comer.over()
    again = await (await connect(world)).over()
    assert isinstance(again, Refused)
    assert request.id in again.message
    # Who says something else asks anew, and so does who waits a little.
    other = await connect(world, TIM, Wishes("it is urgent"))
    assert await other.waits() != request.id
    other.came[0].gone = True
    other.came[0].nudged.set()
    await other.over()
    world.clock.advance(NOT_AGAIN_FOR)
    later = await connect(world)
    assert await later.waits() != request.id
    later.came[0].gone = True
    later.came[0].nudged.set()
    await later.over()


async def test_it_is_decided_each_time_on_what_was_really_proved(world: World) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    answer = world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    methods = []
    consider = world.decider.consider

    async def noted(action: Action, circumstances: Circumstances) -> Outcome:
        proof = circumstances.authentication
        methods.append((action.verb, proof.method if proof else ""))
        return await consider(action, circumstances)

    with patch.object(world.decider, "consider", noted):
        await answer
        assert isinstance(await comer.over(), LiveSession)
    assert ("access.request", "personal-credential") in methods
    assert ("session.open", "session-credential") in methods


async def test_who_nobody_can_let_in_is_told_so(world: World) -> None:
    await minted(world, DORA)
    refused = await (await connect(world, DORA)).over()
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.DENIED
    assert "assent explain" in refused.message


async def test_a_store_that_is_away_lets_nobody_in(world: World) -> None:
    await minted(world, ANA)
    candidate = await world.candidate(ANA)
    assert candidate.credentials
    comer = await connect(world, ANA)
    world.store.away = True
    refused = await comer.over()
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.UNAVAILABLE


async def test_a_stop_leaves_the_request_open_and_the_next_process_goes_on_with_it(
    world: World,
) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    await world.arrivals.stop()
    refused = await comer.over()
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.UNAVAILABLE
    assert "stays open until" in refused.message
    again = await restarted(world)
    later = await connect(again)
    assert await later.waits() == request.id
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert isinstance(await later.over(), LiveSession)


async def test_a_process_that_dies_leaves_the_request_to_the_next_connection(
    world: World,
) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    assert comer.connecting is not None
    comer.connecting.cancel()
    with suppress(asyncio.CancelledError):
        await comer.connecting
    again = await restarted(world)
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    later = await connect(again)
    assert isinstance(await later.over(), LiveSession)
    assert later.held == []
    assert len(await again.store.grants(TIM.id)) == 1


async def test_a_credential_that_was_ended_while_it_waited_opens_nothing(world: World) -> None:
    await minted(world)
    comer = await connect(world)
    request = await request_of(world, comer)
    credentials = PersonalCredentials(
        store=world.store,  # type: ignore[arg-type]
        directory=world.directory,
        verifiers=world.verifiers,
        clock=world.clock,
        ids=world.ids,
    )
    await credentials.revoke(a_caller(TIM), "shop")
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert isinstance(await comer.over(), Refused)
    assert await world.store.sessions(open_only=True) == []
