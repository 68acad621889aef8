"""Recordings for people: what is whole, what is not, and who read what of whom."""

import json

import pytest

from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ForbiddenFault, MissingFault, OutsideFault
from assent.core.frame import MarkFrame
from assent.core.ids import EntryId, SessionId
from assent.recording.checking import Found
from assent.recording.frames import encode
from assent.recording.segment import SegmentFacts, seal
from builders import ANA, CARL, DORA, NOON, TIM, World, a_caller, a_subject

LINE = encode(MarkFrame(0, NOON, "held"))


async def recorded(world: World, count: int = 2) -> SessionId:
    """Return an ended session of ana's with so many segments of one frame each."""
    client = await world.connect()
    session = client.session.session.id
    previous = ""
    for number in range(1, count + 1):
        made = seal(
            session, number, previous, number, [LINE], key="dek_1", encrypt=lambda *given: given[2]
        )
        previous = made.facts.digest
        world.recorder.record(session, MarkFrame(0, NOON, "held"))
        world.recorder.sealed.setdefault(session, []).append(
            (made.facts, Found(made.data, made.data))
        )
        await logged(world, session, made.facts)
    await world.sessions.ending.end(client.session, "it was over")
    return session


async def logged(world: World, session: SessionId, facts: SegmentFacts) -> None:
    said: dict[str, Json] = {**facts.as_json(), "recovered": True}
    entry = Entry(
        EntryId(world.ids.mint("entry")), EntryKind.SESSION_SEGMENT, NOON, session=session,
        facts=said,
    )  # fmt: skip
    await world.store.commit((), (entry,))


async def reads(world: World, session: SessionId) -> list[dict[str, Json]]:
    """Return who read it, by the log."""
    leaves = [json.loads(leaf) for _, leaf in await world.store.leaves_of(session, 0, 1000)]
    return [
        {"by": leaf["subject"], **leaf["facts"]}
        for leaf in leaves
        if leaf["kind"] == EntryKind.RECORDING_READ
    ]


async def test_a_whole_recording_is_said_to_be_whole(world: World) -> None:
    session = await recorded(world)
    checked = await world.plane.recordings.check(a_caller(ANA), session)
    assert (checked.problems, checked.erased) == ((), ())
    assert [facts.number for facts in checked.segments] == [1, 2]
    assert checked.ended is not None
    assert checked.ended.frames == 2


async def test_what_the_log_does_not_know_or_misses_is_named(world: World) -> None:
    session = await recorded(world)
    sealed = world.recorder.sealed[session]
    (first, found), second = sealed
    world.recorder.sealed[session] = [(first, Found(b"other", found.plain))]
    checked = await world.plane.recordings.check(a_caller(ANA), session)
    assert checked.problems[:2] == (
        "segment 1: its digest is not the one in the log",
        "segment 2: it is missing",
    )
    more = SegmentFacts(3, "sha256:00", "", 3, 1)
    world.recorder.sealed[session] = [(first, found), second, (more, found)]
    checked = await world.plane.recordings.check(a_caller(ANA), session)
    assert checked.problems == ("segment 3: the log does not know it",)


async def test_an_end_that_was_cut_off_the_log_is_named(world: World) -> None:
    client = await world.connect()
    session = client.session.session.id
    world.recorder.record(session, MarkFrame(0, NOON, "held"))
    await world.sessions.ending.end(client.session, "it was over")
    checked = await world.plane.recordings.check(a_caller(ANA), session)
    assert "the session ended with 1 frames, not 0" in checked.problems


async def test_what_was_erased_is_told_and_is_no_problem(world: World) -> None:
    session = await recorded(world)
    (first, found), second = world.recorder.sealed[session]
    world.recorder.sealed[session] = [(first, Found(found.data, None)), second]
    checked = await world.plane.recordings.check(a_caller(CARL), session)
    assert (checked.problems, checked.erased) == ((), (1,))


async def test_ones_own_recording_is_read_without_an_entry(world: World) -> None:
    session = await recorded(world)
    page = await world.plane.recordings.page(a_caller(ANA), session, 0, 1)
    assert ([number for number, _ in page.frames], page.after) == ([1], 1)
    page = await world.plane.recordings.page(a_caller(ANA), session, 1, 10)
    assert ([number for number, _ in page.frames], page.after) == ([2], None)
    assert await reads(world, session) == []


async def test_who_reads_that_of_another_one_is_in_the_log_with_what(world: World) -> None:
    session = await recorded(world)
    for who in (CARL, DORA):
        await world.plane.recordings.page(a_caller(who), session, 0, 10)
    await world.plane.recordings.page(a_caller(CARL), session, 2, 10)
    await world.views.frames(a_caller(CARL), session)
    assert await reads(world, session) == [
        {"by": CARL.id, "from": 1, "of": ANA.id, "to": 2},
        {"by": DORA.id, "from": 1, "of": ANA.id, "to": 2},
        {"by": CARL.id, "from": 1, "of": ANA.id, "to": 2},
    ]


async def test_what_cannot_be_written_down_is_not_shown(world: World) -> None:
    session = await recorded(world)
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.plane.recordings.page(a_caller(CARL), session, 0, 10)
    with pytest.raises(OutsideFault):
        await world.views.frames(a_caller(CARL), session)


async def test_for_others_there_is_none(world: World) -> None:
    session = await recorded(world)
    for ask in (world.plane.recordings.check, world.views.frames):
        with pytest.raises(MissingFault):
            await ask(a_caller(TIM), session)
    with pytest.raises(MissingFault):
        await world.plane.recordings.page(a_caller(TIM), session, 0, 10)
    with pytest.raises(ForbiddenFault):
        await world.plane.recordings.list(a_caller(TIM), True)


async def test_they_are_listed_with_what_is_sealed(world: World) -> None:
    session = await recorded(world)
    for caller, everybody in (
        (a_caller(ANA), False),
        (a_caller(a_subject("eve", "auditors")), True),
    ):
        found = await world.plane.recordings.list(caller, everybody)
        assert [(one.id, len(segments)) for one, segments in found] == [(session, 2)]
