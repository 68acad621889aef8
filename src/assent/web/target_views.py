"""What the templates show of targets: what asking for each would lead to, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.control.access import Outlook
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.resource import Target
from assent.core.scope import Scope
from assent.protocols.every import PROTOCOLS
from assent.web.grant_views import GrantView, grant_view
from assent.web.words import named_words
from assent.workflow.wishes import ANYTHING, Wish

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
    closed. until: when their access ends, empty where they have none. command: goes there, empty
    where no line of a shell does. named, example: what access to it can be limited to by name.
    verbs: what can be done over its protocol.
    """

    name: str
    protocol: str
    environment: str
    state: str
    state_words: str
    words: tuple[str, ...]
    until: str
    command: str
    named: str
    example: str
    verbs: tuple[str, ...]

    @property
    def some_verbs(self) -> str:
        """Return two of them, as people may write them."""
        if self.protocol == "postgres":
            return "read update"
        return " ".join(self.verbs[:2])


@dataclass(frozen=True, slots=True)
class WayView:
    """One thing that could be asked for, and what that would lead to. state, words: as there."""

    what: str
    state: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What somebody gets of a target, in three parts. already: their grants on it."""

    already: tuple[GrantView, ...]
    automatic: tuple[WayView, ...]
    people: tuple[WayView, ...]
    closed: tuple[WayView, ...]


_WISHES = (
    ("only reading", Wish(scope=Scope(read_only=True))),
    ("everything that policies permit", ANYTHING),
)
"""What is looked at: reading alone, and all."""


async def answer_view(plane: ControlPlane, caller: Caller, name: str) -> AnswerView:
    """Return what they can do there already, what would be automatic, and what needs whom."""
    target = plane.directory.target_named(name)
    ways = [
        WayView(what, outlook.state, tuple(outlook.words))
        for what, wish in _WISHES
        for outlook in await plane.access.outlook(caller, wish)
        if outlook.target.name == name
    ]
    now = plane.clock.now()
    held = plane.grants.valid(caller.subject.id, target.id, now) if target else ()
    return AnswerView(
        already=tuple(grant_view(plane, caller, grant) for grant in held),
        automatic=tuple(way for way in ways if way.state == "automatic"),
        people=tuple(way for way in ways if way.state == "ask"),
        closed=tuple(way for way in ways if way.state == "closed"),
    )


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
    named, example = named_words(outlook.target.protocol)
    return TargetView(
        outlook.target.name,
        outlook.target.protocol,
        outlook.target.environment,
        outlook.state,
        _STATE_WORDS.get(outlook.state, outlook.state),
        tuple(outlook.words),
        isoformat(grant.ends_at) if grant else "",
        command_to(outlook.target),
        named,
        example,
        verbs_of(outlook.target.protocol),
    )


def verbs_of(protocol: str) -> tuple[str, ...]:
    """Return what can be done over a protocol, but for what is not understood."""
    plugin = next((one for one in PROTOCOLS if one.name == protocol), None)
    found = plugin.verbs if plugin is not None else ()
    return tuple(sorted(one for one in found if not one.endswith(".unknown")))


def command_to(target: Target) -> str:
    """Return what is typed to get there, empty where clients are only given its address."""
    return _COMMANDS.get(target.protocol, "").format(target.name)


_COMMANDS = {
    "postgres": "assent connect {}",
    "ssh": "assent connect {}",
    "tcp": "assent tunnel {}",
}
