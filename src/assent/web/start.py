"""The first steps: from nothing to a statement that was held, approved, and can be proved."""

import json
import re
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from assent.control.first_steps import FirstSteps
from assent.control.planning import Content
from assent.core.faults import ConflictFault, Fault
from assent.core.role import Permission
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, TheSeat, from_htmx, status_of

router = APIRouter(route_class=PageRoute)

_SEES = Depends(needs(Permission.CHANGE_SETTINGS))
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_REFERENCE = re.compile(r"(file|env|vault):[^\s\"\\]{1,200}", re.ASCII)
Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class TargetForm:
    """What somebody typed about a database."""

    name: str = ""
    host: str = ""
    port: str = "5432"
    database: str = ""
    user: str = ""
    password: str = ""
    owners: str = ""


@router.get("/start", dependencies=[_SEES])
async def page(request: Request, seat: TheSeat) -> Response:
    """Return the page, or the part of it that changes."""
    template = "start_region.html" if from_htmx(request) else "start.html"
    return await _page(seat, TargetForm(), "", 200, template)


@router.post("/start/target")
async def add_target(
    seat: Annotated[Seat, Depends(acts(Permission.CHANGE_SETTINGS))],
    name: Text = "",
    host: Text = "",
    port: Text = "5432",
    database: Text = "",
    user: Text = "",
    password: Text = "",
    owners: Text = "",
) -> Response:
    """Apply the first target, or open the request that this needs."""
    form = TargetForm(name, host, port, database, user, password, owners)
    plane = seat.desk.plane
    try:
        if plane.directory.targets():
            # What is applied is the whole list: another one belongs into a file with all of them.
            words = "there is a target already; add another one in `targets.toml`"
            raise ConflictFault("not-the-first", words)
        content = Content(None, toml_of(form))
        applied = await plane.configuring.apply(
            seat.caller, content, reason="the first target of this installation"
        )
    except Fault as fault:
        if not _REFERENCE.fullmatch(password):
            # It may be the password itself, which belongs onto no page.
            form = replace(form, password="")
        return await _page(seat, form, fault.detail, status_of(fault)[0], "start.html")
    where = f"/requests/{applied.request.id}" if applied.request else "/start#target"
    return RedirectResponse(where, status_code=303)


def toml_of(form: TargetForm) -> str:
    """Return the `targets.toml` that says what was typed. Raises ConflictFault."""
    if not _NAME.fullmatch(form.name):
        raise ConflictFault("bad-name", "a name has 1 to 63 of letters, digits and `.-_@`")
    if not form.port.isascii() or not form.port.isdigit() or not 0 < int(form.port) < 65536:
        raise ConflictFault("bad-port", f"`{form.port[:80]}` is no port, such as 5432")
    if not _REFERENCE.fullmatch(form.password):
        # Without its text: it may be the password itself.
        words = "the password has to be a reference, such as `file:shop.password`, never itself"
        raise ConflictFault("bad-reference", words)
    texts = {
        "name": form.name,
        "host": form.host,
        "database": form.database or "postgres",
        "user": form.user,
        "password": form.password,
        "environment": "prod",
    }
    for key, text in texts.items():
        if not text or not text.isprintable():
            raise ConflictFault("missing", f"say its {key}")
    owners = [one.strip() for one in form.owners.split(",") if one.strip()]
    # A text of TOML is written as one of JSON is (TOML 1.0, basic strings).
    lines = [f"{key} = {json.dumps(text)}" for key, text in texts.items()]
    return "\n".join(
        ("[[targets]]", *lines, f"port = {int(form.port)}", f"owners = {json.dumps(owners)}", "")
    )


async def _page(seat: Seat, form: TargetForm, error: str, status: int, template: str) -> Response:
    plane = seat.desk.plane
    found = await plane.insight.guide.steps(seat.caller)
    gateway = seat.desk.gateway() if seat.desk.gateway else None
    values = {
        "seat": seat,
        "page": "start",
        "found": found,
        "steps": {one.name.value: one for one in found.steps},
        "next": found.next.value if found.next else "",
        "form": form,
        "error": error,
        "connect": _connect(seat, found),
        "gateway": f"{gateway[0]}:{gateway[1]}" if gateway else "",
        "may_invite": seat.caller.may(Permission.CHANGE_PEOPLE),
    }
    return seat.desk.pages.page(template, values, status)


def _connect(seat: Seat, found: FirstSteps) -> str:
    target = found.targets[0] if found.targets else "TARGET"
    return f"assent login {seat.desk.public_url}\nassent connect {target} --psql"
