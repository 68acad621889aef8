"""Who may search what, and what the log says of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.effects import NAME
from assent.control.searching import Question, Searching, cursor_text, position_of
from assent.core.changes import MoveCursor
from assent.core.effect import Effect, EffectOutcome, EffectPosition, IndexEffects, place_of
from assent.core.entry import EntryKind
from assent.core.faults import ForbiddenFault, MissingFault, OperatorFault
from assent.core.ids import EntryId
from assent.core.ports import StoredEntry
from builders import ANA, BEN, CARL, NOON, SHOP, World, a_caller, a_world

DELETED = Effect(
    place=place_of(5),
    at=NOON,
    entry=EntryId("ent_5"),
    subject=ANA.id,
    verb="sql.delete",
    operation="write",
    kind="Table",
    resource="public.orders",
    outcome=EffectOutcome.PERMITTED,
    score=3,
    target=SHOP.id,
    rows=12,
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        of_ben = replace(DELETED, place=place_of(6), entry=EntryId("ent_6"), subject=BEN.id)
        held = replace(of_ben, place=place_of(7), outcome=EffectOutcome.RELEASED)
        await world.store.commit((IndexEffects((DELETED, of_ben, held)),), ())
        yield world


def searching(world: World) -> Searching:
    return world.plane.searching


async def reads(world: World) -> list[StoredEntry]:
    found = await world.store.entries(0, 1_000)
    return [one for one in found if json.loads(one.leaf)["kind"] == EntryKind.LOG_READ]


async def test_everybody_finds_their_own_and_nobody_hears_of_it(world: World) -> None:
    answer = await searching(world).search(a_caller(ANA), Question())
    assert [one.entry for one in answer.effects] == ["ent_5"]
    named = await searching(world).search(a_caller(ANA), Question(by="ana", verb="SQL"))
    assert named.effects == answer.effects
    with pytest.raises(ForbiddenFault, match=r"needs the permission `log\.read`"):
        await searching(world).search(a_caller(ANA), Question(by="ben"))
    assert await reads(world) == []


async def test_who_oversees_finds_all_and_the_log_says_what_they_looked_for(world: World) -> None:
    question = Question(
        verb="sql.*", by="ben", resource="Orders", text="mia", since=NOON - timedelta(days=1)
    )
    await searching(world).search(a_caller(CARL), question)
    (read,) = await reads(world)
    leaf = json.loads(read.leaf)
    assert leaf["subject"] == CARL.id
    assert leaf["facts"] == {
        "what": "effects",
        "verbs": ["sql.*"],
        "about": BEN.id,
        "since": "2026-03-03T12:00:00.000000Z",
    }
    assert read.content is not None
    assert json.loads(read.content) == {"resource": "Orders", "text": "mia"}
    page = await searching(world).search(a_caller(CARL), Question(), limit=2)
    assert page.next is not None
    rest = await searching(world).search(a_caller(CARL), Question(), page.next)
    assert [one.entry for one in (*page.effects, *rest.effects)] == ["ent_6", "ent_6", "ent_5"]
    # Once for all pages of a search.
    assert len(await reads(world)) == 2


async def test_what_people_let_counts_as_held_and_as_permitted(world: World) -> None:
    carl = a_caller(CARL)
    held = await searching(world).search(carl, Question(outcome="held"))
    permitted = await searching(world).search(carl, Question(outcome="permitted"))
    denied = await searching(world).search(carl, Question(outcome="denied"))
    assert [len(one.effects) for one in (held, permitted, denied)] == [1, 3, 0]


async def test_an_answer_says_how_far_the_index_has_come(world: World) -> None:
    await world.store.commit((MoveCursor(NAME, 1),), ())
    await world.store.publish()
    answer = await searching(world).search(a_caller(ANA), Question())
    assert answer.indexed == 1
    assert answer.size >= 1


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (Question(verb="sql.*.x"), OperatorFault),
        (Question(verb="'; drop"), OperatorFault),
        (Question(outcome="maybe"), OperatorFault),
        (Question(text="&|!"), OperatorFault),
        (Question(by="nobody"), MissingFault),
        (Question(target="nowhere"), MissingFault),
        (Question(session="ses 1"), MissingFault),
    ],
)
async def test_what_cannot_be_asked_is_told_and_not_logged(
    world: World, question: Question, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        await searching(world).search(a_caller(CARL), question)
    assert await reads(world) == []


def test_where_a_page_ends_survives_being_written() -> None:
    position = EffectPosition(NOON + timedelta(microseconds=7), 2**62)
    assert position_of(cursor_text(position)) == position


@pytest.mark.parametrize("text", ["", "1", "1-2-3", "a-b", f"1-{2**63}", f"{10**17}0-1", "-1-2"])
def test_what_is_no_end_of_a_page_is_refused(text: str) -> None:
    with pytest.raises(OperatorFault, match="is where no page ends"):
        position_of(text)
