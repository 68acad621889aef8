"""How risk is measured here, and what is normal for somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.control.reading import reason_of
from assent.control.risk import Usually
from assent.control.rollups import Surprise
from assent.control.signal_health import EnvironmentScores, RiskHealth, SignalState, Spread
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault
from assent.core.ids import SubjectId, TargetId
from assent.core.role import Permission
from assent.core.signal import SignalStatus
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, TheSeat
from assent.web.pages import segment
from assent.web.plots import Mark, Plot, Series, percent

router = APIRouter(route_class=PageRoute)

Person = Annotated[str, Path(max_length=128)]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = 5
_BUCKET = 5
_DIMENSIONS = {
    "hour": "Hours of the week",
    "resource": "Tables and targets",
    "action": "What they do",
    "step": "What follows what",
    "network": "Networks",
    "device": "Devices",
    "client": "Programs",
    "purpose": "What access is asked for",
    "privilege": "Groups they act with",
    "pace": "Actions a minute",
    "rows": "Rows in a session",
    "bytes": "Bytes in a session",
    "fanout": "Tables in a session",
    "magnitude": "Sizes of numbers",
}
_CONFIGURED = {
    "network": "name databases and lists of addresses in `[network]`",
    "presence": "name a database of places in `[network] city`",
    "device": "enroll devices: `assent device enroll`, then `assent device report`",
    "events": "let other systems report what they see",
    "target": "label what is worth protecting, on the page Labels",
    "history": "let people work: it is learned from what they do",
    "session": "let people work: it is seen in their sessions",
}
_RESTS_ON = {
    "network": "the address",
    "presence": "where they were seen",
    "device": "the device's reports",
    "events": "what others reported",
    "target": "labels",
    "session": "the session so far",
    "history": "what was learned here",
}
_CONFIGURED_SIGNALS = {
    "unverified_role": "say who confirmed somebody: `verified_by` of `[[people]]`",
    "purpose": "name an issue tracker in `[issue_tracker]`",
}


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One signal in the list. tone, says: how it is; missing: why it could not be measured."""

    name: str
    words: str
    family: str
    observed: str
    absent: str
    unavailable: str
    tone: str
    says: str
    missing: str
    configure: str
    source: str
    at: str
    most: str
    drift: str
    drifts: bool
    shares: tuple[tuple[str, float, float], ...]


@router.get("/risk", dependencies=[Depends(needs(Permission.READ_RISK))])
async def page(seat: TheSeat) -> Response:
    """Return how risk is measured."""
    report = await seat.desk.plane.insight.risk.report(seat.caller)
    subjects = seat.desk.plane.directory.subjects()
    values = {
        "seat": seat,
        "page": "risk",
        "report": report,
        "plots": [(one, _plot(one)) for one in report.environments],
        "signals": [_row(one, report) for one in report.signals],
        "surprises": _surprises(seat, report.surprises),
        "people": sorted(one.name for one in subjects),
        "budget": _budget(report),
        "dates": [(name, isoformat(at)) for name, at in sorted(report.dates.items())],
        "percent": percent,
    }
    return seat.desk.pages.page("risk.html", values)


@router.get("/risk/{person}", dependencies=[Depends(needs(Permission.ASK, Permission.READ_RISK))])
async def person(seat: TheSeat, person: Person) -> Response:
    """Return what is normal for somebody."""
    return await _person(seat, person, "", 200)


