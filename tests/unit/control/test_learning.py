"""Learning: what is kept is what was taught, whatever fails, restarts or is taken back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs

from assent.control import learning as module
from assent.control.directory import Directory
from assent.control.learning import LESSON_EVERY, Learning, seen_of
from assent.core.changes import Change, PutLesson, PutProfile
from assent.core.entry import Entry
from assent.core.evidence import Known
from assent.core.faults import OutsideFault
from assent.core.ids import SessionId, SubjectId
from assent.core.lesson import Lesson
from assent.core.ports import Store
from assent.risk.dimensions import dimension
from assent.risk.memory import Memory, Seen
from assent.risk.profile import Profile
from builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    NOON,
    READ,
    SHOP,
    TIM,
    CountingIds,
    World,
    a_subject,
    an_action,
)

ONE, TWO, THREE = SessionId("ses_1"), SessionId("ses_2"), SessionId("ses_3")


def network(*chain: str) -> Seen:
    return Seen(dimension("network"), chain)


def at(address: str) -> Seen:
    return network(address, "192.0.2.0/24", "AS64500", "DE")


HOME, OFFICE, HOTEL = at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3")
ROWS = Seen(dimension("rows"), amount=1000.0)


HABIT = "sql.read public.orders"


async def habits(world: World) -> dict[str, int]:
    asked = [("sql.read", "public.orders")]
    return dict(await world.store.habits(ANA.id, SHOP.id, asked))


def fresh(world: World, store: object = None) -> Learning:
    """Return a learning that knows nothing yet, as after a restart."""
    given = cast(Store, store or world.store)
    return Learning(given, world.directory, world.clock, world.ids)


async def taught(
    learning: Learning,
    session: SessionId,
    *seen: Seen,
    subject: SubjectId = ANA.id,
    weight: float = 1.0,
    strong: bool = False,
    confirmed: bool = False,
) -> None:
    """Teach what one whole session saw."""
    noted(
        learning, session, *seen, subject=subject, weight=weight, strong=strong, confirmed=confirmed
    )
    learning.ended(session)
    await learning.flush()


def noted(
    learning: Learning,
    session: SessionId,
    *seen: Seen,
    subject: SubjectId = ANA.id,
    weight: float = 1.0,
    strong: bool = False,
    confirmed: bool = False,
) -> None:
    learning.note(session, subject, seen, weight=weight, strong=strong, confirmed=confirmed)


async def known(world: World, learning: Learning, seen: Seen, who: SubjectId = ANA.id) -> Known:
    await learning.ready(who)
    return learning.known(who, (seen,), world.clock.now())


def counts(found: Known) -> tuple[int, int, int]:
    """Return how often the most specific value is known: to the person, peers, everyone."""
    network = found.dimensions["network"]
    return (
        network.person[0] if network.person else 0,
        network.peers[0] if network.peers else 0,
        network.everyone[0] if network.everyone else 0,
    )


def fold(lessons: Sequence[Lesson]) -> bytes:
    """Return the profile that lessons add up to."""
    memory = Memory()
    for lesson in lessons:
        memory.learn(
            lesson.subject,
            lesson.groups,
            [seen_of(aspect) for aspect in lesson.aspects],
            lesson.at.timestamp() / 86_400,
            weight=lesson.weight_milli / 1000,
            strong=lesson.strong,
            confirmed=lesson.confirmed,
        )
        if lesson.opens:
            memory.count_session(lesson.subject)
    return memory.profiles[lessons[0].subject].to_bytes()


class Listening:
    """A store that shows what it was given together, and fails when it is told to."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self.commits: list[Sequence[Change]] = []
        self.away = False
        self.unheard = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        if self.away:
            raise OutsideFault("store-unavailable", "away")
        await self._store.commit(changes, entries)
        self.commits.append(changes)
        if self.unheard:
            raise OutsideFault("store-unavailable", "it was written, and nobody heard of it")

    async def profile(self, subject: SubjectId) -> bytes | None:
        if self.away:
            raise OutsideFault("store-unavailable", "away")
        return await self._store.profile(subject)


