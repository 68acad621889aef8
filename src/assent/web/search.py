"""The page that finds what was done to what: a form, and what fits, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from assent.control.plane import ControlPlane
from assent.control.searching import OUTCOMES, Answer, Question, cursor_text, position_of
from assent.core.clock import isoformat
from assent.core.effect import UNSAID, Effect
from assent.core.faults import Fault, MissingFault, OperatorFault
from assent.core.ids import TargetId
from assent.core.role import Permission
from assent.web.answers import clean
from assent.web.authorization import needs
from assent.web.desk import PageRoute, Seat, TheSeat, from_htmx, status_of
from assent.web.times import moment_of, zone_of

router = APIRouter(route_class=PageRoute)

ON_A_PAGE = 50
_FIELDS = (
    *("verb", "resource", "by", "target", "session"),
    *("outcome", "rows_over", "text", "since", "until"),
)

Field = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Row:
    """One effect as the page shows it; all of it is text that hides nothing."""

    at: str
    who: str
    verb: str
    resource: str
    target: str
    rows: str
    outcome: str
    is_bad: bool
    request: str
    entry: str


@router.get("/search", dependencies=[Depends(needs(Permission.ASK, Permission.READ_LOG))])
async def page(
    request: Request,
    seat: TheSeat,
    verb: Field = "",
    resource: Field = "",
    by: Field = "",
    target: Field = "",
    session: Field = "",
    outcome: Field = "",
    rows_over: Field = "",
    text: Field = "",
    since: Field = "",
    until: Field = "",
    before: Field = "",
) -> Response:
    """Return the page; nothing is looked for before the form was sent."""
    values = (verb, resource, by, target, session, outcome, rows_over, text, since, until)
    typed = {name: clean(value) for name, value in zip(_FIELDS, values, strict=True)}
    answer, error, status = None, "", 200
    if request.query_params:
        try:
            question = _question(typed, zone_of(seat.caller.subject.time_zone), _now(seat))
            position = position_of(before) if before else None
            answer = await seat.desk.plane.searching.search(
                seat.caller, question, position, ON_A_PAGE
            )
        except Fault as fault:
            if fault.code == "not-signed-in":
                raise
            status, _ = status_of(fault)
            error = fault.detail
    template = "search_region.html" if from_htmx(request) else "search.html"
    return seat.desk.pages.page(template, _values(seat, typed, answer, error), status)


def _values(
    seat: Seat, typed: Mapping[str, str], answer: Answer | None, error: str
) -> dict[str, object]:
    plane = seat.desk.plane
    older = ""
    if answer is not None and answer.next is not None:
        older = "/search?" + urlencode({**typed, "before": cursor_text(answer.next)})
    return {
        "seat": seat,
        "page": "search",
        "now": isoformat(plane.clock.now()),
        "typed": typed,
        "outcomes": tuple(OUTCOMES),
        "zone": str(zone_of(seat.caller.subject.time_zone)),
        "people": sorted(one.name for one in plane.directory.subjects()),
        "targets": sorted(one.name for one in plane.directory.targets()),
        "answer": answer,
        "rows": [_row(plane, one) for one in answer.effects] if answer else [],
        "older": older,
        "error": error,
    }


def _row(plane: ControlPlane, effect: Effect) -> Row:
    rows = "" if effect.rows in (None, UNSAID) else f"{effect.rows:,}"
    return Row(
        at=isoformat(effect.at),
        who=plane.directory.names.get(effect.subject, effect.subject),
        verb=effect.verb,
        resource=clean(effect.resource),
        target=_target(plane, effect.target) if effect.target else "",
        rows=rows,
        outcome=f"{effect.outcome.value}, failed" if effect.error else effect.outcome.value,
        is_bad=effect.error or effect.outcome.value in ("denied", "refused"),
        request=effect.request or "",
        entry=effect.entry,
    )


def _target(plane: ControlPlane, target: TargetId) -> str:
    try:
        return plane.directory.target(target).name
    except MissingFault:
        return target


def _question(typed: Mapping[str, str], zone: tzinfo, now: datetime) -> Question:
    """Return what the form asks. Raises OperatorFault."""
    rows = typed["rows_over"].replace(",", "").strip()
    if rows and not (rows.isascii() and rows.isdigit() and len(rows) < 16):
        raise OperatorFault("bad-number", f"`{rows[:80]}` is no number of rows")
    return Question(
        verb=typed["verb"].strip(),
        resource=typed["resource"].strip(),
        by=typed["by"].strip(),
        target=typed["target"].strip(),
        session=typed["session"].strip(),
        outcome=typed["outcome"],
        rows_over=int(rows) if rows else None,
        text=typed["text"],
        since=moment_of(typed["since"], zone, now),
        until=moment_of(typed["until"], zone, now),
    )


def _now(seat: Seat) -> datetime:
    return seat.desk.plane.clock.now()
