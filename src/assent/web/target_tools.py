"""What the page of a target shows of its protocol's own: its options, and its tools for agents."""

from dataclasses import dataclass

from assent.control.plane import ControlPlane
from assent.core.clock import isoformat
from assent.core.resource import Target
from assent.core.tool_pin import ToolPin

_LONGEST = 200
_MOST = 20
# They hold paths of the server's own, commands with words of their own, or what signs in.
_SHOWN = frozenset(
    {"url", "hosts", "host", "login", "sign_in", "lines", "transport", "description"}
)


@dataclass(frozen=True, slots=True)
class ToolView:
    """A tool. at: since when it is so. waits: people are asked about what it says now."""

    name: str
    words: str
    tone: str
    at: str
    request: str
    waits: bool


def options_of(target: Target) -> tuple[tuple[str, str], ...]:
    """Return what only targets of its protocol say, of what anybody who oversees may read."""
    found = []
    for name, value in sorted(target.options.items()):
        text = value if isinstance(value, str) else ", ".join(value[:_MOST])
        # An address with a name and a password in it is shown to nobody.
        if name in _SHOWN and text and "@" not in text:
            found.append((name.replace("_", " "), text[:_LONGEST]))
    return tuple(found)


async def tools_of(plane: ControlPlane, target: Target) -> tuple[ToolView, ...]:
    """Return the tools of a target for agents, those that wait first. Raises OutsideFault."""
    if target.protocol != "mcp":
        return ()
    pins = (await plane.tool_pins.of(target.id)).values()
    views = [_view(pin) for pin in pins]
    return tuple(sorted(views, key=lambda one: (not one.waits, one.name)))


def _view(pin: ToolPin) -> ToolView:
    request = pin.request or ""
    if pin.waiting_digest and pin.waiting_digest != pin.digest:
        words = "changed: called by nobody" if pin.digest else "new: called by nobody"
        return ToolView(pin.name, words, "warn", isoformat(pin.seen_at), request, bool(request))
    at = isoformat(pin.admitted_at) if pin.admitted_at else ""
    return ToolView(pin.name, "may be called", "good", at, request, waits=False)
