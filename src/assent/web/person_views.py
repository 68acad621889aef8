"""One person as the page shows them: what is read of them, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.control.person_page import PersonPage
from assent.control.plane import ControlPlane
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.grant import Grant
from assent.core.ids import TargetId
from assent.core.request import Request
from assent.core.session import Session
from assent.core.token import Token
from assent.web.devices import DeviceView, view_of

_TONES = {"credential-compromise": "danger", "not-me": "danger", "rejected-as-suspicious": "warn"}
_REQUEST_TONES = {"pending": "warn", "rejected": "danger", "approved": "good", "completed": "good"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of somebody. path: where it is shown whole, empty for nowhere. at: ISO 8601."""

    words: str
    path: str = ""
    about: str = ""
    at: str = ""
    tag: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token of a program, or a sign-in. at: ISO 8601, empty for never."""

    id: str
    name: str
    permissions: tuple[str, ...]
    since: str
    seen_at: str
    expires_at: str
    about: str


def token_lines(tokens: Sequence[Token]) -> tuple[TokenLine, ...]:
    """Return tokens as the pages show them, the next to end first."""
    return tuple(
        TokenLine(
            one.id,
            one.name or one.kind.value,
            tuple(sorted(permission.value for permission in one.permissions or ())),
            isoformat(one.issued_at),
            isoformat(one.seen_at) if one.seen_at else "",
            isoformat(one.expires_at),
            " · ".join(word for word in (one.method, one.address) if word),
        )
        for one in sorted(tokens, key=lambda one: (one.expires_at, one.id))
    )


def device_views(plane: ControlPlane, page: PersonPage) -> tuple[DeviceView, ...]:
    """Return their devices, those that were revoked last."""
    views = [view_of(plane.devices.evidence, held) for held in page.devices]
    return tuple(sorted(views, key=lambda one: bool(one.revoked_at)))


def session_lines(plane: ControlPlane, sessions: Sequence[Session]) -> tuple[Line, ...]:
    """Return what is open, or was, newest first."""
    return tuple(
        Line(
            target_name(plane, one.target),
            f"/sessions/{one.id}",
            " · ".join(word for word in (one.application, one.client_address) if word),
            isoformat(one.opened_at),
            one.state.value,
            "good" if one.state.value == "open" else "",
        )
        for one in sessions
    )


def grant_lines(plane: ControlPlane, grants: Sequence[Grant]) -> tuple[Line, ...]:
    """Return what counts now. at: until when."""
    return tuple(
        Line(
            target_name(plane, one.target) if one.target else "the place of somebody else",
            about=one.id,
            at=isoformat(one.ends_at),
            tag=one.kind.value,
            tone="danger" if one.kind.value == "break-glass" else "",
        )
        for one in grants
    )


def request_lines(plane: ControlPlane, requests: Sequence[Request]) -> tuple[Line, ...]:
    """Return what they asked for, newest first, without what they wrote."""
    return tuple(
        Line(
            target_name(plane, one.action.target) if one.action.target else one.id,
            f"/requests/{one.id}",
            at=isoformat(one.created_at),
            tag=one.state.value,
            tone=_REQUEST_TONES.get(one.state.value, ""),
        )
        for one in requests
    )


def event_lines(page: PersonPage) -> tuple[Line, ...]:
    """Return what was said against their security, newest first."""
    return tuple(
        Line(
            one.type.replace("-", " ") + (f": {one.level}" if one.level else ""),
            about=f"said by {one.source}",
            at=isoformat(one.at),
            tone=_TONES.get(one.type, "warn"),
        )
        for one in page.events
    )


def target_name(plane: ControlPlane, target: TargetId) -> str:
    """Return what a target is called, its id where it is gone."""
    try:
        return plane.directory.target(target).name
    except MissingFault:
        return target
