"""What happened in a session on one axis of time: a drawing that the server makes.

Pure. Places on the axis are in 0 … WIDTH, whatever the width of the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from assent.core.clock import isoformat
from assent.web.session_views import Step

WIDTH = 1000.0
TICKS = 5
_THIN = 3.0
_SHORTEST = timedelta(milliseconds=100)
STORY, WAITED, DID = "story", "waited", "did"


@dataclass(frozen=True, slots=True)
class Moment:
    """A part of the story: why, risk, who assented, the opening, the end. href: where it leads."""

    at: datetime
    words: str
    tone: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something on the axis. lane: which of the three. tone: a class of the sheet."""

    x: float
    width: float
    lane: str
    tone: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing. ticks: instants at equal distances. ways: name → query of another window."""

    bars: tuple[Bar, ...]
    ticks: tuple[str, ...]
    ways: dict[str, str]
    since: str
    until: str
    zoomed: bool


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when the axis goes; `whole` is all there is."""

    since: datetime
    until: datetime
    whole: tuple[datetime, datetime]


def window_of(
    moments: Sequence[Moment], ends: datetime, since: datetime | None, until: datetime | None
) -> Window:
    """Return the window that was asked for, within what there is; never shorter than 0.1 s."""
    first = min((one.at for one in moments), default=ends)
    last = max((*(one.at for one in moments), ends))
    last = max(last, first + _SHORTEST)
    begins = min(max(since or first, first), last - _SHORTEST)
    stops = max(min(until or last, last), begins + _SHORTEST)
    return Window(begins, stops, (first, last))


def timeline_of(moments: Sequence[Moment], steps: Iterable[Step], window: Window) -> Timeline:
    """Return the drawing of a story and of what was done, in a window."""
    bars = [_bar(window, one.at, timedelta(), STORY, one.tone, one.words, one.href)
            for one in moments]  # fmt: skip
    for step in steps:
        bars += _bars_of(window, step)
    span = window.until - window.since
    ticks = tuple(isoformat(window.since + span * place / (TICKS - 1)) for place in range(TICKS))
    return Timeline(
        bars=tuple(bar for bar in bars if bar is not None),
        ticks=ticks,
        ways=_ways(window),
        since=isoformat(window.since),
        until=isoformat(window.until),
        zoomed=(window.since, window.until) != window.whole,
    )


def _bars_of(window: Window, step: Step) -> list[Bar | None]:
    at = _moment(step.at)
    if at is None:
        return []
    words = "".join(piece.text for piece in step.pieces)[:120] or step.words
    title, href = f"{step.verdict or step.words}: {words}", f"#{step.key}"
    bars: list[Bar | None] = []
    released = _moment(step.words.removeprefix("held until ")) if step.words else None
    if released is not None:
        bars.append(_bar(window, at, released - at, WAITED, "warn", f"waited: {words}", href))
        at = released
    if step.kind == "statement":
        tone = "danger" if step.is_bad else "write" if "write" in step.kinds else "read"
        took = timedelta(microseconds=step.duration_us)
        bars.append(_bar(window, at, took, DID, tone, title, href))
    elif step.kinds:
        bars.append(_bar(window, at, timedelta(), WAITED, "warn", title, href))
    return bars


def _bar(
    window: Window, at: datetime, took: timedelta, lane: str, tone: str, title: str, href: str
) -> Bar | None:
    ends = at + took
    if ends < window.since or at > window.until:
        return None
    span = (window.until - window.since).total_seconds()
    left = max((at - window.since).total_seconds(), 0.0) / span * WIDTH
    right = min((ends - window.since).total_seconds(), span) / span * WIDTH
    width = max(right - left, _THIN)
    return Bar(round(min(left, WIDTH - width), 2), round(width, 2), lane, tone, title, href)


def _ways(window: Window) -> dict[str, str]:
    """Return the queries of the windows beside this one: nearer, wider, earlier, later, whole."""
    span, (first, last) = window.until - window.since, window.whole
    quarter, half = span / 4, span / 2
    near = (window.since + quarter, window.until - quarter) if half >= _SHORTEST else None
    wide = (max(window.since - half, first), min(window.until + half, last))
    back = (max(window.since - half, first), max(window.since - half, first) + span)
    on = (min(window.until + half, last) - span, min(window.until + half, last))
    found = {"nearer": near, "wider": wide, "earlier": back, "later": on, "whole": (first, last)}
    here = (window.since, window.until)
    return {
        name: "?" + urlencode({"since": isoformat(way[0]), "until": isoformat(way[1])})
        for name, way in found.items()
        if way is not None and way != here
    }


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
