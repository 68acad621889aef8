"""What every route needs: the control plane, and how the world reaches us."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from assent.control.plane import ControlPlane


@dataclass(frozen=True, slots=True)
class Door:
    """The control plane behind the API. public_url: without a slash at its end."""

    plane: ControlPlane
    public_url: str
    postgres_address: Callable[[], tuple[str, int]]


def door_of(request: Request) -> Door:
    """Return the door of the application that serves this request."""
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(door_of)]
