"""How the work goes, for those who look after it; for everybody else what is theirs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from assent.control.health import in_words
from assent.control.overview import RANGES, Span, Whole, share_of
from assent.control.rollups import MOST_ENTRIES, Hour
from assent.core.clock import isoformat
from assent.core.faults import Fault
from assent.core.ids import TargetId
from assent.core.role import Permission
from assent.web.authorization import needs
from assent.web.desk import PageRoute, Seat, TheSeat
from assent.web.plots import Plot, Series, percent, span_words

router = APIRouter(route_class=PageRoute)

_WORDS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
_SEES = (Permission.READ_HEALTH, Permission.READ_ACCESS)


@router.get("/overview", dependencies=[Depends(needs(Permission.ACCOUNT))])
async def page(seat: TheSeat, range: Annotated[str, Query(max_length=8)] = "7d") -> Response:
    """Return the page. range: `24h`, `7d` or `30d`."""
    if not any(seat.caller.may(one) for one in _SEES):
        return await _own(seat)
    chosen = range if range in RANGES else "7d"
    whole = await seat.desk.plane.insight.overview.whole(seat.caller, chosen)
    values = {
        "seat": seat,
        "page": "overview",
        "whole": whole,
        "range": chosen,
        "ranges": [(name, f"/overview?range={name}", _WORDS[name]) for name in RANGES],
        "words": _WORDS[chosen],
        "numbers": _numbers(whole),
        "plots": _plots(whole),
        "factors": whole.top_factors(),
        "rules": whole.top_rules(),
        "most_entries": MOST_ENTRIES,
        "since": isoformat(whole.since) if whole.since else "",
        "sees_risk": seat.caller.may(Permission.READ_RISK),
        "sees_policies": seat.caller.may(Permission.READ_POLICIES),
        "state": _state(whole),
        "first": seat.caller.may(Permission.CHANGE_SETTINGS)
        and not seat.desk.plane.directory.targets(),
    }
    return seat.desk.pages.page("overview.html", values)


async def _own(seat: Seat) -> Response:
    plane = seat.desk.plane
    own = await plane.insight.overview.own(seat.caller)
    values = {
        "seat": seat,
        "page": "overview",
        "grants": [
            (_target(seat, one.target), isoformat(one.ends_at), one.id) for one in own.grants
        ],
        "requests": [
            (one.id, one.action.verb, _target(seat, one.action.target), one.state.value,
             isoformat(one.created_at))
            for one in own.requests
        ],
        "sessions": [
            (one.id, _target(seat, one.target), isoformat(one.opened_at), one.ended_at is None)
            for one in own.sessions
        ],
    }  # fmt: skip
    return seat.desk.pages.page("overview_mine.html", values)


def _target(seat: Seat, target: TargetId | None) -> str:
    try:
        return seat.desk.plane.directory.target(target).name if target else ""
    except Fault:
        return str(target)


def _numbers(whole: Whole) -> list[tuple[str, str, str]]:
    total = whole.total
    median, ninety = share_of(total.waits, 0.5), share_of(total.waits, 0.9)
    found = [
        (
            span_words(median),
            "Time to assent",
            f"median; 9 of 10 within {span_words(ninety)}" if total.waits else "nobody had to wait",
        ),
        (percent(whole.automatic_share), "Automatic", f"of {whole.decided:,} actions decided on"),
        (f"{total.held:,}", "Held", f"{total.released:,} let go after people or a proof"),
        (f"{total.refused:,}", "Refused", "nothing would have helped"),
        (f"{total.sessions:,}", "Sessions", f"{total.statements:,} statements decided on"),
    ]
    if whole.report is not None:
        real, canary = whole.report.figures.real, whole.report.figures.canary
        kept, named = (real, "of people") if real.count else (canary, "of the canary")
        words = (
            f"{named}, of the last {min(kept.count, 1000):,}"
            if kept.count
            else "none was measured yet"
        )
        found.append((span_words(kept.p99_s), "Revocation p99", words))
    return found


def _plots(whole: Whole) -> list[Plot]:
    spans = whole.spans
    axis = tuple(one.at.timestamp() for one in spans)
    by_hour = whole.step < timedelta(days=1)
    labels = tuple(f"{one.at:%d %b %H:%M}" if by_hour else f"{one.at:%a %d %b}" for one in spans)
    head = "Hour (UTC)" if by_hour else "Day (UTC)"

    def counted(name: str, tone: str, words: str) -> Series:
        values = tuple(float(getattr(one.counted, name)) for one in spans)
        return Series(words, tone, values, tuple(f"{value:,.0f}" for value in values))

    def waits(share: float, tone: str, words: str) -> Series:
        values = tuple(share_of(one.counted.waits, share) for one in spans)
        return Series(words, tone, values, tuple(span_words(value) for value in values))

    return [
        Plot("assent", "Time to assent", _said_of_waits(whole.total), "line", head, axis, labels,
             (waits(0.5, "accent", "median"), waits(0.9, "warn", "9 of 10")), unit="s"),
        Plot("decided", "Decisions", _said_of_decisions(whole), "bars", head, axis, labels,
             (counted("automatic", "good", "automatic"), counted("held", "warn", "held"),
              counted("refused", "danger", "refused"))),
        Plot("sessions", "Sessions",
             _said_of("session", whole.total.sessions, spans, "sessions", by_hour),
             "bars", head, axis, labels, (counted("sessions", "accent", "sessions"),)),
        Plot("statements", "Statements",
             _said_of("statement", whole.total.statements, spans, "statements", by_hour),
             "bars", head, axis, labels, (counted("statements", "accent", "statements"),)),
    ]  # fmt: skip


def _said_of_waits(total: Hour) -> str:
    if not total.waits:
        return "Nobody had to wait for people in this time."
    median, ninety = share_of(total.waits, 0.5), share_of(total.waits, 0.9)
    many = f"{len(total.waits):,} request" + ("" if len(total.waits) == 1 else "s")
    return (
        f"{many} that people assented to: half within {span_words(median)}, "
        f"9 of 10 within {span_words(ninety)}."
    )


def _said_of_decisions(whole: Whole) -> str:
    if not whole.decided:
        return "Nothing was decided on in this time."
    total = whole.total
    return (
        f"{percent(whole.automatic_share)} of {whole.decided:,} were permitted at once, "
        f"{total.held:,} were held, {total.refused:,} refused."
    )


def _said_of(word: str, many: int, spans: Sequence[Span], name: str, by_hour: bool) -> str:
    if not many:
        return f"There was no {word} in this time."
    busiest = max(spans, key=lambda one: getattr(one.counted, name))
    most = getattr(busiest.counted, name)
    when = f"{busiest.at:%d %b %H:%M} UTC" if by_hour else f"{busiest.at:%a %d %b}"
    return f"{many:,} in all; the most, {most:,}, {'from' if by_hour else 'on'} {when}."


def _state(whole: Whole) -> list[tuple[str, str, str]]:
    """Return how each part stands: its name, the tone, and words."""
    report = whole.report
    if report is None:
        return []
    figures = report.figures
    found: list[tuple[str, str, str]] = []
    checkpoint = figures.checkpoint
    if checkpoint is not None:
        age = in_words(report.at - checkpoint.at)
        found.append(("Log", "good", f"{checkpoint.size:,} entries, signed {age} ago"))
    else:
        found.append(("Log", "warn", "no checkpoint was signed yet"))
    for one in figures.observers:
        tone = "danger" if one.disputed else "warn" if one.problem else "good"
        seen = f"has seen {one.size:,} entries" if one.size is not None else "has seen nothing yet"
        when = f" {in_words(report.at - one.at)} ago" if one.at else ""
        words = f"{seen}{when}" + (f": {one.problem}" if one.problem else "")
        found.append((f"{one.kind} {one.name}".capitalize(), tone, words))
    if not figures.observers:
        found.append(("Witnesses", "warn", "nobody outside sees the log"))
    for sink in whole.exporters:
        tone = "warn" if sink.last_error else "good"
        words = f"{sink.behind:,} entries behind" if sink.behind else "has been told everything"
        found.append((f"Exporter {sink.name}", tone, words))
    behind = whole.recorder_is_behind
    found.append(
        ("Recorder", "danger" if behind else "good", "is behind" if behind else "keeps up")
    )
    dead, due = figures.dead, figures.due
    if dead is not None and due is not None:
        words = f"{due} late, {dead} given up" if dead or due else "none is late"
        found.append(("Notices", "warn" if dead or due else "good", words))
    return found