async def test_lessons_and_profile_are_kept_in_one_commit(world: World) -> None:
    store = Listening(world)
    learning = fresh(world, store)
    noted(learning, ONE, HOME, ROWS)
    noted(learning, TWO, OFFICE)
    learning.ended(ONE)
    learning.ended(TWO)
    await learning.flush()
    (changes,) = store.commits
    kinds = [type(change) for change in changes]
    assert kinds == [PutLesson, PutLesson, PutProfile]
    await learning.flush()
    assert len(store.commits) == 1


async def test_a_session_teaches_every_minute_and_at_its_end(world: World) -> None:
    learning = fresh(world)
    noted(learning, ONE, HOME)
    await learning.flush()
    assert await learning.lessons(ANA.id) == []
    world.clock.advance(LESSON_EVERY)
    await learning.flush()
    noted(learning, ONE, OFFICE)
    await learning.flush()
    first, *rest = await learning.lessons(ANA.id)
    assert rest == []
    learning.ended(ONE)
    await learning.flush()
    first, second = await learning.lessons(ANA.id)
    assert (first.opens, second.opens) == (True, False)
    assert (await known(world, learning, HOME)).sessions == 1


async def test_the_kth_time_counts_for_one_kth_also_over_several_lessons(world: World) -> None:
    learning = fresh(world)
    for _ in range(3):
        noted(learning, ONE, HOME)
    world.clock.advance(LESSON_EVERY)
    await learning.flush()
    noted(learning, ONE, HOME)
    learning.ended(ONE)
    await learning.flush()
    first, second = await learning.lessons(ANA.id)
    assert [aspect.times_milli for aspect in first.aspects] == [1833]
    assert [aspect.times_milli for aspect in second.aspects] == [250]


async def test_who_vouches_for_one_action_vouches_for_no_other(world: World) -> None:
    learning = fresh(world)
    noted(learning, ONE, HOME, weight=0.9)
    noted(learning, ONE, OFFICE, strong=True, confirmed=True)
    noted(learning, ONE, HOTEL, strong=True)
    world.clock.advance(LESSON_EVERY)
    await learning.flush()
    noted(learning, ONE, at("192.0.2.9"))
    learning.ended(ONE)
    await learning.flush()
    lessons = await learning.lessons(ANA.id)
    told = [
        (one.aspects[0].chain[0], one.weight_milli, one.strong, one.confirmed) for one in lessons
    ]
    assert told == [
        ("192.0.2.1", 900, False, False),
        ("192.0.2.2", 1000, True, True),
        ("192.0.2.3", 1000, True, False),
        ("192.0.2.9", 1000, False, False),
    ]
    assert [lesson.opens for lesson in lessons] == [True, False, False, False]
    days = {
        place.chain[0]: (await known(world, learning, place)).dimensions["network"].days[0]
        for place in (HOME, OFFICE, HOTEL)
    }
    assert days == {"192.0.2.1": 1, "192.0.2.2": 3, "192.0.2.3": 1}


async def test_the_least_sure_of_a_lesson_is_how_much_it_counts(world: World) -> None:
    learning = fresh(world)
    noted(learning, ONE, HOME, weight=1.0)
    noted(learning, ONE, OFFICE, weight=0.25)
    learning.ended(ONE)
    await learning.flush()
    assert counts(await known(world, learning, HOME))[0] == pytest.approx(250, abs=1)


async def test_what_is_noted_of_one_session_is_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_ASPECTS", 10)
    learning = fresh(world)
    for number in range(50):
        noted(learning, ONE, at(f"192.0.2.{number}"), ROWS)
    world.clock.advance(LESSON_EVERY)
    await learning.flush()
    for number in range(50):
        noted(learning, ONE, at(f"198.51.100.{number}"))
    learning.ended(ONE)
    await learning.flush()
    lessons = await learning.lessons(ANA.id)
    assert sum(len(lesson.aspects) for lesson in lessons) <= 15


