"""One's own passkeys: the page, making one, revoking one, and with which ones to sign."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import JSONResponse, RedirectResponse

from assent.control.passkeys import LONGEST_CREDENTIAL
from assent.core.clock import isoformat
from assent.core.device_key import DeviceKey
from assent.core.faults import Fault, ForbiddenFault
from assent.core.ids import DeviceKeyId
from assent.core.role import Permission
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, check_stays, status_of

router = APIRouter(route_class=PageRoute)

_PAGE = "/account/passkeys"
Credential = Annotated[str, Form(max_length=LONGEST_CREDENTIAL)]
Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Changes = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]


@router.get(_PAGE)
async def page(seat: Sees) -> Response:
    """Return one's own passkeys."""
    return await _shown(seat)


@router.get(f"{_PAGE}/signer")
async def signer(seat: Sees) -> Response:
    """Return with which passkeys one signs, for the script."""
    found = await seat.desk.plane.passkeys.signer(seat.caller)
    keys = [
        {
            "key": key,
            "credential_id": details["credential_id"],
            "transports": details.get("transports", "").split(),
        }
        for key, details in found.known.items()
    ]
    return JSONResponse({"rp_id": found.rp_id, "keys": keys}, headers=_UNKEPT)


@router.post(f"{_PAGE}/options")
async def options(seat: Changes) -> Response:
    """Return what the browser makes a passkey with, for the script."""
    try:
        made = await seat.desk.plane.passkeys.begin_enrolment(seat.caller)
    except Fault as fault:
        return said_to_script(fault)
    return JSONResponse(made, headers=_UNKEPT)


@router.post(_PAGE)
async def enrol(
    seat: Changes,
    name: Annotated[str, Form(max_length=200)] = "",
    credential: Credential = "",
) -> Response:
    """Keep a new passkey."""
    if not credential:
        return await _shown(seat, "the browser made no passkey; is JavaScript on?", 422)
    try:
        await seat.desk.plane.passkeys.enrol(seat.caller, name.strip(), credential)
    except Fault as fault:
        check_stays(fault)
        return await _shown(seat, fault.detail, status_of(fault)[0])
    return RedirectResponse(_PAGE, status_code=303)


@router.post(f"{_PAGE}/{{key_id}}/revoke")
async def revoke(seat: Changes, key_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Let one's own passkey do nothing any more."""
    plane = seat.desk.plane
    try:
        mine = {key.id for key in await plane.passkeys.mine(seat.caller.subject.id)}
        if key_id not in mine:
            raise ForbiddenFault("no-such-passkey", f"you have no passkey `{key_id[:60]}`")
        await plane.device_keys.revoke(seat.caller, DeviceKeyId(key_id))
    except Fault as fault:
        return await _shown(seat, fault.detail, status_of(fault)[0])
    return RedirectResponse(_PAGE, status_code=303)


_UNKEPT = {"cache-control": "no-store"}


def said_to_script(fault: Fault) -> Response:
    """Return what is wrong, for a script to show. Raises it for who is not signed in."""
    if fault.code == "not-signed-in":
        raise fault
    words = fault.detail[:1].upper() + fault.detail[1:].replace("`", "")
    said = {"error": f"{words}."}
    if fault.code == "step-up-needed":
        said["confirm"] = "yes"
    return JSONResponse(said, status_of(fault)[0], headers=_UNKEPT)


async def _shown(seat: Seat, error: str = "", status: int = 200) -> Response:
    plane = seat.desk.plane
    keys = await plane.passkeys.mine(seat.caller.subject.id)
    rp_id = plane.passkeys.rp_id
    values = {
        "seat": seat,
        "error": error,
        "problem": plane.passkeys.problem,
        "rp_id": rp_id,
        "keys": [_key(key, rp_id) for key in keys],
        "fresh": await plane.device_keys.is_fresh(seat.caller),
    }
    return seat.desk.pages.page("account_passkeys.html", values, status)


def _key(key: DeviceKey, rp_id: str) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "enrolled_at": isoformat(key.enrolled_at),
        "revoked_at": isoformat(key.revoked_at) if key.revoked_at else "",
        "backed_up": key.details.get("backed_up") == "true",
        "elsewhere": key.details.get("rp_id") != rp_id,
    }
