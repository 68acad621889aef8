"""The page that says how Assent itself is, for those who oversee."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Response

from assent.control.canary import Round
from assent.control.health import Report
from assent.core.clock import isoformat
from assent.core.role import Permission
from assent.web.authorization import needs
from assent.web.desk import PageRoute, Seat, TheSeat

router = APIRouter(route_class=PageRoute)

_WIDTH, _HEIGHT, _SHOWN = 240, 32, 60


@dataclass(frozen=True, slots=True)
class Spark:
    """The last rounds of the canary as a line. points: of an SVG polyline, left to right.

    failed: where a round was not cut in time: its x. longest_ms: what the height stands for.
    """

    points: str
    failed: tuple[float, ...]
    longest_ms: int
    count: int
    width: int = _WIDTH
    height: int = _HEIGHT


def spark(rounds: Sequence[Round]) -> Spark:
    """Return the last rounds, drawn; the newest one is at the right."""
    shown = rounds[-_SHOWN:]
    times = [one.seconds or 0.0 for one in shown]
    longest = max([0.05, *times])
    step = _WIDTH / max(1, _SHOWN - 1)
    begin = _WIDTH - step * (len(shown) - 1)
    points = [
        (begin + step * number, _HEIGHT - 2 - time / longest * (_HEIGHT - 4))
        for number, time in enumerate(times)
    ]
    return Spark(
        " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        tuple(round(points[at][0], 1) for at, one in enumerate(shown) if one.problem),
        round(longest * 1000),
        len(shown),
    )


@router.get("/status", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def page(seat: TheSeat) -> Response:
    """Return the page."""
    return seat.desk.pages.page("status.html", await _values(seat))


@router.get("/status/part", dependencies=[Depends(needs(Permission.READ_HEALTH))])
async def part(seat: TheSeat) -> Response:
    """Return what changes on it, as a part of it."""
    return seat.desk.pages.page("status_region.html", await _values(seat))


async def _values(seat: Seat) -> dict[str, object]:
    report: Report = await seat.desk.plane.health.report(seat.caller)
    return {
        "seat": seat,
        "report": report,
        "spark": spark(report.rounds),
        "at": isoformat(report.at)[:19] + "Z",
    }
