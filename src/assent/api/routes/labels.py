"""Labels: what data is, by configuration, by rule, by what a scan found and people approved."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import LabelBody, ScanBody
from assent.api.door import TheDoor
from assent.api.label_schemas import LabelOut, LabelsOut, ScanOut
from assent.api.render_labels import label_out, scan_out
from assent.core.label import LabelState
from assent.core.role import Permission

router = APIRouter(prefix="/v1/targets/{target}/labels", tags=["labels"])

TargetPath = Annotated[str, Path(max_length=128, description="A target's name.")]


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def listing(door: TheDoor, caller: SignedIn, target: TargetPath) -> LabelsOut:
    """List all that is said of a target, suggestions first; for its owners and overseers."""
    labels = door.plane.labels.list(caller, target)
    return LabelsOut(items=[label_out(door.plane.directory, label) for label in labels])


@router.get("/scan", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def scan_state(door: TheDoor, caller: SignedIn, target: TargetPath) -> ScanOut:
    """Say how the newest scan of a target stands."""
    return scan_out(door.plane.label_scans.state(caller, target))


@router.post(
    "/scan",
    dependencies=[Depends(needs(Permission.ASK))],
    status_code=202,
)
async def scan(door: TheDoor, caller: SignedIn, target: TargetPath, body: ScanBody) -> ScanOut:
    """Begin to look at a sample of each column's values; only an owner of the target may."""
    return scan_out(await door.plane.label_scans.begin(caller, target, body.sample))


@router.post("/approve", dependencies=[Depends(needs(Permission.ASK))])
async def approve(door: TheDoor, caller: SignedIn, target: TargetPath, body: LabelBody) -> LabelOut:
    """Put a suggested label in force; only an owner of the target may."""
    decided = await door.plane.labels.decide(
        caller, target, body.name, body.label, LabelState.APPROVED
    )
    return label_out(door.plane.directory, decided)


@router.post("/reject", dependencies=[Depends(needs(Permission.ASK))])
async def reject(door: TheDoor, caller: SignedIn, target: TargetPath, body: LabelBody) -> LabelOut:
    """Refuse a suggested label, or take an approved one off; only an owner of the target may."""
    decided = await door.plane.labels.decide(
        caller, target, body.name, body.label, LabelState.REJECTED
    )
    return label_out(door.plane.directory, decided)
