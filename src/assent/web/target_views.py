"""What the templates show of targets: what asking for each would lead to, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.control.access import Outlook
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.faults import MissingFault

_STATE_WORDS = {
    "granted": "open to you",
    "automatic": "opens when you ask",
    "ask": "people decide",
    "closed": "closed to you",
}


@dataclass(frozen=True, slots=True)
class TargetView:
    """One target as one person sees it.

    state: as `control.access.Outlook` has it. words: what asking for it needs, or why it is
    closed. until: when their access ends, empty where they have none.
    """

    name: str
    protocol: str
    environment: str
    state: str
    state_words: str
    words: tuple[str, ...]
    until: str


async def target_views(plane: ControlPlane, caller: Caller) -> Sequence[TargetView]:
    """Return every target, by name."""
    return [_view(outlook) for outlook in await plane.access.outlook(caller)]


async def target_view(plane: ControlPlane, caller: Caller, name: str) -> TargetView:
    """Return the target of that name. Raises MissingFault."""
    for outlook in await plane.access.outlook(caller):
        if outlook.target.name == name:
            return _view(outlook)
    raise MissingFault("no-such-target", f"there is no target `{name[:100]}`")


def _view(outlook: Outlook) -> TargetView:
    grant = outlook.grant
    return TargetView(
        outlook.target.name,
        outlook.target.protocol,
        outlook.target.environment,
        outlook.state,
        _STATE_WORDS.get(outlook.state, outlook.state),
        tuple(outlook.words),
        isoformat(grant.ends_at) if grant else "",
    )
