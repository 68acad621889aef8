"""The page from which the log is taken along: bundles with the proof of each event, and reports."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import RawIOBase
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Response
from starlette.responses import StreamingResponse

from assent.audit import bundles
from assent.audit.evidence.packs import as_json
from assent.control.bundles import Begun
from assent.core.canonical import canonical_bytes
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault
from assent.core.role import Permission
from assent.web.answers import clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, TheSeat
from assent.web.times import moment_of, zone_of

router = APIRouter(route_class=PageRoute)

REPORTS = {
    "access-review": "who had access, who used it, and who has it still",
    "privileged-actions": "what was changed and administered",
    "approvals": "who assented to what, and what came of it",
    "break-glass": "emergencies, and who looked at them",
}

Acting = Annotated[Seat, Depends(acts(Permission.EXPORT_LOG))]
When = Annotated[str, Form(max_length=200)]


@router.get("/log/export", dependencies=[Depends(needs(Permission.EXPORT_LOG))])
async def page(seat: TheSeat) -> Response:
    """Return the page."""
    values = {
        "seat": seat,
        "page": "log",
        "now": isoformat(seat.desk.plane.clock.now()),
        "zone": str(zone_of(seat.caller.subject.time_zone)),
        "reports": REPORTS,
    }
    return seat.desk.pages.page("log_export.html", values)


@router.post("/log/export/bundle")
async def bundle(
    seat: Acting,
    since: When = "7d",
    until: When = "",
    text: Annotated[Literal["", "yes"], Form()] = "",
) -> Response:
    """Return the events of a period with the proof of each, as one archive."""
    began, ended = _period(seat, since, until)
    begun = await seat.desk.plane.custody.bundles.begin(
        seat.caller, began, ended, with_text=text == "yes"
    )
    name = f"assent-{began:%Y-%m-%d}-{ended:%Y-%m-%d}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    archive = _archive(seat, begun, began, ended)
    return StreamingResponse(archive, media_type="application/zip", headers=headers)


@router.post("/log/export/report")
async def report(
    seat: Acting,
    name: Annotated[
        Literal["access-review", "privileged-actions", "approvals", "break-glass"], Form()
    ] = "access-review",
    since: When = "30d",
    until: When = "",
) -> Response:
    """Return an evidence pack over a period, as JSON."""
    began, ended = _period(seat, since, until)
    pack = await seat.desk.plane.reporting.report(seat.caller, name, began, ended)
    # It may have many rows: statements of others do not wait for them.
    content = await asyncio.to_thread(lambda: canonical_bytes(as_json(pack)))
    headers = {"content-disposition": f'attachment; filename="{name}-{began:%Y-%m-%d}.json"'}
    return Response(content, media_type="application/json", headers=headers)


def _period(seat: Seat, since: str, until: str) -> tuple[datetime, datetime]:
    """Return the period that was typed. Raises OperatorFault, ConflictFault."""
    zone, now = zone_of(seat.caller.subject.time_zone), seat.desk.plane.clock.now()
    began = moment_of(clean(since), zone, now) or now - timedelta(days=7)
    ended = moment_of(clean(until), zone, now) or now
    if began >= ended:
        raise ConflictFault("empty-period", "the period must end after it begins")
    return began, ended


class _Pipe(RawIOBase):
    """Where an archive is written to, to be taken out piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


async def _archive(
    seat: Seat, begun: Begun, since: datetime, until: datetime
) -> AsyncIterator[bytes]:
    """Yield a ZIP archive as it is written; half of one opens nowhere."""
    pipe = _Pipe()
    heads = {
        bundles.DESCRIPTION: bundles.describe(
            begun.first, begun.end, isoformat(since), isoformat(until), bundles.EVENTS
        ),
        bundles.KEY: "".join(f"{key}\n" for key in begun.keys).encode(),
        bundles.CHECKPOINT: begun.note.encode(),
    }
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (bundles.EVENTS, bundles.PROOFS):
            with archive.open(name, "w") as file:
                async for lines in _lines(seat, begun, name):
                    file.write(lines)
                    yield pipe.taken()
        for name, content in heads.items():
            archive.writestr(name, content)
    yield pipe.taken()


async def _lines(seat: Seat, begun: Begun, name: str) -> AsyncIterator[bytes]:
    """Yield the lines of one file of the bundle, page by page."""
    start = begun.first
    while rows := await seat.desk.plane.custody.bundles.rows(seat.caller, start):
        if name == bundles.EVENTS:
            yield b"".join(bundles.event_line(row.event) for row in rows)
        else:
            yield b"".join(bundles.proof_line(row.index, row.leaf, row.hashes) for row in rows)
        start = rows[-1].index + 1
