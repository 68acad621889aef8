"""Comments on requests: whoever may see one may speak, and nothing moves by it."""

import pytest

from assent.control.comments import LONGEST, MOST
from assent.core.faults import ConflictFault, MissingFault
from assent.core.request import RequestState
from builders import ANA, BEN, CARL, TIM, World, a_caller


async def test_a_comment_is_kept_with_the_request_and_in_the_log(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    await world.comments.comment(a_caller(BEN), request.id, "  which ticket? ")
    await world.comments.comment(a_caller(TIM), request.id, "OPS-7")
    found = await world.stored(request.id)
    assert [(one.by, one.text) for one in found.comments] == [
        (BEN.id, "which ticket?"),
        (TIM.id, "OPS-7"),
    ]
    assert found.state is RequestState.PENDING
    assert world.journal.count("request.commented") == 2
    assert "which ticket?" in await world.log()


async def test_who_may_not_see_a_request_says_nothing_about_it(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    with pytest.raises(MissingFault):
        await world.comments.comment(a_caller(ANA), request.id, "hello")
    await world.comments.comment(a_caller(CARL), request.id, "security looks on")


async def test_comments_are_bounded(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    for text in ("", "   ", "x" * (LONGEST + 1)):
        with pytest.raises(ConflictFault):
            await world.comments.comment(a_caller(BEN), request.id, text)
    for number in range(MOST):
        await world.comments.comment(a_caller(BEN), request.id, f"{number}")
    with pytest.raises(ConflictFault, match="already"):
        await world.comments.comment(a_caller(BEN), request.id, "one more")


async def test_nothing_is_said_about_what_is_settled(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    await world.requests.withdraw(a_caller(TIM), request.id)
    with pytest.raises(ConflictFault):
        await world.comments.comment(a_caller(BEN), request.id, "too late")
