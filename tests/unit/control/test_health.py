"""What is looked at, what is said of it, and who may see it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from assent.control.following import Progress
from assent.control.health import Health, HowWell, Report, in_words
from assent.core.changes import PutGrant, PutReview
from assent.core.faults import ForbiddenFault, OutsideFault
from assent.core.ids import ReviewId, TargetId
from assent.core.review import Review
from builders import ANA, CARL, NOON, SHOP, World, a_caller, a_grant


@dataclass(frozen=True)
class Age:
    """How one catalogue stands."""

    target: TargetId
    database: str
    read_at: datetime | None
    problem: str = ""


def health(world: World) -> Health:
    return world.plane.health


async def report(world: World) -> Report:
    return await health(world).report(a_caller(CARL))


async def how(world: World, name: str) -> tuple[HowWell, str, str]:
    found = next(one for one in (await report(world)).checks if one.name == name)
    return found.how, found.says, found.to_do


async def test_only_those_who_oversee_see_it(world: World) -> None:
    with pytest.raises(ForbiddenFault, match=r"`health\.read`"):
        await health(world).report(a_caller(ANA))
    assert (await report(world)).at == world.clock.now()


async def test_everything_that_is_not_well_says_what_to_do(world: World) -> None:
    await world.store.publish()
    for check in (await report(world)).checks:
        assert (check.how is HowWell.OK) == (check.to_do == ""), check


async def test_the_canary_is_off_silent_failing_or_well(world: World) -> None:
    assert (await how(world, "canary"))[:2] == (HowWell.WARN, "is off")
    await world.canary.begin("127.0.0.1", 1, timedelta(seconds=60))
    assert (await how(world, "canary"))[0] is HowWell.WARN
    world.canary.measured(0.02)
    well, says, _ = await how(world, "canary")
    assert well is HowWell.OK
    assert "p50 20 ms" in says
    world.clock.advance(timedelta(minutes=5))
    assert (await how(world, "canary"))[0] is HowWell.FAIL
    world.canary.failed("the gateway refused it")
    well, says, to_do = await how(world, "canary")
    assert well is HowWell.FAIL
    assert "the gateway refused it" in says
    assert to_do
    assert (await report(world)).how is HowWell.FAIL


async def test_a_catalogue_that_is_old_or_was_never_read_is_named(world: World) -> None:
    now = world.clock.now()
    ages = [
        Age(SHOP.id, "shop", now - timedelta(seconds=20)),
        Age(SHOP.id, "archive", None, "it is away"),
        Age(SHOP.id, "old", now - timedelta(hours=1), "it is away"),
    ]
    health(world).catalogues = lambda: ages
    assert (await how(world, "catalogue of shop/shop"))[0] is HowWell.OK
    assert (await how(world, "catalogue of shop/archive"))[0] is HowWell.FAIL
    assert (await how(world, "catalogue of shop/old"))[:2] == (
        HowWell.WARN,
        "looked at 1 h ago: it is away",
    )


async def test_how_far_each_reader_of_the_log_is_and_what_it_waits_for_is_said(
    world: World,
) -> None:
    health = world.plane.health
    for progress in (
        Progress("well", 7, 9, 0, ""),
        Progress("waits", 7, 9, 0, "store-unavailable"),
        Progress("stumbled", 9, 9, 2, ""),
    ):
        health.followers.append(lambda it=progress: it)  # type: ignore[misc]
    checks = (await health.report(a_caller(CARL))).checks
    found = {one.name.split(": ")[1]: one for one in checks if one.name.startswith("reader of")}
    assert {name: one.how for name, one in found.items()} == {
        "well": HowWell.OK,
        "waits": HowWell.WARN,
        "stumbled": HowWell.WARN,
    }
    assert found["well"].says == "has read 7 of 9 entries"
    assert found["waits"].says.endswith("waits: store-unavailable")
    assert found["stumbled"].says.endswith("passed over 2")


async def test_a_store_that_does_not_answer_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise OutsideFault("store-unavailable", "the store cannot be read")

    monkeypatch.setattr(world.store, "checkpoint", away, raising=False)
    found = await report(world)
    assert found.how is HowWell.FAIL
    assert found.figures.due is None
    assert (await how(world, "notices"))[0] is HowWell.WARN


async def test_a_log_that_is_not_signed_any_more_fails(world: World) -> None:
    await world.store.publish()
    assert (await how(world, "checkpoint"))[0] is HowWell.OK
    world.clock.advance(timedelta(hours=1))
    assert (await how(world, "checkpoint"))[0] is HowWell.OK
    await world.connect()
    assert (await how(world, "checkpoint"))[0] is HowWell.FAIL


async def test_a_late_revocation_and_an_overdue_review_are_warned_of(world: World) -> None:
    assert (await how(world, "revocations"))[1] == "none yet"
    world.revocations.took("real", 1.5)
    assert "1 of 1 took more than 1 s" in (await how(world, "revocations"))[1]
    assert (await how(world, "reviews"))[0] is HowWell.OK
    grant = a_grant()
    review = Review(ReviewId("rev_1"), grant.id, ANA.id, SHOP.id, "security", "", NOON, NOON)
    await world.store.commit((PutGrant(grant), PutReview(review)), ())
    assert "1 of break-glass" in (await how(world, "reviews"))[1]


async def test_sessions_of_people_are_counted_and_not_the_canarys(world: World) -> None:
    await world.connect()
    await world.canary.begin("127.0.0.1", 1, timedelta(seconds=60))
    figures = await health(world).figures()
    assert (figures.sessions, figures.pending, figures.holding) == (1, 0, 0)
    live = next(iter(world.live))
    live.subject = replace(live.subject, id=world.directory.own)  # type: ignore[arg-type]
    assert (await health(world).figures()).sessions == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7_200, "2 h"), (200_000, "2 d")],
)
def test_a_span_is_said_in_its_largest_unit(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