async def test_a_commit_that_fails_is_tried_again_and_nothing_is_lost_or_twice(
    world: World,
) -> None:
    store = Listening(world)
    learning = fresh(world, store)
    noted(learning, ONE, HOME)
    learning.ended(ONE)
    await learning.ready(ANA.id)
    store.away = True
    for _ in range(2):
        with pytest.raises(OutsideFault):
            await learning.flush()
    store.away, store.unheard = False, True
    with pytest.raises(OutsideFault):
        await learning.flush()
    store.unheard = False
    await learning.flush()
    lessons = await learning.lessons(ANA.id)
    assert len(lessons) == 1
    assert await world.store.profile(ANA.id) == fold(lessons)
    assert counts(await known(world, learning, HOME))[0] == pytest.approx(1000, abs=2)


async def test_a_profile_in_the_store_is_the_sum_of_its_lessons(world: World) -> None:
    learning = fresh(world)
    for day in range(5):
        world.clock.advance(timedelta(days=1))
        session = SessionId(f"ses_{day}")
        await taught(learning, session, HOME, OFFICE, ROWS, weight=0.7 + day / 20)
    await taught(learning, THREE, HOTEL, strong=True)
    assert await world.store.profile(ANA.id) == fold(await learning.lessons(ANA.id))


async def test_what_could_not_be_read_is_never_written_over(world: World) -> None:
    await taught(fresh(world), ONE, HOME)
    store = Listening(world)
    again = fresh(world, store)
    store.away = True
    noted(again, TWO, OFFICE, confirmed=True)
    again.ended(TWO)
    await again.flush()
    store.away = False
    assert len(await again.lessons(ANA.id)) == 1
    await again.flush()
    assert len(await again.lessons(ANA.id)) == 2
    last = Profile.from_bytes(await world.store.profile(ANA.id) or b"")
    assert last.sessions == 2
    assert counts(await known(world, again, HOME))[2] == pytest.approx(1000, abs=2)


async def test_unlearning_a_session_leaves_no_trace_of_it(world: World) -> None:
    learning, never = fresh(world), Memory()
    await taught(learning, ONE, HOME, ROWS)
    await taught(learning, TWO, HOTEL, HOME, strong=True)
    world.clock.advance(timedelta(days=1))
    await taught(learning, THREE, OFFICE)
    await taught(learning, SessionId("ses_4"), HOTEL, subject=BEN.id)
    assert await learning.unlearn(ANA.id, TWO) == 1
    lessons = await learning.lessons(ANA.id)
    assert [lesson.session for lesson in lessons] == [ONE, THREE]
    assert await world.store.profile(ANA.id) == learning.profile(ANA.id).to_bytes() == fold(lessons)
    for lesson in (*lessons, *await learning.lessons(BEN.id)):
        seen = [seen_of(aspect) for aspect in lesson.aspects]
        never.learn(lesson.subject, lesson.groups, seen, lesson.at.timestamp() / 86_400)
    for crowd, expected in ((learning._memory.everyone, never.everyone),):
        assert crowd.weights == pytest.approx(expected.weights)
    for name, group in never.groups.items():
        assert learning._memory.groups[name].weights == pytest.approx(group.weights)
    # Ben's hotel stays, hers is gone.
    assert counts(await known(world, learning, HOTEL))[0] == 0


async def test_unlearning_somebody_who_is_not_at_hand_counts_nobody_twice(world: World) -> None:
    await taught(fresh(world), ONE, HOME)
    learning = fresh(world)
    await learning.build()
    assert not learning.is_ready(ANA.id)
    await taught(learning, TWO, HOTEL)
    learning._ready.clear()
    learning._memory.profiles.clear()
    assert await learning.unlearn(ANA.id, TWO) == 1
    assert counts(await known(world, learning, HOME)) == pytest.approx((1000, 1000, 1000), abs=2)
    assert counts(await known(world, learning, HOTEL)) == (0, 0, 0)


