"""Signing a command line in: by a code that a browser brings, or by one that somebody types."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from assent.api.authentication import peer_address
from assent.api.authorization import public
from assent.api.door import TheDoor
from assent.api.program_bodies import CodeBody
from assent.api.program_schemas import AccessTokenOut, DeviceAuthorizationOut, OAuthErrorOut
from assent.api.render import caller_out
from assent.api.schemas import LoginOut
from assent.control.device_codes import NoToken, Trouble, shown
from assent.core.clock import isoformat
from assent.core.secret import Secret

router = APIRouter(prefix="/v1", tags=["sign-in"])

CLIENT = "assent-cli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_WORDS = {
    Trouble.PENDING: "nobody has answered yet",
    Trouble.SLOW_DOWN: "ask less often: wait for five seconds more",
    Trouble.DENIED: "it was refused, or the sign-in behind it is over",
    Trouble.EXPIRED: "the code is over; begin again",
    Trouble.BAD_GRANT: "this device code is not known, or was used",
}
_ERRORS: dict[int | str, dict[str, object]] = {
    400: {"model": OAuthErrorOut, "description": "There is no token, and why."}
}
_MOST_AGENT = 200

ClientId = Annotated[str, Form(max_length=100, description=f"`{CLIENT}`.")]
Host = Annotated[str, Form(max_length=200, description="What your machine is called.")]


def client_of(request: Request) -> str:
    """Return what the client says that it is, cut."""
    said = request.headers.get("user-agent", "")
    return "".join(mark for mark in said if mark.isprintable())[:_MOST_AGENT]


@router.post(
    "/device_authorization",
    dependencies=[Depends(public("whoever waits for a sign-in has none yet"))],
    responses=_ERRORS,
    response_model=DeviceAuthorizationOut,
)
async def begin(
    request: Request, door: TheDoor, client_id: ClientId = CLIENT, host: Host = ""
) -> DeviceAuthorizationOut | Response:
    """Begin to sign in on a machine without a browser (RFC 8628, section 3.1)."""
    if client_id != CLIENT:
        return _refused("invalid_client", f"the only client is `{CLIENT}`")
    codes = door.plane.programs.device_codes
    begun = codes.begin(host, peer_address(request), client_of(request))
    page, code = f"{door.public_url}/device", shown(begun.user_code)
    lasts_for = begun.expires_at - door.plane.clock.now()
    return DeviceAuthorizationOut(
        device_code=begun.device_code.reveal(),
        user_code=code,
        verification_uri=page,
        verification_uri_complete=f"{page}?code={code}",
        expires_in=int(lasts_for.total_seconds()),
        interval=begun.interval_s,
    )


@router.post(
    "/token",
    dependencies=[Depends(public("whoever has the device code asks for its token"))],
    responses=_ERRORS,
    response_model=AccessTokenOut,
)
async def token(
    door: TheDoor,
    grant_type: Annotated[str, Form(max_length=100, description=f"`{DEVICE_GRANT}`.")] = "",
    device_code: Annotated[str, Form(max_length=128)] = "",
    client_id: ClientId = CLIENT,
) -> AccessTokenOut | Response:
    """Ask whether somebody has answered (RFC 8628, section 3.4), not more often than told."""
    if client_id != CLIENT:
        return _refused("invalid_client", f"the only client is `{CLIENT}`")
    if grant_type != DEVICE_GRANT:
        return _refused("unsupported_grant_type", f"the only type of grant is `{DEVICE_GRANT}`")
    if not device_code:
        return _refused("invalid_request", "`device_code` is missing")
    try:
        secret, kept = await door.plane.programs.device_codes.poll(Secret(device_code))
    except NoToken as none:
        slower = none.interval_s if none.trouble is Trouble.SLOW_DOWN else None
        return _refused(none.trouble.value, _WORDS[none.trouble], slower)
    lasts_for = kept.expires_at - door.plane.clock.now()
    return AccessTokenOut(
        access_token=secret.reveal(),
        token_type="Bearer",  # noqa: S106 - a type, no secret
        expires_in=int(lasts_for.total_seconds()),
        expires_at=isoformat(kept.expires_at),
        subject=caller_out(door.plane.directory.subject(kept.subject)),
    )


@router.post(
    "/login/code", dependencies=[Depends(public("here a browser's sign-in becomes a token"))]
)
async def exchange(request: Request, door: TheDoor, body: CodeBody) -> LoginOut:
    """Exchange the code that a browser brought, and its verifier, for a bearer token, once."""
    secret, kept = await door.plane.programs.loop_back.exchange(
        Secret(body.code.get_secret_value()),
        Secret(body.verifier.get_secret_value()),
        peer_address(request),
        client_of(request),
    )
    return LoginOut(
        token=secret.reveal(),
        expires_at=isoformat(kept.expires_at),
        subject=caller_out(door.plane.directory.subject(kept.subject)),
    )


def _refused(error: str, words: str, interval_s: int | None = None) -> Response:
    said: dict[str, object] = {"error": error, "error_description": words}
    if interval_s is not None:
        said["interval"] = interval_s
    return JSONResponse(said, status_code=400)
