"""Holding: what waits on a live connection, who may let it go, and that it goes once."""

import asyncio
from typing import Any

import pytest

from assent.core.faults import ConflictFault
from assent.core.ids import RequestId
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.request import RequestState, Verdict
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    DORA,
    MINUTE,
    POLICIES,
    World,
    a_caller,
    asking_to,
    disabled,
    policies,
    until,
)

TWO_DBAS = POLICIES.replace("approve: 1 of dba", "approve: 2 of dba")


async def test_a_held_action_is_let_go_once_the_right_person_assents(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    assert not asking.done()
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "go")
    answer = await asking
    assert isinstance(answer, Permitted)
    assert answer.request == request
    assert (await world.stored(request)).state is RequestState.RELEASED


async def test_an_answer_is_heard_only_when_all_of_it_is_in_the_log(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    before = len(world.journal)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    assert world.journal[before:] == [
        "approval",
        "remedy.met",
        "request.changed",
        "attempt",
        "decision",
        "request.changed",
    ]


async def test_the_client_is_told_why_who_how_and_until_when(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    told = "\n".join(client.held[0].lines)
    for words in ("a DBA must assent", "asked: ben, dora", "2026-03-04T12:15:00Z", request):
        assert words in told
    assert client.held[0].deadline_at == world.clock.now() + 15 * MINUTE
    await _end(world, asking)


async def test_the_requester_is_never_asked(world: World) -> None:
    client = await world.connect(BEN)
    asking = world.asking(client, DELETE_ALL)
    await world.held(client)
    assert "asked: dora)" in "\n".join(client.held[0].lines)
    await _end(world, asking)


async def test_a_rejection_names_the_request_and_says_who(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(DORA), request, Verdict.REJECT, "use a WHERE")
    answer = await asking
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.REJECTED
    assert "dora rejected it: use a WHERE" in answer.message
    assert answer.request == request


async def test_a_cancel_of_the_client_withdraws_what_is_held(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    live = client.session
    world.live.cancel(live.process_id, live.secret_key)
    answer = await asking
    assert answer.kind is RefusalKind.WITHDRAWN
    assert (await world.stored(request)).outcome == "cancelled by the client"
    assert client.cancels == 0


async def test_a_cancel_while_the_request_is_being_written_counts(world: World) -> None:
    client = await world.connect()
    live = client.session
    world.store.gated_kinds = {"request.opened"}
    asking = world.asking(client, DELETE_ALL)
    await until(lambda: world.store.waiting == 1)
    world.live.cancel(live.process_id, live.secret_key)
    world.store.gate.set()
    assert (await asking).kind is RefusalKind.WITHDRAWN
    assert client.cancels == 0


async def test_a_client_that_hangs_up_leaves_nothing_to_assent_to(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.sessions.ending.end(client.session, "the client hung up")
    await asking
    assert (await world.stored(request)).state is RequestState.WITHDRAWN
    with pytest.raises(ConflictFault):
        await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")


async def test_the_deadline_ends_it(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.clock.advance(15 * MINUTE)
    await world.waiting.expire(world.clock.now())
    answer = await asking
    assert answer.kind is RefusalKind.TIMED_OUT
    assert (await world.stored(request)).state is RequestState.EXPIRED


async def test_the_deadline_needs_no_sweep(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    await world.held(client)
    world.clock.advance(15 * MINUTE)
    client.session.nudged.set()
    assert (await asking).kind is RefusalKind.TIMED_OUT


async def test_in_a_transaction_it_waits_for_a_minute_only(world: World) -> None:
    client = await world.connect()
    question = asking_to("sql.delete", has_where=False, in_transaction=True)
    asking = world.asking(client, question)
    await world.held(client)
    assert client.held[0].deadline_at == world.clock.now() + MINUTE
    await _end(world, asking)


async def test_an_action_does_not_run_when_the_policies_became_stricter(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.policies.replace(policies(TWO_DBAS))
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await until(lambda: "asks again" in "\n".join(client.held[-1].lines))
    assert not asking.done()
    current = world.waiting.get(request)
    assert current is not None
    assert current.state is RequestState.PENDING
    assert world.requests.unmet(current) == ("assent of 1 of dba",)
    await world.requests.answer(a_caller(DORA), request, Verdict.APPROVE, "")
    assert isinstance(await asking, Permitted)


async def test_an_action_that_nobody_could_assent_to_any_more_is_refused(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    frozen = '@id("freeze") @message("frozen") forbid (principal, action, resource);'
    world.policies.replace(policies(POLICIES, frozen))
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    answer = await asking
    assert answer.kind is RefusalKind.REJECTED
    assert "frozen" in answer.message


async def test_an_approver_who_was_disabled_meanwhile_does_not_count(world: World) -> None:
    world.policies.replace(policies(TWO_DBAS))
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    world.replace_people(disabled(BEN))
    await world.requests.answer(a_caller(DORA), request, Verdict.APPROVE, "")
    current = world.waiting.get(request)
    assert current is not None
    assert world.requests.unmet(current) == ("assent of 1 of dba",)
    assert not asking.done()
    await _end(world, asking)


async def test_a_requester_who_was_disabled_meanwhile_is_refused(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.replace_people(disabled(ANA))
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    answer = await asking
    assert isinstance(answer, Refused)
    assert "disabled" in answer.message


async def test_a_log_that_is_away_refuses_and_keeps_nothing_half_done(world: World) -> None:
    client = await world.connect()
    world.store.away = True
    answer = await world.ask(client, DELETE_ALL)
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert list(world.waiting) == []
    assert client.session.holding == 0


async def test_what_was_approved_does_not_run_when_its_release_cannot_be_logged(
    world: World,
) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.store.refused_kinds = {"decision"}
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    answer = await asking
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert (await world.stored(request)).state is RequestState.APPROVED
    world.store.refused_kinds = set()
    world.clock.advance(16 * MINUTE)
    await world.waiting.expire(world.clock.now())
    settled = await world.stored(request)
    assert settled.state is RequestState.EXPIRED
    assert "did not run" in settled.outcome


async def test_a_released_action_that_has_run_is_completed_with_what_came_of_it(
    world: World,
) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    live = client.session
    action = (await world.stored(request)).action
    await world.sessions.results.abandon(live, action, request, released=True)
    settled = await world.stored(request)
    assert settled.state is RequestState.OUTCOME_UNKNOWN
    assert "at most once" in settled.outcome


@pytest.mark.parametrize("first", ["approve", "withdraw", "cancel", "expire", "reject"])
async def test_of_many_ends_at_once_exactly_one_counts(world: World, first: str) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    live, before = client.session, len(world.journal)

    async def cancel() -> None:
        world.live.cancel(live.process_id, live.secret_key)

    async def expire() -> None:
        await world.waiting.expire(world.clock.now() + 15 * MINUTE)

    ends = {
        "approve": lambda: world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, ""),
        "reject": lambda: world.requests.answer(a_caller(DORA), request, Verdict.REJECT, ""),
        "withdraw": lambda: world.requests.withdraw(a_caller(ANA), request),
        "cancel": cancel,
        "expire": expire,
    }
    order = [first, *(name for name in ends if name != first)]
    await asyncio.gather(*(ends[name]() for name in order), return_exceptions=True)
    answer = await asking
    settled = await world.stored(request)
    assert isinstance(answer, Permitted) == (settled.state is RequestState.RELEASED)
    settlings = world.journal[before:].count("request.settled")
    assert settlings == (0 if isinstance(answer, Permitted) else 1)


async def _end(world: World, asking: "asyncio.Task[Any]") -> None:
    live = next(iter(world.live))
    world.live.cancel(live.process_id, live.secret_key)
    await asking


async def test_a_stop_waits_for_what_is_held_while_the_others_let_go(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    await world.held(client)
    late = RequestId("req_late")

    class Quiet(asyncio.Event):
        """Lets somebody come just when nothing is held any more."""

        def set(self) -> None:
            super().set()
            if late not in came:
                came.append(late)
                world.holding._held[late] = client.session
                asyncio.get_running_loop().call_soon(self._leave)

        def _leave(self) -> None:
            del world.holding._held[late]
            self.set()

    came: list[RequestId] = []
    world.holding._nothing_held = Quiet()
    await world.holding.stop()
    assert came == [late]
    assert late not in world.holding._held
    assert isinstance(await asking, Refused)
