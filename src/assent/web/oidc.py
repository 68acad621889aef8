"""Signing in with an identity provider: the way there, the way back, and what it says is over.

The cookie of a sign-in is `SameSite=Strict`, and what comes back from another site does not carry
it. So that way ends on a small page of ours, which leads on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from starlette.responses import JSONResponse, RedirectResponse

from assent.control.external_sign_in import Place
from assent.control.providers import TRIP_LASTS_FOR, Provider, Returned, Trip
from assent.control.sign_in import digest_of
from assent.core.changes import DropToken
from assent.core.entry import EntryKind
from assent.core.faults import Fault, ForbiddenFault
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.web.authorization import needs, public
from assent.web.desk import Desk, PageRoute, Seat, TheDesk, address_of, status_of
from assent.web.safety import local_path

router = APIRouter(route_class=PageRoute)

_LONGEST_HINT = 3_000
_HINT = "assent-signed-in-there"
_PUBLIC = Depends(public("here people sign in"))
_SIGNED = Depends(public("the identity provider's signature says who asks"))

Name = Annotated[str, Path(max_length=32)]
Next = Annotated[str, Query(max_length=500)]


@router.get("/sign-in/oidc/{name}", dependencies=[_PUBLIC])
async def begin(request: Request, desk: TheDesk, name: Name, next: Next = "/") -> Response:
    """Send the browser to the provider."""
    # What comes back from there does not carry the cookie of the sign-in that this one replaces.
    before = desk.cookies.token(request)
    return await _sent(desk, name, local_path(next), before=digest_of(before) if before else "")


@router.get("/sign-in/oidc/{name}/again")
async def again(
    seat: Annotated[Seat, Depends(needs(*Permission))], name: Name, next: Next = "/"
) -> Response:
    """Send the browser to the provider to prove anew who somebody is."""
    return await _sent(seat.desk, name, local_path(next), token=seat.caller.token_digest)


@router.get("/sign-in/oidc/{name}/callback", dependencies=[_PUBLIC])
async def callback(
    request: Request,
    desk: TheDesk,
    name: Name,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
    iss: Annotated[str, Query(max_length=1000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Take what the provider sent the browser back with."""
    try:
        response = await _returned(request, desk, name, state, code, iss, error)
    except ForbiddenFault:
        refusals = desk.plane.sign_in.refusals
        refusals.count(None, EntryKind.LOGIN, "sign-in-refused", address_of(request))
        raise
    _forget(desk, response, _cookie_name(desk, state), "/")
    return response


@router.post("/sign-in/oidc/{name}/back-channel-logout", dependencies=[_SIGNED])
async def back_channel_logout(
    desk: TheDesk, name: Name, logout_token: Annotated[str, Form(max_length=32_768)] = ""
) -> Response:
    """End what the provider says is over (Back-Channel Logout 1.0, sections 2.5 to 2.8)."""
    headers = {"cache-control": "no-store"}
    providers = desk.plane.providers
    provider = providers.provider(name)
    try:
        ended = await provider.ended(logout_token)
        try:
            await providers.sign_out(name, ended.external, ended.session)
        except Fault:
            provider.forget(ended)
            raise
    except ForbiddenFault as fault:
        problem = {"error": "invalid_request", "error_description": fault.detail}
        return JSONResponse(problem, 400, headers)
    except Fault as fault:
        status, _ = status_of(fault)
        problem = {"error": "temporarily_unavailable", "error_description": fault.detail}
        return JSONResponse(problem, status, headers)
    return Response(status_code=200, headers=headers)


@dataclass(frozen=True, slots=True)
class Proofs:
    """How somebody may prove anew who they are, besides a passkey. provider: that they came by."""

    password: bool
    provider: Provider | None


def install(desk: Desk) -> None:
    """Let pages show the providers, as they are when they are shown."""

    def identity_providers() -> Sequence[Provider]:
        return [*desk.plane.providers.providers.values()]

    def proofs_of(seat: Seat) -> Proofs:
        name = seat.caller.provider.removeprefix("oidc:")
        rules, source = desk.plane.sign_in.rules, seat.caller.subject.source
        has_password = rules.local_passwords and source in ("local", "configuration")
        return Proofs(has_password, desk.plane.providers.providers.get(name))

    desk.pages.environment.globals["identity_providers"] = identity_providers
    desk.pages.environment.globals["proofs_of"] = proofs_of


