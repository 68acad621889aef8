"""Two people at one browser: nothing of one is shown or done as the other."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from assent.api import build_app
from assent.web.safety import Cookies
from builders import TIM, a_caller
from doors import URL, House, Reply, a_house

TYPED = {"content-type": "application/x-www-form-urlencoded", "origin": URL}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as house:
        yield house


class Tab:
    """A page as it was loaded by one person, whoever has the cookie by now."""

    def __init__(self, house: House, text: str) -> None:
        self.house = house
        self.csrf = found(r'name="csrf" value="(\w+)"', text)
        self.mark = found(r'"x-assent-page": "(\w+)"', text)

    async def post(self, path: str, cookie: str, **fields: str) -> Reply:
        body = urlencode({"csrf": self.csrf} | fields).encode()
        return await self.house.call("POST", path, {**TYPED, "cookie": cookie}, body)

    async def part(self, path: str, cookie: str) -> Reply:
        headers = {"hx-request": "true", "x-assent-page": self.mark, "cookie": cookie}
        return await self.house.call("GET", path, headers)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, pattern
    return match[1]


async def cookie_of(house: House, role: str) -> str:
    return f"assent={await house.token(role)}"


async def tab_of(house: House, role: str) -> Tab:
    page = await house.call("GET", "/", {"cookie": await cookie_of(house, role)})
    return Tab(house, page.text)


async def waiting(house: House) -> str:
    return (await house.world.access.ask(a_caller(TIM), "shop", None, "because", "")).id


async def test_a_form_of_one_does_nothing_as_the_other(house: House) -> None:
    request = await waiting(house)
    tab = await tab_of(house, "requester")
    answer = await tab.post(
        f"/requests/{request}/answer", await cookie_of(house, "approver"), verdict="approve"
    )
    assert answer.status == 403
    assert "another person" in answer.text
    assert "load it again" in answer.text
    assert (await house.world.stored(request)).approvals == ()


async def test_a_part_of_a_page_of_one_is_never_shown_in_that_of_the_other(house: House) -> None:
    request = await waiting(house)
    theirs = await cookie_of(house, "approver")
    tab = await tab_of(house, "requester")
    for path in ("/inbox/items", f"/requests/{request}/card", "/grants/part"):
        answer = await tab.part(path, theirs)
        assert (answer.status, answer.headers["hx-refresh"], answer.text) == (204, "true", "")
    own = await tab_of(house, "approver")
    assert request in (await own.part("/inbox/items", theirs)).text


async def test_each_profile_sees_its_own_at_the_same_time(house: House) -> None:
    request = await waiting(house)
    pages = {
        role: await house.call("GET", "/", {"cookie": await cookie_of(house, role)})
        for role in ("requester", "approver")
    }
    assert request in pages["approver"].text
    assert request not in pages["requester"].text
    assert Tab(house, pages["requester"].text).csrf != Tab(house, pages["approver"].text).csrf


async def test_after_signing_out_the_tab_does_nothing_and_the_browser_forgets(
    house: House,
) -> None:
    cookie = await cookie_of(house, "approver")
    tab = await tab_of(house, "approver")
    left = await tab.post("/sign-out", cookie)
    assert (left.status, left.headers["location"]) == (303, "/sign-in")
    assert left.headers["clear-site-data"] == '"cache"'
    assert "max-age=0" in left.headers["set-cookie"].lower()
    assert (await tab.post("/standing-in/away", cookie, until="tomorrow")).is_refused_at_the_door
    assert (await tab.part("/inbox/items", cookie)).is_refused_at_the_door


@pytest.mark.parametrize("path", ["/", "/grants", "/sign-in", "/v1/whoami", "/v1/requests"])
async def test_nothing_of_a_person_is_kept_by_a_cache(house: House, path: str) -> None:
    token = await house.token("requester")
    headers = {"cookie": f"assent={token}", "authorization": f"Bearer {token}"}
    answer = await house.call("GET", path, headers)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert {"authorization", "cookie"} <= set(answer.headers["vary"].lower().split(", "))


EVERYWHERE: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/v1/whoami", "/nothing", "/assets/assent.css"])
async def test_every_answer_has_the_headers_that_bind_a_browser(house: House, path: str) -> None:
    answer = await house.call("GET", path, {"cookie": await cookie_of(house, "requester")})
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in answer.headers["permissions-policy"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "strict-transport-security" not in answer.headers


async def test_over_https_a_browser_is_told_to_stay_there(house: House) -> None:
    app = build_app(house.world.plane, "https://assent.test", lambda: ("gate.test", 6432))
    answer = await House(house.world, app).call("GET", "/healthz", {})
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert Cookies(https=True).name == "__Host-assent"


async def test_the_cookie_is_for_this_host_and_no_script(house: House) -> None:
    body = urlencode({"name": "rita", "password": "correct horse battery staple"}).encode()
    answer = await house.call("POST", "/sign-in", TYPED, body)
    said = answer.headers["set-cookie"].lower()
    assert answer.status == 303
    for word in ("httponly", "samesite=strict", "path=/"):
        assert word in said
    assert "domain" not in said
