"""The pages of the log: looking through it, one entry with its story, and its proof."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import JSONResponse

from assent.control.log_pages import LogPage, Wanted
from assent.core.clock import isoformat
from assent.core.device_key import DeviceKey
from assent.core.entry import EntryKind
from assent.core.faults import Fault, MissingFault, OperatorFault
from assent.core.role import Permission
from assent.web.answers import clean
from assent.web.authorization import needs
from assent.web.desk import PageRoute, Seat, TheSeat, address_of, from_htmx, status_of
from assent.web.entry_views import story_of
from assent.web.times import moment_of, zone_of

router = APIRouter(route_class=PageRoute)

_FIELDS = ("kind", "by", "target", "session", "request", "outcome", "since", "until")
_SAYS_EVERY_S = 1.0
_OUTCOMES = ("permit", "deny", "done", "error", "not-run", "unknown")
_MAY = (Permission.ASK, Permission.ANSWER, Permission.READ_LOG)

Field = Annotated[str, Query(max_length=200)]
EntryPath = Annotated[str, Path(max_length=64)]


@router.get("/log", dependencies=[Depends(needs(*_MAY))])
async def page(
    request: Request,
    seat: TheSeat,
    kind: Field = "",
    by: Field = "",
    target: Field = "",
    session: Field = "",
    request_id: Annotated[str, Query(max_length=200, alias="request")] = "",
    outcome: Field = "",
    since: Field = "",
    until: Field = "",
    before: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None,
) -> Response:
    """Return what the log holds, newest first."""
    values = (kind, by, target, session, request_id, outcome, since, until)
    typed = {name: clean(value).strip() for name, value in zip(_FIELDS, values, strict=True)}
    found, error, status = None, "", 200
    try:
        found = await seat.desk.plane.log_pages.page(seat.caller, _wanted(seat, typed), before)
    except Fault as fault:
        status, _ = status_of(fault)
        error = fault.detail
    template = "log_region.html" if from_htmx(request) else "log.html"
    return seat.desk.pages.page(template, _values(seat, typed, found, error, before), status)


@router.get("/log/stream", dependencies=[Depends(needs(*_MAY))], response_class=EventSourceResponse)
async def stream(
    request: Request, seat: TheSeat, size: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `grown` with how many entries there are more than `size`, as it grows."""
    plane, known = seat.desk.plane, size
    while True:
        known = await plane.log_pages.beyond(known)
        try:
            # Asked again each time: a person who signed out hears nothing more.
            await plane.sign_in.authenticate(seat.token, address_of(request), "web")
        except Fault:
            return
        yield ServerSentEvent(event="grown", raw_data=str(known - size))
        # Under load it grows thousands of times a second; nobody reads a number that often.
        await asyncio.sleep(_SAYS_EVERY_S)


@router.get("/log/{entry_id}", dependencies=[Depends(needs(*_MAY))])
async def one(seat: TheSeat, entry_id: EntryPath) -> Response:
    """Return one entry: its decision, its evidence, the policies as they were, its story."""
    plane = seat.desk.plane
    stored = await plane.log_pages.stored(seat.caller, entry_id)
    explained = await plane.explain.explain(seat.caller, entry_id)
    values: dict[str, Any] = {
        "seat": seat,
        "page": "log",
        "now": isoformat(plane.clock.now()),
        "line": plane.log_pages.line(stored.index, stored.leaf),
        "story": story_of(stored, explained, await _keys(seat)),
        "lines": await plane.log_pages.neighbours(seat.caller, stored),
        "origin": seat.desk.public_url,
    }
    return seat.desk.pages.page("log_entry.html", values)