async def test_unlearning_that_cannot_be_kept_changes_nothing(world: World) -> None:
    store = Listening(world)
    learning = fresh(world, store)
    await taught(learning, ONE, HOME)
    before = learning.profile(ANA.id).to_bytes()
    store.away = True
    with pytest.raises(OutsideFault):
        await learning.unlearn(ANA.id, ONE)
    assert learning.profile(ANA.id).to_bytes() == before
    store.away = False
    assert await learning.unlearn(ANA.id, ONE) == 1
    assert await learning.unlearn(ANA.id, ONE) == 0
    assert learning.profile(ANA.id).sessions == 0


async def test_an_open_session_that_was_taken_back_teaches_nothing_more(world: World) -> None:
    learning = fresh(world)
    noted(learning, ONE, HOTEL)
    assert await learning.unlearn(ANA.id, ONE) == 0
    await taught(learning, ONE, HOTEL)
    assert await learning.lessons(ANA.id) == []


async def test_what_was_discarded_is_never_taught(world: World) -> None:
    learning = fresh(world)
    noted(learning, ONE, HOTEL)
    learning.discard(ONE)
    learning.ended(ONE)
    await learning.flush()
    assert await learning.lessons(ANA.id) == []


async def test_forgetting_takes_profile_lessons_habits_and_crowds(world: World) -> None:
    learning = world.learning
    await taught(learning, ONE, HOME)
    await taught(learning, TWO, HOME, subject=BEN.id)
    noted(learning, THREE, HOTEL)
    client = await world.connect()
    await world.did(client, READ)
    await world.history.flush()
    assert (await habits(world))[HABIT] == 1
    await learning.forget(ANA.id)
    assert await world.store.profile(ANA.id) is None
    assert await learning.lessons(ANA.id) == []
    assert (await habits(world)).get(HABIT, 0) == 0
    assert await world.history.counts(an_action()) == {HABIT: 0}
    assert counts(await known(world, learning, HOME)) == pytest.approx((0, 1000, 1000), abs=2)
    await world.history.flush()
    learning.ended(THREE)
    await learning.flush()
    assert await learning.lessons(ANA.id) == []
    assert (await habits(world)).get(HABIT, 0) == 0
    assert await learning.lessons(BEN.id) != []


async def test_what_a_failed_commit_left_is_forgotten_as_well(world: World) -> None:
    store = Listening(world)
    learning = fresh(world, store)
    noted(learning, ONE, HOME)
    learning.ended(ONE)
    await learning.ready(ANA.id)
    store.away = True
    with pytest.raises(OutsideFault):
        await learning.flush()
    store.away = False
    await learning.forget(ANA.id)
    await learning.flush()
    assert await world.store.profile(ANA.id) is None
    assert await learning.lessons(ANA.id) == []


async def test_a_profile_that_was_let_go_is_read_again_with_the_same_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_HAND", 2)
    learning = fresh(world)
    people = (ANA, BEN, DORA, CARL, TIM)
    for number, person in enumerate(people):
        await learning.ready(person.id)
        await taught(learning, SessionId(f"ses_{number}"), HOME, subject=person.id)
    before = [counts(await known(world, learning, HOME, person.id)) for person in people]
    assert sum(learning.is_ready(person.id) for person in people) == 2
    assert len(learning._memory.profiles) == 2
    assert before == [counts(await known(world, learning, HOME, who.id)) for who in people]
    assert before[0][2] == pytest.approx(5000, abs=5)


