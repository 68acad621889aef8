"""Tools of servers for agents: which may be called, and which nobody has assented to yet."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render_tools import tool_out
from assent.api.tool_schemas import ToolsOut
from assent.core.role import Permission

router = APIRouter(prefix="/v1/targets/{target}/tools", tags=["tools"])

TargetPath = Annotated[str, Path(max_length=128, description="A target's name.")]


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def listing(door: TheDoor, caller: SignedIn, target: TargetPath) -> ToolsOut:
    """List what is known of a target's tools, by name; for its owners and overseers."""
    found = door.plane.labels.seen(caller, target)
    pins = await door.plane.tool_pins.of(found.id)
    return ToolsOut(items=[tool_out(pins[name]) for name in sorted(pins)])
