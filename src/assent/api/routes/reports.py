"""Evidence packs over a period, for those who oversee."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import AwareDatetime

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.report_schemas import ReportOut
from assent.audit.evidence.packs import Pack, as_json
from assent.core.role import Permission

router = APIRouter(prefix="/v1/reports", tags=["proof"])

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)

Name = Annotated[
    Literal["access-review", "privileged-actions", "approvals", "break-glass"],
    Path(description="Which report."),
]


@router.get("/{name}", dependencies=[Depends(needs(Permission.READ_LOG))], response_model=ReportOut)
async def report(
    door: TheDoor,
    caller: SignedIn,
    name: Name,
    since: Annotated[AwareDatetime, Query(description="RFC 3339; where the period begins.")],
    until: Annotated[
        AwareDatetime | None, Query(description="Where it ends, half open; now if not said.")
    ] = None,
) -> Response:
    """Return a report over a period of the log; that you made it is in the log."""
    pack = await door.plane.reporting.report(
        caller, name, _within(since), _within(until) if until else None
    )
    # It may have many rows: statements of others do not wait for them.
    return Response(await asyncio.to_thread(_json, pack), media_type="application/json")


def _json(pack: Pack) -> str:
    return ReportOut.model_validate(as_json(pack)).model_dump_json()


def _within(at: datetime) -> datetime:
    """Return a moment that every clock can say, before or behind all that was ever done."""
    return min(max(at, _EARLIEST), _LATEST)