@router.post("/risk/{person}/forget")
async def forget(
    seat: Annotated[Seat, Depends(acts(Permission.REPORT))],
    person: Person,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Forget what was learned of somebody."""
    try:
        why = reason_of(reason)
        if not why:
            raise ConflictFault("bad-reason", "say why it should be forgotten; the log keeps it")
    except ConflictFault as fault:
        return await _person(seat, person, fault.detail, 422)
    await seat.desk.plane.risk.forget(seat.caller, person, why)
    return RedirectResponse(f"/risk/{segment(person)}", status_code=303)


async def _person(seat: Seat, name: str, error: str, status: int) -> Response:
    plane = seat.desk.plane
    usually = await plane.risk.profile(seat.caller, name)
    surprises, events = await plane.insight.risk.surprises_of(seat.caller, usually.subject)
    is_own = usually.subject.id == seat.caller.subject.id
    values = {
        "seat": seat,
        "page": "risk",
        "usually": usually,
        "own": is_own,
        "hours": _hours(usually.hours),
        "zone": usually.subject.time_zone or "UTC",
        "dimensions": [
            (_DIMENSIONS.get(one, one), usually.dimensions[one])
            for one in (*_DIMENSIONS, *(set(usually.dimensions) - set(_DIMENSIONS)))
            if one in usually.dimensions and one != "hour"
        ],
        "first_at": isoformat(usually.first_at) if usually.first_at else "",
        "last_at": isoformat(usually.last_at) if usually.last_at else "",
        "surprises": _surprises(seat, surprises),
        "events": [
            (one.type, one.reason if is_own or not seat.caller.withheld else "", isoformat(one.at))
            for one in events
        ],
        "may_forget": seat.caller.may(Permission.REPORT),
        "sees_all": seat.caller.may(Permission.READ_RISK),
        "error": error,
        "summary": _summary(usually),
    }
    return seat.desk.pages.page("risk_person.html", values, status)


def _surprises(
    seat: Seat, found: Sequence[Surprise]
) -> list[tuple[str, str, str, str, int, str, str]]:
    names = seat.desk.plane.directory.names
    own = seat.caller.subject.id
    return [
        (
            one.entry,
            isoformat(one.at),
            names.get(SubjectId(one.subject), one.subject),
            _target(seat, one.target),
            one.score,
            one.level,
            one.reason if one.subject == own or not seat.caller.withheld else "",
        )
        for one in found
    ]


def _target(seat: Seat, target: str | None) -> str:
    try:
        return seat.desk.plane.directory.target(TargetId(target)).name if target else ""
    except Fault:
        return str(target)


def _row(one: SignalState, report: RiskHealth) -> SignalRow:
    now = one.now
    silent = now.share(SignalStatus.UNAVAILABLE)
    tone, says = "good", "measured"
    if not now.total:
        tone, says = "", "not asked yet"
    elif silent >= 1:
        tone, says = "warn", "never measured"
    elif silent > 0.05:
        tone, says = "warn", f"away in {percent(silent)}"
    at = now.at or report.dates.get(now.source)
    drift = "" if one.drift is None else _more(one.drift)
    parts = [f"{now.most_bits * 5:.0f} points"] if now.most_bits > 0 else []
    parts += [f"{now.most_harm} of harm"] if now.most_harm else []
    return SignalRow(
        name=one.name,
        words=one.words,
        family=one.family,
        observed=percent(now.share(SignalStatus.OBSERVED)) if now.total else "–",
        absent=percent(now.share(SignalStatus.ABSENT)) if now.total else "–",
        unavailable=percent(silent) if now.total else "–",
        tone=tone,
        says=says,
        missing=now.missing,
        configure=_how_to_configure(one) if tone == "warn" else "",
        source=now.source or _rests_on(one),
        at=isoformat(at) if at else "",
        most=" and ".join(parts),
        drift=drift,
        drifts=one.drifts,
        shares=_shares(now),
    )


def _rests_on(one: SignalState) -> str:
    """Return in words what a signal is measured from, where it names no source itself."""
    found = [words for need, words in _RESTS_ON.items() if need in one.needs]
    return " and ".join(found) or "the action itself"


def _shares(now: Spread) -> tuple[tuple[str, float, float], ...]:
    """Return how often it found something, and was not measured, as parts of a bar of 100."""
    if not now.total:
        return ()
    found = round(100 * now.share(SignalStatus.OBSERVED), 1)
    silent = round(100 * now.share(SignalStatus.UNAVAILABLE), 1)
    return (("accent", 0.0, found), ("warn", round(100 - silent, 1), silent))


def _more(drift: float) -> str:
    return f"{abs(100 * drift):.0f} % {'more' if drift >= 0 else 'less'} often"


def _how_to_configure(one: SignalState) -> str:
    found = [words for need, words in _CONFIGURED.items() if need in one.needs]
    return _CONFIGURED_SIGNALS.get(one.name) or (found[0] if found else "")


def _budget(report: RiskHealth) -> str:
    if report.budget is None:
        return (
            "The levels are fixed: `[risk] medium_from` and `high_from`. With `step_up_budget` and "
            "`approval_budget` instead, they follow how often people may be asked."
        )
    medium, high = report.budget.medium_milli / 1000, report.budget.high_milli / 1000
    return (
        f"At most {medium:g} % of actions may reach medium, and {high:g} % high; the levels of "
        "each environment follow what is usual there, once 500 actions were seen."
    )


def _plot(one: EnvironmentScores) -> Plot:
    buckets = range(0, 101, _BUCKET)
    values = tuple(float(sum(one.scores[at : at + _BUCKET])) for at in buckets)
    name = one.name or "without a target"
    said = "Nothing was decided on in the last 7 days."
    if one.total:
        said = (
            f"Of {one.total:,} in the last 7 days, {percent(one.reached(one.medium_from))} reached "
            f"medium and {percent(one.reached(one.high_from))} high."
        )
    return Plot(
        f"scores-{name}".replace(" ", "-"),
        f"Scores: {name}",
        said,
        "bars",
        "Score",
        tuple(float(at) for at in buckets),
        tuple(f"{at} to {min(100, at + _BUCKET - 1)}" if at < 100 else "100" for at in buckets),
        (Series("decisions", "accent", values, tuple(f"{value:,.0f}" for value in values)),),
        is_time=False,
        marks=(
            Mark(one.medium_from, f"medium from {one.medium_from}"),
            Mark(one.high_from, f"high from {one.high_from}", "danger"),
        ),
    )


def _hours(hours: Mapping[str, float]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return of each day its hours: what is said of each, and its shade 0 to 5."""
    most = max(hours.values(), default=0.0)
    found = []
    for day in _DAYS:
        row = []
        for hour in range(24):
            times = hours.get(f"{day} {hour}", 0.0)
            shade = 1 + round((_SHADES - 1) * times / most) if times and most else 0
            row.append((f"{day} {hour}:00, {times:.0f} times", shade))
        found.append((day, row))
    return found


def _summary(usually: Usually) -> str:
    if not usually.hours:
        return "No hour was learned yet."
    by_day: dict[str, float] = {}
    by_hour: dict[int, float] = {}
    for name, times in usually.hours.items():
        day, hour = name.split(" ")
        by_day[day] = by_day.get(day, 0.0) + times
        by_hour[int(hour)] = by_hour.get(int(hour), 0.0) + times
    busiest = max(by_day, key=lambda day: by_day[day])
    peak = max(by_hour, key=lambda hour: by_hour[hour])
    hours = sorted(by_hour)
    return f"Most on {busiest}, most at {peak}:00; seen between {hours[0]}:00 and {hours[-1]}:59."
