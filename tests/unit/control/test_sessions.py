"""Sessions: who may open one, when a decision serves again, and how they end."""

import asyncio

import pytest

from assent.control.attempts import REUSE_FOR
from assent.control.opening import Proof
from assent.core.action import Phase
from assent.core.evidence import Connection
from assent.core.faults import OutsideFault
from assent.core.frame import ResultFrame
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.request import RequestState, Verdict
from assent.core.session import SessionState
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    MINUTE,
    POLICIES,
    READ,
    Client,
    World,
    a_caller,
    asking_to,
    disabled,
    policies,
    until,
)

ASSENTED_READS = """
@id("reads") @require("approve: 1 of dba")
forbid (principal in Group::"engineers", action == Action::"sql.read", resource);
"""
OPENING_HELD = """
@id("openings") @require("approve: 1 of dba")
forbid (principal, action == Action::"session.open", resource);
"""


async def test_a_session_opens_on_a_credential_and_ends_with_what_is_shorter(world: World) -> None:
    client = await world.connect()
    session = client.session.session
    assert session.ends_at == world.clock.now() + 20 * MINUTE
    stored = await world.store.session(session.id)
    assert stored == session
    assert world.journal[-2:] == ["session.opened", "result"]


async def test_an_unknown_person_gets_the_same_shape_of_answer(world: World) -> None:
    await world.opened()
    known, known_shape = await world.sessions.opening.identify("ana", "shop")
    for user, target in (("nobody", "shop"), ("ana", "nothing"), ("", "")):
        candidate, shape = await world.sessions.opening.identify(user, target)
        assert candidate is None
        assert shape.verifiers == ()
        assert (len(shape.salt), shape.iterations) == (
            len(known_shape.salt),
            known_shape.iterations,
        )
        assert shape.salt == (await world.sessions.opening.identify(user, target))[1].salt
    assert known is not None
    assert len(known_shape.verifiers) == 1


async def test_a_disabled_person_has_nothing_to_prove(world: World) -> None:
    await world.opened()
    world.replace_people(disabled(ANA))
    assert (await world.sessions.opening.identify("ana", "shop"))[0] is None


async def test_a_credential_opens_as_many_sessions_as_it_was_made_for(world: World) -> None:
    await world.opened(connections=1)
    candidate = await world.candidate()
    answers = [
        await world.sessions.opening.open(
            candidate,
            Proof(candidate.credentials[0]),
            "",
            Connection(),
            Client().handles(),
            lambda held: None,
        )
        for _ in range(2)
    ]
    assert isinstance(answers[1], Refused)
    assert "every connection" in answers[1].message
    assert len(world.live) == 1
    assert world.journal[-1] == "result"


async def test_a_revoked_grant_opens_nothing(world: World) -> None:
    opened = await world.opened()
    await world.grants.revoke(a_caller(ANA), opened.grant.id, "enough")
    candidate = await world.candidate()
    answer = await world.sessions.opening.open(
        candidate,
        Proof(candidate.credentials[0]),
        "",
        Connection(),
        Client().handles(),
        lambda held: None,
    )
    assert isinstance(answer, Refused)
    assert "is over" in answer.message


async def test_a_grant_revoked_while_the_opening_is_written_opens_nothing(world: World) -> None:
    opened = await world.opened()
    candidate = await world.candidate()
    world.store.gated_kinds = {"session.opened"}
    client = Client()

    async def open_it() -> None:
        client.live = await world.sessions.opening.open(
            candidate,
            Proof(candidate.credentials[0]),
            "",
            Connection(),
            client.handles(),
            client.held.append,
        )

    async def revoke() -> None:
        await until(lambda: world.store.waiting == 1)
        await world.grants.revoke(a_caller(ANA), opened.grant.id, "enough")
        world.store.gate.set()

    await asyncio.gather(open_it(), revoke())
    assert isinstance(client.live, Refused)
    assert len(world.live) == 0
    assert (await world.store.sessions(open_only=True)) == []


