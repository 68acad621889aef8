"""One's own tokens for programs: the page, making one, revoking one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.control.api_tokens import STEPPED_UP_WITHIN, USUAL_PERMISSIONS
from assent.control.sign_in import PEOPLE_ONLY
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault, MissingFault
from assent.core.ids import TokenId
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind
from assent.web.answers import clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, check_stays, status_of

router = APIRouter(route_class=PageRoute)

_PAGE = "/account/tokens"
_DAYS = (1, 7, 30, 90, 365)
_MOST_DAYS = 365
Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Changes = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as the page shows it. at: instants in ISO 8601, empty for never."""

    id: str
    name: str
    holder: str
    permissions: tuple[str, ...]
    expires_at: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class _Wished:
    """What somebody filled in, to be shown again beside what is wrong with it."""

    name: str = ""
    holder: str = ""
    days: int = 30
    permissions: frozenset[str] = frozenset(one.value for one in USUAL_PERMISSIONS)


@router.get(_PAGE)
async def page(seat: Sees) -> Response:
    """Return one's own tokens."""
    return await _shown(seat)


@router.post(_PAGE)
async def create(
    seat: Changes,
    name: Annotated[str, Form(max_length=200)] = "",
    holder: Annotated[str, Form(max_length=128)] = "",
    days: Annotated[int, Form(ge=1, le=_MOST_DAYS)] = 30,
    permissions: Annotated[list[Permission], Form(max_length=len(Permission))] = [],  # noqa: B006
) -> Response:
    """Make a token, and show it this once."""
    wished = _Wished(clean(name), holder, days, frozenset(one.value for one in permissions))
    try:
        secret, token = await seat.desk.plane.programs.tokens.mint(
            seat.caller,
            wished.name,
            permissions=frozenset(permissions),
            lasts_for=timedelta(days=days),
            holder=_holder(seat, holder),
        )
    except Fault as fault:
        check_stays(fault)
        return await _shown(seat, wished, error=fault.detail, status=status_of(fault)[0])
    return await _shown(seat, minted=(token.name, secret))


@router.post(f"{_PAGE}/{{token_id}}/revoke")
async def revoke(seat: Changes, token_id: Annotated[str, Path(max_length=64)]) -> Response:
    """End a token for good."""
    try:
        await seat.desk.plane.programs.tokens.revoke(seat.caller, TokenId(token_id))
    except MissingFault:
        pass  # It is gone already, which is what was wanted.
    except ConflictFault as fault:
        return await _shown(seat, error=fault.detail, status=409)
    return RedirectResponse(_PAGE, status_code=303)


def _holders(seat: Seat) -> list[Subject]:
    me = seat.caller.subject
    theirs = (
        one
        for one in seat.desk.plane.directory.subjects()
        if one.kind is not SubjectKind.HUMAN
        and not one.disabled
        and me.id in (one.owner, one.on_behalf_of)
    )
    return [me, *sorted(theirs, key=lambda one: one.name)]


def _holder(seat: Seat, name: str) -> Subject:
    """Return as whom a token is to act. Raises MissingFault."""
    for one in _holders(seat):
        if name in ("", one.name):
            return one
    raise MissingFault("no-such-workload", f"you answer for no `{name[:80]}`")


async def _shown(
    seat: Seat,
    wished: _Wished | None = None,
    *,
    minted: tuple[str, Secret[str]] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    plane = seat.desk.plane
    held = await plane.programs.tokens.listing(seat.caller)
    own = await plane.programs.tokens.own(seat.caller)
    at = own.stepped_up_at if own else None
    values = {
        "seat": seat,
        "tokens": [
            TokenRow(
                one.token.id,
                one.token.name,
                one.holder.name,
                tuple(sorted(one.token.permissions or ())),
                isoformat(one.token.expires_at),
                isoformat(one.token.seen_at) if one.token.seen_at else "",
            )
            for one in held
        ],
        "minted": (minted[0], minted[1].reveal()) if minted else None,
        "fresh": at is not None and plane.clock.now() - at <= STEPPED_UP_WITHIN,
        "holders": _holders(seat),
        "permissions": sorted(one.value for one in seat.caller.permissions - PEOPLE_ONLY),
        "days": _DAYS,
        "wished": wished or _Wished(),
        "error": error,
    }
    return seat.desk.pages.page("account_tokens.html", values, status)
