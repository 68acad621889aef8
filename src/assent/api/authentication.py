"""Who calls: the bearer token of a request, turned into a Caller."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assent.api.door import TheDoor
from assent.control.reading import reason_of
from assent.control.sign_in import Caller
from assent.core import declared_task
from assent.core.faults import ForbiddenFault
from assent.core.secret import Secret

# Ours have 43 characters; nothing longer is worth a digest.
_MAX_TOKEN = 256
REASON_HEADER = "x-assent-reason"

# To whom no more than their own account is open until they can prove more than a password.
_ALWAYS_OPEN = ("/v1/account", "/v1/step-up", "/v1/logout", "/v1/whoami")

_bearer = HTTPBearer(auto_error=False, description="The token that `POST /v1/login` returned.")


def peer_address(request: Request) -> str:
    """Return the address of the other end of the connection, empty when there is none."""
    return request.client.host if request.client else ""


def presented_token(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Secret[str]:
    """Return the bearer token as sent. Raises ForbiddenFault when there is none."""
    if credentials is None or not 0 < len(credentials.credentials) <= _MAX_TOKEN:
        raise ForbiddenFault(
            "not-signed-in", "sign in with `assent login` and send the token as a bearer token"
        )
    return Secret(credentials.credentials)


async def signed_in(
    request: Request, door: TheDoor, token: Annotated[Secret[str], Depends(presented_token)]
) -> Caller:
    """Return who calls. Raises ForbiddenFault `not-signed-in`.

    The token is looked up by its digest, so that nothing is compared byte by byte. Why an
    administrator has to read what others wrote comes with the request that reads it.
    """
    caller = await door.plane.sign_in.authenticate(token, peer_address(request), "api")
    if not request.url.path.startswith(_ALWAYS_OPEN):
        caller.check_whole()
    task = request.headers.get(declared_task.HEADER, "")
    if task:
        caller = replace(caller, task=declared_task.task_of(_text(task)))
    said = request.headers.get(REASON_HEADER, "")
    return replace(caller, reason=reason_of(_text(said))) if said else caller


def _text(header: str) -> str:
    """Return a header as text: bytes of UTF-8, which the framework reads as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


PresentedToken = Annotated[Secret[str], Depends(presented_token)]
SignedIn = Annotated[Caller, Depends(signed_in)]