async def test_a_session_whose_opening_people_assented_to_settles_their_request(
    world: World,
) -> None:
    world.policies.replace(policies(POLICIES, OPENING_HELD))
    client = Client()

    opening = asyncio.create_task(world.connect(ANA, client))
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await opening
    assert client.session.session.state is SessionState.OPEN
    settled = await world.stored(request)
    assert settled.state is RequestState.COMPLETED
    assert settled.outcome == "the session was opened"
    assert list(world.waiting) == []


async def test_a_client_that_hangs_up_while_its_session_is_held_opens_nothing(
    world: World,
) -> None:
    world.policies.replace(policies(POLICIES, OPENING_HELD))
    client = Client()

    opening = asyncio.create_task(world.connect(ANA, client))
    request = await world.held(client)
    client.drafts[0].gone = True
    client.drafts[0].nudged.set()
    await opening
    assert isinstance(client.live, Refused)
    assert (await world.stored(request)).state is RequestState.WITHDRAWN


async def test_a_log_that_is_away_opens_no_session(world: World) -> None:
    await world.opened()
    candidate = await world.candidate()
    for kinds in ({"decision"}, {"session.opened"}):
        world.store.refused_kinds = kinds
        answer = await world.sessions.opening.open(
            candidate,
            Proof(candidate.credentials[0]),
            "",
            Connection(),
            Client().handles(),
            lambda held: None,
        )
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.UNAVAILABLE
    assert len(world.live) == 0


async def test_a_simple_read_may_be_reused_for_a_minute_at_its_epoch(world: World) -> None:
    client = await world.connect()
    await world.ask(client, READ)
    for _ in range(3):  # The first times are risky in themselves.
        answer = await world.ask(client, READ)
    assert answer.reuse_until == world.clock.now() + REUSE_FOR
    assert answer.epoch == client.session.epoch.value


async def test_nothing_is_reused_beyond_the_end_of_its_session(world: World) -> None:
    client = await world.connect()
    for _ in range(3):
        await world.ask(client, READ)
    ends_at = client.session.session.ends_at
    world.clock.at = ends_at - MINUTE / 2
    answer = await world.ask(client, READ)
    assert answer.reuse_until == ends_at


async def test_what_people_assented_to_is_never_reused(world: World) -> None:
    client = await world.connect()
    for _ in range(3):
        await world.ask(client, READ)
    world.policies.replace(policies(POLICIES, ASSENTED_READS))
    asking = world.asking(client, READ)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    answer = await asking
    assert isinstance(answer, Permitted)
    assert answer.reuse_until is None


@pytest.mark.parametrize("verb", ["sql.insert", "sql.update", "sql.delete"])
async def test_writes_are_always_decided_singly(world: World, verb: str) -> None:
    client = await world.connect()
    answers = [await world.ask(client, asking_to(verb)) for _ in range(4)]
    assert all(isinstance(answer, Permitted) for answer in answers)
    assert all(answer.reuse_until is None for answer in answers)


async def test_replaced_policies_make_every_reusable_decision_stale(world: World) -> None:
    client = await world.connect()
    before = client.session.epoch.value
    world.policies.replace(policies(POLICIES))
    assert client.session.epoch.value > before


async def test_policies_replaced_during_a_decision_make_it_stale_at_once(world: World) -> None:
    client = await world.connect()
    for _ in range(3):
        await world.ask(client, READ)
    world.store.gated_kinds = {"decision"}
    asking = world.asking(client, READ)
    await until(lambda: world.store.waiting == 1)
    world.policies.replace(policies(POLICIES, ASSENTED_READS))
    world.store.gate.set()
    answer = await asking
    assert answer.epoch < client.session.epoch.value


async def test_a_log_that_is_away_refuses_every_statement(world: World) -> None:
    client = await world.connect()
    world.store.away = True
    answer = await world.ask(client, READ)
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert "nothing was sent" in answer.hint


async def test_preparing_what_needs_assent_is_let_through_and_running_it_is_held(
    world: World,
) -> None:
    client = await world.connect()
    prepare = asking_to("sql.delete", has_where=False, phase=Phase.PREPARE)
    answer = await world.ask(client, prepare)
    assert isinstance(answer, Permitted)
    assert answer.reuse_until is None
    asking = world.asking(client, DELETE_ALL)
    await world.held(client)
    await world.sessions.ending.end(client.session, "the client hung up")
    await asking


