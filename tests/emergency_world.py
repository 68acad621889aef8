"""A control plane whose policies let engineers break the glass; security reviews."""

from assent.control.break_glass import Broken
from assent.control.sign_in import Caller
from builders import SQL, World, a_caller

EMERGENCY = """
@id("break-glass") @max_duration("20m") @review("1d: security") @budget("writes 5")
permit (principal in Group::"engineers", action == Action::"access.break-glass", resource);

@id("insert.freeze") @message("nobody inserts now")
forbid (principal, action == Action::"sql.insert", resource)
unless { context.grant.break_glass };
"""
HONOURS = SQL.honours | {"record_results"}
REASON = "orders are stuck since noon"


async def broken(world: World, caller: Caller, reason: str = REASON) -> Broken:
    """Break the glass on the shop, at once."""
    taken = await world.plane.break_glass.take(caller, "shop", None, reason)
    assert isinstance(taken, Broken), taken
    return taken


def caller_of(world: World, name: str) -> Caller:
    """Return somebody as they are now."""
    person = world.directory.subject_named(name)
    assert person is not None
    return a_caller(person)
