"""The canary's side of the control plane: its grants are real, and its rounds are kept."""

from datetime import timedelta

from assent.control.opening import Proof
from assent.control.own_target import CANARY
from assent.control.revocation import CANARY as SOURCE
from assent.core.evidence import Connection
from assent.core.plugins import Refused
from builders import Client, World

EVERY = timedelta(seconds=60)


async def entered(world: World) -> Client:
    """Return a client with the canary's session, opened with what it was given last."""
    candidate, _ = await world.sessions.opening.identify(CANARY, CANARY)
    assert candidate is not None
    client = Client()
    client.live = await world.sessions.opening.open(
        candidate,
        Proof(candidate.credentials[0]),
        "",
        Connection("127.0.0.1", CANARY),
        client.handles(),
        client.held.append,
    )
    return client


async def test_a_round_opens_a_session_and_ends_it_by_its_grant(world: World) -> None:
    await world.canary.begin("127.0.0.1", 1, EVERY)
    before = len(world.journal)
    given = await world.canary.give()
    client = await entered(world)
    await world.canary.take(given)
    assert "revoked" in client.cuts[0]
    await world.sessions.ending.end(client.session, client.cuts[0], cut=True)
    assert world.journal[before:] == [
        "attempt", "decision", "session.opened", "result", "grant.revoked", "session.ended",
    ]  # fmt: skip
    assert (await world.store.grant(given.grant.id)).revoked_at is not None


async def test_it_teaches_nothing_and_counts_among_no_decisions(world: World) -> None:
    await world.canary.begin("127.0.0.1", 1, EVERY)
    given = await world.canary.give()
    await entered(world)
    await world.learning.flush()
    assert world.decider.tally.permitted == 0
    assert await world.store.lessons(given.grant.subject) == []


async def test_a_round_in_time_is_well_and_a_late_or_missing_one_is_not(world: World) -> None:
    canary = world.canary
    await canary.begin("127.0.0.1", 1, EVERY)
    assert not canary.is_well
    assert canary.measured(0.02).problem == ""
    assert canary.is_well
    world.clock.advance(timedelta(minutes=10))
    assert not canary.is_well
    assert "1.50 s" in canary.measured(1.5).problem
    assert not canary.is_well
    canary.failed("it was refused")
    assert (canary.count, canary.failures) == (3, 2)
    assert canary.last is not None
    assert canary.last.seconds is None
    assert world.revocations.summary(SOURCE).count == 2


async def test_its_ids_stay_when_it_begins_again(world: World) -> None:
    await world.canary.begin("127.0.0.1", 1, EVERY)
    first = world.directory.own
    await world.canary.begin("127.0.0.1", 2, EVERY)
    assert world.directory.own == first
    target = world.directory.target_named(CANARY)
    assert target is not None
    assert target.port == 2


async def test_one_that_is_off_can_do_nothing(world: World) -> None:
    await world.canary.begin("127.0.0.1", 0, None)
    candidate, _ = await world.sessions.opening.identify(CANARY, CANARY)
    assert candidate is None
    assert not world.canary.is_well


async def test_an_expired_grant_of_it_opens_nothing(world: World) -> None:
    await world.canary.begin("127.0.0.1", 1, EVERY)
    given = await world.canary.give()
    candidate, _ = await world.sessions.opening.identify(CANARY, CANARY)
    assert candidate is not None
    world.clock.at = given.grant.ends_at
    client = Client()
    answer = await world.sessions.opening.open(
        candidate,
        Proof(candidate.credentials[0]),
        "",
        Connection(),
        client.handles(),
        client.held.append,
    )
    assert isinstance(answer, Refused)