async def test_a_denial_says_what_to_explain(world: World) -> None:
    client = await world.connect()
    answer = await world.ask(client, asking_to("sql.unknown"))
    assert answer.kind is RefusalKind.DENIED
    assert answer.entry in answer.hint
    assert (await world.store.entry(answer.entry)) is not None


async def test_a_grant_that_is_over_cuts_what_is_open_and_lets_nothing_held_go(
    world: World,
) -> None:
    client = await world.connect()
    grant = client.session.session.grant
    before = client.session.epoch.value
    await world.grants.revoke(a_caller(ANA), grant, "the phone was lost")
    assert "was revoked: the phone was lost" in client.cuts[0]
    assert client.session.epoch.value > before


async def test_a_session_that_is_over_does_nothing_more_though_its_grant_goes_on(
    world: World,
) -> None:
    client = await world.connect()
    world.clock.at = client.session.session.ends_at
    grant = await world.store.grant(client.session.session.grant)
    assert grant is not None
    assert grant.is_valid(world.clock.now())
    assert isinstance(await world.ask(client, READ), Refused)
    assert "your time on `shop` is over" in client.cuts[0]


async def test_time_that_is_over_cuts_a_session(world: World) -> None:
    client = await world.connect()
    world.sessions.ending.expire(client.session.session.ends_at - MINUTE / 60)
    assert client.cuts == []
    world.sessions.ending.expire(client.session.session.ends_at)
    assert "your time on `shop` is over" in client.cuts[0]


async def test_what_comes_after_the_end_cuts_the_session_without_waiting_for_the_sweep(
    world: World,
) -> None:
    client = await world.connect()
    world.clock.advance(31 * MINUTE)
    assert isinstance(await world.ask(client, READ), Refused)
    (message,) = client.cuts
    assert message.startswith("your time on `shop` is over")


async def test_a_session_ends_once_in_the_log_even_when_its_recording_cannot_be_sealed(
    world: World,
) -> None:
    client = await world.connect()
    world.recorder.full = True
    with pytest.raises(OutsideFault):
        await world.sessions.ending.end(client.session, "cut", cut=True)
    await world.sessions.ending.end(client.session, "again")
    stored = await world.store.session(client.session.session.id)
    assert stored is not None
    assert (stored.state, stored.ended_because) == (SessionState.CUT, "cut")
    assert world.journal.count("session.ended") == 1


async def test_what_an_earlier_process_left_open_is_ended(world: World) -> None:
    await world.connect()
    await world.sessions.ending.recover()
    assert (await world.store.sessions(open_only=True)) == []


async def test_the_outcome_of_a_single_decision_is_in_the_log(world: World) -> None:
    client = await world.connect()
    answer, action = await world.sessions.attempts.authorize(
        client.session, asking_to("sql.update"), client.held.append
    )
    assert isinstance(answer, Permitted)
    frame = ResultFrame(1, world.clock.now(), 1_000, 7, 0, error="23505 duplicate")
    await world.sessions.results.finish(client.session, action, "", frame)
    assert world.journal[-3:] == ["attempt", "decision", "result"]
    assert '"error":"23505"' in await world.log()


@pytest.mark.parametrize(
    ("rows", "words"), [(7, "done, 7 rows"), (1, "done, 1 row"), (0, "done, 0 rows"), (-1, "done")]
)
async def test_a_held_action_that_ran_completes_its_request(
    world: World, rows: int, words: str
) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    action = (await world.stored(request)).action
    frame = ResultFrame(1, world.clock.now(), 1_000, rows, 0)
    await world.sessions.results.finish(client.session, action, request, frame)
    settled = await world.stored(request)
    assert (settled.state, settled.outcome) == (RequestState.COMPLETED, words)


async def test_cancel_keys_use_all_their_bits_and_are_not_shown(world: World) -> None:
    live = (await world.connect()).session
    assert len(live.secret_key) == 4
    assert 0 <= live.process_id < 2**31
    assert repr(live.secret_key) not in repr(live)
