"""How this installation is set up: shown with its keys, tried where it can be, never edited."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.control.reading import reason_of
from assent.control.settings_page import CertificateState, SettingSection
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault
from assent.core.role import Permission
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, TheSeat, status_of

router = APIRouter(route_class=PageRoute)

Name = Annotated[str, Path(max_length=64)]
Acting = Annotated[Seat, Depends(acts(Permission.CHANGE_SETTINGS))]
_SOON = timedelta(days=30)


@router.get("/settings", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def page(seat: TheSeat) -> Response:
    """Return the page."""
    return await _page(seat)


@router.post("/settings/notifiers/{name}/try")
async def try_channel(seat: Acting, name: Name) -> Response:
    """Send a notice of trial by one channel, and say what came of it."""
    try:
        await seat.desk.plane.insight.settings.try_channel(seat.caller, name)
    except Fault as fault:
        return await _page(seat, fault, "notifiers")
    return RedirectResponse("/settings#notifiers", status_code=303)


@router.post("/settings/providers/{name}/try")
async def try_provider(seat: Acting, name: Name) -> Response:
    """Ask an identity provider what it says of itself, and say what came of it."""
    try:
        await seat.desk.plane.insight.settings.try_provider(seat.caller, name)
    except Fault as fault:
        return await _page(seat, fault, "identity")
    return RedirectResponse("/settings#identity", status_code=303)


@router.post("/settings/rotate-key")
async def rotate(seat: Acting, reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
    """Rotate the key of the log, or open the request that this needs."""
    try:
        why = reason_of(reason)
        if not why:
            raise ConflictFault("bad-reason", "say why the key is rotated; the log keeps it")
        ordered = await seat.desk.plane.insight.settings.rotate(seat.caller, why)
    except Fault as fault:
        return await _page(seat, fault, "keys")
    if ordered.request is not None:
        return RedirectResponse(f"/requests/{ordered.request.id}", status_code=303)
    return RedirectResponse("/settings#keys", status_code=303)


async def _page(seat: Seat, fault: Fault | None = None, about: str = "") -> Response:
    settings = seat.desk.plane.insight.settings
    report = await settings.report(seat.caller)
    values = {
        "seat": seat,
        "page": "settings",
        "report": report,
        "described": report.described,
        "channels": [(one, one.tried and isoformat(one.tried.at)) for one in report.channels],
        "providers": [(one, one.tried and isoformat(one.tried.at)) for one in report.providers],
        "certificates": [_certificate(one, report.at) for one in report.certificates],
        "keys": [_key(one) for one in report.log.keys],
        "set_sections": [_section(one) for one in report.described.sections if one.is_set],
        "unset_sections": [_section(one) for one in report.described.sections if not one.is_set],
        "may_change": seat.caller.may(Permission.CHANGE_SETTINGS),
        "error": fault.detail if fault else "",
        "error_about": about,
    }
    return seat.desk.pages.page("settings.html", values, status_of(fault)[0] if fault else 200)


def _section(one: SettingSection) -> dict[str, object]:
    return {
        "name": one.name,
        "words": one.words,
        "set": [each for each in one.settings if each.is_set],
        "unset": [each for each in one.settings if not each.is_set],
    }


def _key(text: str) -> tuple[str, str]:
    """Return name and fingerprint of a verifier key (C2SP signed-note): `name+hash+key`."""
    name, _, rest = text.partition("+")
    return name, rest.partition("+")[0]


def _certificate(one: CertificateState, now: datetime) -> tuple[CertificateState, str, str, str]:
    if one.ends_at is None:
        return one, "", "danger", "cannot be read"
    left = one.ends_at - now
    ends_at = isoformat(one.ends_at)
    if left <= timedelta():
        return one, ends_at, "danger", "has expired"
    if left <= _SOON:
        return one, ends_at, "warn", f"{left.days} days left"
    return one, ends_at, "good", f"{left.days:,} days left"
