"""One's own account: password, codes, and where one is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Path, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from assent.control.own_account import OwnAccount
from assent.control.second_factor import Begun
from assent.core.clock import isoformat
from assent.core.faults import Fault, ForbiddenFault
from assent.core.ids import TokenId
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.token import Token
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, check_stays, status_of

router = APIRouter(route_class=PageRoute)

_PAGE = "/account"
Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Changes = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A sign-in as the page shows it; instants in ISO 8601, empty for never."""

    id: str
    where: str
    agent: str
    method: str
    address: str
    since: str
    seen_at: str
    proved_at: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown this once: a secret with its picture, an SVG, or recovery codes."""

    secret: str = ""
    picture: str = ""
    codes: tuple[str, ...] = ()


@router.get(_PAGE)
async def page(seat: Sees) -> Response:
    """Return one's own account."""
    return await _shown(seat)


@router.post("/account/password")
async def set_password(
    seat: Changes,
    new: Annotated[str, Form(max_length=1024)] = "",
    again: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Set another password; other sign-ins end."""
    if new != again:
        return await _shown(seat, error="the two passwords are not the same", status=422)
    try:
        ended = await seat.desk.plane.local_people.own.set_password(seat.caller, Secret(new))
    except Fault as fault:
        return await _failed(seat, fault)
    others = f", and {ended} other sign-ins ended" if ended else ""
    return await _shown(seat, news=f"Your password is changed{others}.")


@router.post("/account/codes")
async def begin_codes(seat: Changes) -> Response:
    """Show the secret of a new app for codes, this once."""
    try:
        begun = await seat.desk.plane.local_people.own.begin_generator(seat.caller)
    except Fault as fault:
        return await _failed(seat, fault)
    return await _shown(seat, shown=_picture(begun), confirming=True)


@router.post("/account/codes/confirm")
async def confirm_codes(seat: Changes, code: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Let the app count from now on, and show recovery codes, this once."""
    try:
        codes = await seat.desk.plane.local_people.own.confirm_generator(seat.caller, code)
    except Fault as fault:
        if fault.code == "wrong-code":
            return await _shown(seat, error=fault.detail, status=409, confirming=True)
        return await _failed(seat, fault)
    return await _shown(seat, news="From now on a code is asked for.", shown=_codes(codes))


@router.post("/account/codes/remove")
async def remove_codes(seat: Changes) -> Response:
    """Ask for no codes any more."""
    try:
        await seat.desk.plane.local_people.own.remove_generator(seat.caller)
    except Fault as fault:
        return await _failed(seat, fault)
    return await _shown(seat, news="No codes are asked for any more.")


@router.post("/account/recovery-codes")
async def recovery_codes(seat: Changes) -> Response:
    """Make new recovery codes, shown this once."""
    try:
        codes = await seat.desk.plane.local_people.own.new_recovery_codes(seat.caller)
    except Fault as fault:
        return await _failed(seat, fault)
    return await _shown(seat, shown=_codes(codes))


@router.post("/account/sign-ins/{token}/end")
async def end(seat: Changes, token: Annotated[str, Path(max_length=64)]) -> Response:
    """End one of one's own sign-ins."""
    try:
        await seat.desk.plane.local_people.own.sign_ins.end(seat.caller, TokenId(token))
    except Fault as fault:
        return await _failed(seat, fault)
    return RedirectResponse(_PAGE, status_code=303)


@router.post("/account/sign-ins/end-others")
async def end_others(seat: Changes) -> Response:
    """End all of one's own sign-ins but this one."""
    await seat.desk.plane.local_people.own.sign_ins.end_others(seat.caller)
    return RedirectResponse(_PAGE, status_code=303)


async def _failed(seat: Seat, fault: Fault) -> Response:
    check_stays(fault)
    return await _shown(seat, error=fault.detail, status=status_of(fault)[0])


async def _shown(
    seat: Seat,
    *,
    error: str = "",
    news: str = "",
    status: int = 200,
    shown: Shown | None = None,
    confirming: bool = False,
) -> Response:
    account = await seat.desk.plane.local_people.own.of(seat.caller)
    values = {
        "seat": seat,
        "error": error,
        "news": news,
        "shown": shown or Shown(),
        "confirming": confirming,
        "fresh": _is_fresh(seat),
        "account": account,
        "my_roles": sorted(role.value for role in seat.caller.roles),
        "my_groups": sorted(account.subject.groups),
        "sign_ins": _rows(seat, account),
    }
    page = seat.desk.pages.page("account.html", values, status)
    # Secrets may be on it: no copy of it is kept anywhere.
    page.headers["cache-control"] = "no-store"
    return page


def _is_fresh(seat: Seat) -> bool:
    try:
        seat.caller.check_fresh(seat.desk.plane.clock.now())
    except ForbiddenFault:
        return False
    return True


def _rows(seat: Seat, account: OwnAccount) -> Sequence[SignInRow]:
    return [_row(seat, token) for token in account.sign_ins]


def _row(seat: Seat, token: Token) -> SignInRow:
    return SignInRow(
        id=token.id,
        where=token.name or {"browser": "Browser"}.get(token.kind.value, "Command line"),
        agent=token.user_agent,
        method=token.method,
        address=token.address,
        since=isoformat(token.issued_at),
        seen_at=isoformat(token.seen_at) if token.seen_at else "",
        proved_at=isoformat(token.stepped_up_at) if token.stepped_up_at else "",
        is_this=token.id == seat.caller.token,
    )


def _picture(begun: Begun) -> Shown:
    secret = begun.secret.reveal()
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    code = segno.make(begun.uri.reveal(), error="m", micro=False)
    # White behind it, whatever the page's colours: telephones read dark on light.
    picture = code.svg_inline(scale=5, border=4, light="#fff", svgclass="code", omitsize=True)
    return Shown(secret=groups, picture=Markup(picture))  # noqa: S704 - made of squares by segno


def _codes(codes: Sequence[Secret[str]]) -> Shown:
    return Shown(codes=tuple(code.reveal() for code in codes))
