"""Bundles: the events of a period with the proof of each, for those who oversee."""

from base64 import b64encode
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import JsonValue, TypeAdapter

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.export_schemas import BundleBody, BundleOut, BundleRowOut, BundleRowsOut
from assent.core.canonical import LARGEST
from assent.core.faults import ConflictFault
from assent.core.role import Permission

_OBJECT = TypeAdapter(dict[str, JsonValue])

router = APIRouter(prefix="/v1/audit/bundle", tags=["audit"])

StartQuery = Annotated[int, Query(ge=0, le=LARGEST, description="The index of the first row.")]


@router.post("", dependencies=[Depends(needs(Permission.EXPORT_LOG))])
async def begin_bundle(door: TheDoor, caller: SignedIn, body: BundleBody) -> BundleOut:
    """Begin a bundle of what was logged from `since` on and before `until`."""
    if body.since >= body.until:
        raise ConflictFault("empty-period", "the period must end after it begins")
    bundles = door.plane.custody.bundles
    begun = await bundles.begin(caller, body.since, body.until, with_text=body.text)
    return BundleOut(
        first=begun.first,
        end=begun.end,
        size=begun.checkpoint.size,
        checkpoint=begun.note,
        keys=list(begun.keys),
    )


@router.get("/rows", dependencies=[Depends(needs(Permission.EXPORT_LOG))])
async def bundle_rows(door: TheDoor, caller: SignedIn, start: StartQuery = 0) -> BundleRowsOut:
    """Return the next rows of the bundle that was begun last with this token."""
    found = await door.plane.custody.bundles.rows(caller, start)
    return BundleRowsOut(
        rows=[
            BundleRowOut(
                index=one.index,
                leaf=b64encode(one.leaf).decode("ascii"),
                hashes=[b64encode(item).decode("ascii") for item in one.hashes],
                event=_OBJECT.validate_python(one.event),
            )
            for one in found
        ]
    )
