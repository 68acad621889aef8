"""What people see of sessions."""

import pytest

from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.ids import SessionId
from assent.core.subject import Subject
from builders import ANA, BEN, CARL, DORA, TIM, World, a_caller, a_subject


@pytest.mark.parametrize("who", [ANA, DORA, CARL, a_subject("eve", "auditors")])
async def test_its_person_the_owners_and_those_who_oversee_see_a_session(
    world: World, who: Subject
) -> None:
    session = (await world.connect()).session.session
    assert await world.views.get(a_caller(who), session.id) == session
    assert list(await world.views.frames(a_caller(who), session.id)) == []


async def test_for_others_it_is_not_there(world: World) -> None:
    session = (await world.connect()).session.session
    for about in (session.id, SessionId("ses_none")):
        with pytest.raises(MissingFault):
            await world.views.frames(a_caller(TIM), about)


async def test_everybodys_sessions_are_for_those_who_oversee(world: World) -> None:
    await world.connect()
    assert len(await world.views.list(a_caller(CARL), True, True)) == 1
    assert await world.views.list(a_caller(BEN), False, False) == []
    with pytest.raises(ForbiddenFault):
        await world.views.list(a_caller(BEN), False, True)