async def test_a_profile_that_is_not_kept_yet_is_not_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_HAND", 1)
    store = Listening(world)
    learning = fresh(world, store)
    await learning.ready(ANA.id)
    noted(learning, ONE, HOME)
    learning.ended(ONE)
    commit, store.commit = store.commit, failing  # type: ignore[method-assign]
    with pytest.raises(OutsideFault):
        await learning.flush()
    for person in (BEN, DORA):
        await learning.ready(person.id)
    store.commit = commit  # type: ignore[method-assign]
    await taught(learning, TWO, OFFICE)
    assert await world.store.profile(ANA.id) == fold(await learning.lessons(ANA.id))
    assert (await known(world, learning, HOME)).sessions == 2


async def failing(changes: Sequence[Change], entries: Sequence[Entry]) -> None:
    raise OutsideFault("store-unavailable", "away")


async def test_an_unreadable_profile_is_logged_and_begins_empty(world: World) -> None:
    await world.store.commit((PutProfile(ANA.id, b"\x07garbage", NOON),), ())
    learning = fresh(world)
    with capture_logs() as logs:
        await learning.build()
        found = await known(world, learning, HOME)
    assert (found.sessions, counts(found)) == (0, (0, 0, 0))
    assert {log["event"] for log in logs} == {"profile-unreadable"}
    assert {log["subject"] for log in logs} == {ANA.id}
    await taught(learning, ONE, HOME)
    assert (await known(world, fresh(world), HOME)).sessions == 1


async def test_after_a_restart_the_same_is_known(world: World) -> None:
    learning = fresh(world)
    await taught(learning, ONE, HOME, OFFICE)
    await taught(learning, TWO, HOME, subject=BEN.id)
    await taught(learning, THREE, OFFICE, subject=TIM.id)
    again = fresh(world)
    await again.build()
    for person in (ANA, BEN, TIM, CARL):
        for place in (HOME, OFFICE, HOTEL):
            before = await known(world, learning, place, person.id)
            after = await known(world, again, place, person.id)
            assert counts(after) == pytest.approx(counts(before), abs=2)
            assert (after.sessions, after.days) == (before.sessions, before.days)


async def test_building_reads_page_by_page_and_counts_nobody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    learning = fresh(world)
    for number, person in enumerate((ANA, BEN, DORA, CARL, TIM)):
        await taught(learning, SessionId(f"ses_{number}"), HOME, subject=person.id)
    again = fresh(world)
    await again.ready(BEN.id)
    await taught(again, SessionId("ses_9"), HOTEL, subject=DORA.id)
    await again.build()
    await again.build()
    assert counts(await known(world, again, HOME, TIM.id))[2] == pytest.approx(5000, abs=5)


async def test_members_of_a_group_are_peers_and_others_are_not(world: World) -> None:
    learning = fresh(world)
    await taught(learning, ONE, HOME, subject=BEN.id)
    assert counts(await known(world, learning, HOME, ANA.id)) == pytest.approx(
        (0, 1000, 1000), abs=2
    )
    assert counts(await known(world, learning, HOME, CARL.id)) == pytest.approx((0, 0, 1000), abs=2)


async def test_whoever_changes_groups_is_taken_out_of_those_they_were_counted_in(
    world: World,
) -> None:
    learning = fresh(world)
    await taught(learning, ONE, HOME, subject=TIM.id)
    world.replace_people(replace(TIM, groups=frozenset({"security"})))
    await learning.forget(TIM.id)
    assert {name: crowd.weights for name, crowd in learning._memory.groups.items()} == {"temps": {}}
    assert learning._memory.everyone.weights == {}


async def test_somebody_new_has_an_empty_profile(world: World) -> None:
    learning = Learning(
        cast(Store, world.store), Directory((a_subject("eve"),), ()), world.clock, CountingIds()
    )
    found = await known(world, learning, HOME, SubjectId("sub_eve"))
    assert (found.sessions, found.days, counts(found)) == (0, 0, (0, 0, 0))
    assert learning.profile(SubjectId("sub_eve")).sessions == 0