async def provider_of(seat: Seat) -> Provider | None:
    """Return the provider that somebody signed in with, None where there was none."""
    plane = seat.desk.plane
    kept = await plane.store.token(seat.caller.token_digest)
    name = kept.provider.removeprefix("oidc:") if kept is not None else ""
    return plane.providers.providers.get(name)


async def leaving(request: Request, desk: Desk, provider: Provider) -> Response | None:
    """Return the page that leads on to signing out at the provider, None where it cannot be.

    A redirect would not do: our forms may lead nowhere else.
    """
    hint = request.cookies.get(_hint_name(desk), "")
    known = Secret(hint) if 0 < len(hint) <= _LONGEST_HINT else None
    url = await provider.end_session_url(f"{desk.public_url}/sign-in", known)
    if not url:
        return None
    values = {"seat": None, "url": url, "words": f"Signing you out at {provider.display_name}, too"}
    response = desk.pages.page("going_on.html", values)
    _forget(desk, response, _hint_name(desk), "/sign-out")
    return response


async def _sent(desk: Desk, name: str, path: str, *, token: str = "", before: str = "") -> Response:
    providers = desk.plane.providers
    provider = providers.provider(name)
    trip, cookie = providers.trips.begin(name, path, token, before)
    url = await provider.begin(trip, _redirect_uri(desk, name))
    response = RedirectResponse(url, status_code=303, headers={"cache-control": "no-store"})
    response.set_cookie(
        _cookie_name(desk, trip.state),
        cookie,
        max_age=int(TRIP_LASTS_FOR.total_seconds()),
        path="/",
        secure=desk.cookies.https,
        httponly=True,
        # What brings the browser back is a link on another site.
        samesite="lax",
    )
    return response


async def _returned(
    request: Request, desk: Desk, name: str, state: str, code: str, iss: str, error: str
) -> Response:
    providers = desk.plane.providers
    provider = providers.provider(name)
    cookie = request.cookies.get(_cookie_name(desk, state), "")
    trip = providers.trips.returned(name, state, cookie)
    if error or not code:
        words = f"the identity provider did not sign you in (`{error[:80] or 'no code'}`)"
        raise ForbiddenFault("sign-in-refused", words)
    returned = await provider.redeem(trip, _redirect_uri(desk, name), code, iss)
    place = Place(address_of(request), request.headers.get("user-agent", ""))
    values = {"seat": None, "url": trip.path, "words": "You are signed in"}
    if trip.token:
        await providers.step_up(name, returned.proved, trip.token, place)
        return desk.pages.page("going_on.html", values | {"words": "Thank you"})
    response = desk.pages.page("going_on.html", values)
    await _keep(desk, response, trip, returned, place)
    return response


async def _keep(
    desk: Desk, response: Response, trip: Trip, returned: Returned, place: Place
) -> None:
    providers = desk.plane.providers
    lasts_for = providers.provider(trip.provider).lasts_for
    forgetting = (DropToken(trip.before),) if trip.before else ()
    token, kept = await providers.sign_in(
        trip.provider, returned.proved, place, lasts_for, forgetting
    )
    lasts_s = int((kept.expires_at - desk.plane.clock.now()).total_seconds())
    desk.cookies.keep(response, token, lasts_s)
    hint = returned.hint.reveal()
    if len(hint) <= _LONGEST_HINT:
        response.set_cookie(
            _hint_name(desk),
            hint,
            max_age=lasts_s,
            path="/sign-out",
            secure=desk.cookies.https,
            httponly=True,
            samesite="strict",
        )


def _redirect_uri(desk: Desk, name: str) -> str:
    return f"{desk.public_url}/sign-in/oidc/{name}/callback"


def _cookie_name(desk: Desk, state: str) -> str:
    """Return the name of a trip's cookie: people sign in in two tabs at once."""
    known = sha256(state.encode()).hexdigest()[:12]
    return f"{'__Host-' if desk.cookies.https else ''}assent-trip-{known}"


def _hint_name(desk: Desk) -> str:
    return f"{'__Secure-' if desk.cookies.https else ''}{_HINT}"


def _forget(desk: Desk, response: Response, name: str, path: str) -> None:
    response.delete_cookie(name, path=path, secure=desk.cookies.https, httponly=True)
