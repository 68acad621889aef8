"""Policies under which the log is administered, and ways to order it."""

from assent.control.audit_actions import Ordered
from assent.core.request import RequestState, Verdict
from builders import BEN, CARL, POLICIES, World, a_caller, policies

_VERBS = 'Action::"audit.erase", Action::"audit.prune", Action::"audit.hold"'
AT_ONCE = f"""
@id("audit.permit")
permit (principal in Group::"security", action in [{_VERBS}], resource == System::"audit");
"""
ASKED = f"""{POLICIES}
@id("audit.permit")
permit (principal, action in [{_VERBS}], resource == System::"audit");
@id("audit.ask") @message("security must assent") @require("approve: 1 of security")
forbid (principal, action in [{_VERBS}], resource == System::"audit");
"""


def at_once(world: World) -> World:
    """Let security administer the log alone."""
    world.policies.replace(policies(POLICIES, AT_ONCE))
    return world


def asked(world: World) -> World:
    """Let everybody administer the log with security's assent."""
    world.policies.replace(policies(ASKED))
    return world


async def assented(world: World, ordered: Ordered) -> RequestState:
    """Return what became of a request once security assented to it."""
    assert ordered.request is not None
    assert ordered.request.action.subject == BEN.id
    await world.requests.answer(a_caller(CARL), ordered.request.id, Verdict.APPROVE, "")
    return (await world.stored(ordered.request.id)).state
