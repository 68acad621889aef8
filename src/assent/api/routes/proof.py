"""Why something was decided, and the proof that the log says so."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import JsonValue, TypeAdapter

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.schemas import NamesOut
from assent.control.audit import Wanted
from assent.core.faults import MissingFault
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["proof"])

_OBJECT = TypeAdapter(dict[str, JsonValue])


@router.get(
    "/explain/{id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_LOG))],
)
async def explain(
    door: TheDoor,
    caller: SignedIn,
    id: Annotated[
        str, Path(max_length=64, description="Of a request, a session, an action or an entry.")
    ],
) -> dict[str, JsonValue]:
    """Explain a request, session, action or entry: why, and its entries in time order."""
    return _OBJECT.validate_python(await door.plane.explain.explain(caller, id))


@router.get(
    "/audit/checkpoint",
    dependencies=[Depends(needs(*Permission))],
    response_class=PlainTextResponse,
)
async def checkpoint(door: TheDoor, caller: SignedIn) -> PlainTextResponse:
    """Return a signed checkpoint over all of the log, as a C2SP signed note."""
    return PlainTextResponse((await door.plane.audit.checkpoint(caller)).note)


@router.get("/audit/export", dependencies=[Depends(needs(Permission.EXPORT_LOG))])
async def export_names(
    door: TheDoor,
    caller: SignedIn,
    keys: Annotated[
        bool, Query(description="With the keys that open payloads and recordings.")
    ] = False,
    recordings: Annotated[bool, Query(description="With the recordings, as stored.")] = False,
) -> NamesOut:
    """Begin an export of the log as it is now, and list its files by their paths."""
    wanted = Wanted(keys=keys, recordings=recordings)
    return NamesOut(names=list(await door.plane.audit.export_names(caller, wanted)))


@router.get(
    "/audit/export/{path:path}",
    dependencies=[Depends(needs(Permission.EXPORT_LOG))],
    response_class=Response,
    responses={
        200: {
            "description": "The file, as it is.",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def export_file(
    door: TheDoor,
    caller: SignedIn,
    path: Annotated[str, Path(max_length=200, description="A path that the export lists.")],
) -> Response:
    """Return one file of the export that the caller began last."""
    content = await door.plane.audit.export_file(caller, path)
    if content is None:
        raise MissingFault("no-such-file", f"the export has no file `{path}`")
    return Response(content, media_type="application/octet-stream")
