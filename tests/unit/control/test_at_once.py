from assent.control.at_once import settled_at_once
from assent.core.decision import Permit
from assent.core.ids import GrantId, RequestId
from assent.core.request import RequestState
from builders import ANA, NOON, World, a_caller

PERMIT = Permit("rev", ("one", "two"))


async def test_what_is_permitted_at_once_is_complete_and_names_who_permitted_it(
    world: World,
) -> None:
    action, outcome = await world.decided(world.access.ask(a_caller(ANA), "shop", None, "", ""))
    request, entry = settled_at_once(
        world.ids,
        RequestId("req_1"),
        action,
        outcome,
        PERMIT,
        NOON,
        grant=GrantId("grt_1"),
        reason="a look",
    )
    assert request.state is RequestState.COMPLETED
    assert request.grant == "grt_1"
    assert request.outcome == "permitted at once by one, two"
    assert entry.request == "req_1"
    assert entry.facts["decision"] == outcome.entry
