"""The status page: who sees it, and what its little line is made of."""

import re
from datetime import timedelta

import httpx2
import pytest

from assent import web
from assent.api import build_app
from assent.control.canary import Round
from assent.web.health import spark
from memory_plane import NOON, PASSWORD, MemoryPlane

URL = "http://assent.test"


def rounds(*seconds: float | None) -> list[Round]:
    return [
        Round(NOON + timedelta(minutes=number), time, "" if time else "not cut")
        for number, time in enumerate(seconds)
    ]


def test_the_newest_round_is_at_the_right_and_the_slowest_at_the_top() -> None:
    drawn = spark(rounds(0.1, 0.4, None))
    points = [tuple(map(float, pair.split(","))) for pair in drawn.points.split()]
    assert points[-1][0] == drawn.width
    assert min(points, key=lambda point: point[1]) == points[1]
    assert all(0 <= y <= drawn.height for _, y in points)
    assert drawn.failed == (drawn.width,)
    assert drawn.longest_ms == 400


def test_only_the_last_sixty_are_drawn_and_none_is_no_line() -> None:
    assert spark(rounds(*[0.1] * 100)).count == 60
    assert spark([]).points == ""


async def page(plane: MemoryPlane, name: str, path: str = "/status") -> httpx2.Response:
    app = build_app(plane.plane, URL, lambda: ("gate.test", 6432))
    web.mount(app, plane.plane, URL)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url=URL, headers={"origin": URL}
    ) as http:
        await http.post("/sign-in", data={"name": name, "password": PASSWORD})
        return await http.get(path)


@pytest.mark.parametrize("path", ["/status", "/status/part"])
async def test_those_who_oversee_see_each_check_and_the_line(path: str) -> None:
    plane = MemoryPlane()
    for seconds in (0.02, 0.03):
        plane.canary.measured(seconds)
    plane.canary.failed("the gateway refused it")
    answer = await page(plane, "carl", path)
    assert answer.status_code == 200
    assert "<polyline" in answer.text
    assert len(re.findall(r"<line ", answer.text)) == 1
    assert 'class="ok"' in answer.text
    assert "style=" not in answer.text


async def test_nobody_else_sees_it_nor_the_way_to_it() -> None:
    plane = MemoryPlane()
    assert (await page(plane, "ana")).status_code == 403
    assert "/status" not in (await page(plane, "ana", "/")).text
    assert 'href="/status"' in (await page(plane, "carl", "/")).text