@router.get("/log/{entry_id}/proof", dependencies=[Depends(needs(*_MAY))])
async def proof(seat: TheSeat, entry_id: EntryPath) -> Response:
    """Return what a browser needs to check by itself that the log holds the entry.

    The receipt with its checkpoint, the leaf that it is of, the payload as it is stored, and the
    public keys of the log and of its witnesses. Nothing of it has to be believed.
    """
    plane = seat.desk.plane
    stored = await plane.log_pages.stored(seat.caller, entry_id)
    (receipt,) = await plane.custody.receipts.receipts(seat.caller, entry_id)
    told = {
        "entry": receipt.entry,
        "receipt": receipt.proof,
        "leaf": _base64(receipt.leaf),
        "payload": None if stored.payload is None else _base64(stored.payload),
        "keys": plane.audit.verifier_key.split("\n"),
        "witnesses": list(plane.custody.status.witness_keys),
    }
    return JSONResponse(told, headers={"cache-control": "no-store"})


@router.get("/log/consistency/{old}/{new}", dependencies=[Depends(needs(*_MAY))])
async def consistency(
    seat: TheSeat,
    old: Annotated[int, Path(ge=1, le=2**53 - 1)],
    new: Annotated[int, Path(ge=1, le=2**53 - 1)],
) -> Response:
    """Return the hashes that prove that the tree of size `new` continues that of size `old`."""
    checkpoint = await seat.desk.plane.store.checkpoint()
    if not old <= new <= (checkpoint.size if checkpoint else 0):
        raise MissingFault("no-such-tree", "the log has no trees of these sizes, in this order")
    hashes = await seat.desk.plane.store.consistency(old, new)
    return JSONResponse({"hashes": [_base64(one) for one in hashes]})


@router.get("/log/{entry_id}/receipt", dependencies=[Depends(needs(*_MAY))])
async def receipt(seat: TheSeat, entry_id: EntryPath) -> Response:
    """Return the receipt as a file, for `assent-verify receipt`."""
    (found,) = await seat.desk.plane.custody.receipts.receipts(seat.caller, entry_id)
    return _file(found.proof.encode(), f"{found.entry}.tlog-proof")


@router.get("/log/{entry_id}/leaf", dependencies=[Depends(needs(*_MAY))])
async def leaf(seat: TheSeat, entry_id: EntryPath) -> Response:
    """Return the bytes of the leaf as a file, which the receipt is of."""
    stored = await seat.desk.plane.log_pages.stored(seat.caller, entry_id)
    return _file(stored.leaf, f"{entry_id}.leaf")


async def _keys(seat: Seat) -> Mapping[str, DeviceKey]:
    """Return the keys of devices, by id."""
    return {one.id: one for one in await seat.desk.plane.store.device_keys()}


def _file(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _wanted(seat: Seat, typed: Mapping[str, str]) -> Wanted:
    """Return what the form asks for. Raises OperatorFault."""
    zone, now = zone_of(seat.caller.subject.time_zone), seat.desk.plane.clock.now()
    if typed["outcome"] and typed["outcome"] not in _OUTCOMES:
        raise OperatorFault("bad-filter", f"`{typed['outcome'][:80]}` is no outcome")
    return Wanted(
        **{name: typed[name] for name in ("kind", "by", "target", "session", "request", "outcome")},
        since=moment_of(typed["since"], zone, now),
        until=moment_of(typed["until"], zone, now),
    )


def _values(
    seat: Seat, typed: Mapping[str, str], found: LogPage | None, error: str, before: int | None
) -> dict[str, object]:
    plane = seat.desk.plane
    asked = {name: value for name, value in typed.items() if value}
    older = ""
    if found is not None and found.older is not None:
        older = "/log?" + urlencode({**asked, "before": found.older})
    return {
        "seat": seat,
        "page": "log",
        "now": isoformat(plane.clock.now()),
        "typed": typed,
        "filtered": bool(asked),
        "kinds": tuple(EntryKind),
        "outcomes": _OUTCOMES,
        "zone": str(zone_of(seat.caller.subject.time_zone)),
        "people": sorted(one.name for one in plane.directory.subjects()),
        "targets": sorted(one.name for one in plane.directory.targets()),
        "found": found,
        "newest": before is None,
        "again": "/log?" + urlencode(asked) if asked else "/log",
        "older": older,
        "error": error,
        "everybody": seat.caller.may(Permission.READ_LOG),
    }
