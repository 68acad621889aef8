"""Systems outside that the log is told to."""

from fastapi import APIRouter, Depends

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.export_schemas import ExportersOut, exporter_out
from assent.core.role import Permission

router = APIRouter(prefix="/v1/audit", tags=["audit"])


@router.get("/exporters", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def exporters(door: TheDoor, caller: SignedIn) -> ExportersOut:
    """Say how far each system is that hears what the log says, for those who oversee."""
    found = await door.plane.custody.exporting.standing(caller)
    return ExportersOut(items=[exporter_out(one) for one in found])
