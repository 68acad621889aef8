"""What every route needs: the control plane, and how the world reaches us."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request

from assent.control.plane import ControlPlane


class Clicks(Protocol):
    """Takes what a chat tells of pressed buttons."""

    def take(self, timestamp: str, signature: str, body: bytes) -> Callable[[], Awaitable[None]]:
        """Return what answers a click, once it was acknowledged.

        Raises ForbiddenFault where the chat did not sign it, PeerFault for what is no click.
        """
        ...


@dataclass(frozen=True, slots=True)
class Door:
    """The control plane behind the API. public_url: without a slash at its end.

    addresses: of the doors beside PostgreSQL's that listen: `ssh`, `http`, `tcp`. clicks: takes
    those on buttons in a chat, None where no chat has any. certificate: SHA-256 of what the
    gateway serves TLS with, in hex.
    """

    plane: ControlPlane
    public_url: str
    postgres_address: Callable[[], tuple[str, int]]
    clicks: Clicks | None = None
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    certificate: str = ""


def door_of(request: Request) -> Door:
    """Return the door of the application that serves this request."""
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(door_of)]
