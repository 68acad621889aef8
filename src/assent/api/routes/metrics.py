"""How Assent itself is: figures for machines, and what was looked at for those who oversee."""

import hmac
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assent import __version__
from assent.api.authentication import SignedIn, peer_address, presented_token
from assent.api.authorization import needs, public
from assent.api.door import Door, TheDoor
from assent.api.health_schemas import HealthDetailOut, health_out
from assent.core.role import Permission

router = APIRouter(tags=["status"])
_bearer = HTTPBearer(auto_error=False)
# A proxy on this machine speaks for others: what came through it did not come from here.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@router.get("/v1/health/detail", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def detail(door: TheDoor, caller: SignedIn) -> HealthDetailOut:
    """Return what was looked at and what to do about it; for those who may read it."""
    return health_out(await door.plane.health.report(caller), __version__)


# Not in the description: it answers this machine without a token, and nothing but text.
@router.get(
    "/metrics",
    dependencies=[
        Depends(
            public("it asks itself: this machine, the monitoring token, or who may read health")
        )
    ],
    include_in_schema=False,
)
async def metrics(request: Request, door: TheDoor, credentials: Credentials) -> Response:
    """Return the figures in the text format of Prometheus."""
    if not _is_here(request):
        await _check(request, door, credentials)
    # The library of the format, only where somebody watches: a start must not wait for it.
    from assent.api.exposition import MEDIA_TYPE, exposed

    return Response(exposed(await door.plane.health.figures()), media_type=MEDIA_TYPE)


async def _check(
    request: Request, door: Door, credentials: HTTPAuthorizationCredentials | None
) -> None:
    """Let monitoring pass, and those who oversee. Raises ForbiddenFault."""
    token = presented_token(credentials)
    ours = door.plane.health.token
    if ours is not None and hmac.compare_digest(token.reveal().encode(), ours.reveal().encode()):
        return
    caller = await door.plane.sign_in.authenticate(token, peer_address(request), "api")
    caller.check(Permission.READ_HEALTH)


def _is_here(request: Request) -> bool:
    """Return whether it comes from this machine itself, and not through a proxy on it."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(peer_address(request)).is_loopback
    except ValueError:
        return False
