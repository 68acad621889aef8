"""The pages on which somebody lets a command line in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.control.device_codes import Begun, NoToken, Trouble
from console import Console, a_console

ASKED = {"port": "50000", "challenge": "c" * 43, "state": "s" * 22, "host": "<laptop>"}
HERE = "/sign-in/command-line"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as made:
        await made.sign_in("ben")
        yield made


def begun(console: Console) -> Begun:
    codes = console.world.plane.programs.device_codes
    return codes.begin("<b>laptop", "203.0.113.9", "assent-cli")


async def test_a_code_is_shown_with_where_it_comes_from_before_anybody_says_yes(
    console: Console,
) -> None:
    asked = begun(console)
    page = await console.get(f"/device?code={asked.user_code}")
    assert "&lt;b&gt;laptop" in page
    assert "203.0.113.9" in page
    assert "not yours" in page
    with pytest.raises(NoToken):
        await console.world.plane.programs.device_codes.poll(asked.device_code)


async def test_who_says_no_refuses_it_for_good(console: Console) -> None:
    asked = begun(console)
    done = await console.post("/device", code=asked.user_code, answer="refuse")
    assert "Refused" in done.text
    with pytest.raises(NoToken) as none:
        await console.world.plane.programs.device_codes.poll(asked.device_code)
    assert none.value.trouble is Trouble.DENIED


async def test_a_code_that_nobody_waits_with_is_said_and_can_be_typed_again(
    console: Console,
) -> None:
    page = await console.http.get("/device", params={"code": "BBBB-BBBB"})
    assert page.status_code == 404
    assert 'value="BBBB-BBBB"' in page.text


async def test_nobody_answers_by_a_form_of_another_page(console: Console) -> None:
    asked = begun(console)
    form = {"code": asked.user_code, "answer": "allow"}
    assert (await console.http.post("/device", data=form)).status_code == 403
    elsewhere = {"origin": "http://evil.example"}
    taken = await console.http.post("/device", data=form, headers=elsewhere)
    assert taken.status_code == 403


async def test_the_page_of_a_command_line_leads_to_its_port_alone(console: Console) -> None:
    page = await console.http.get(HERE, params=ASKED)
    assert "&lt;laptop&gt;" in page.text
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:50000;" in policy
    led = await console.post(HERE, **ASKED, answer="allow")
    assert led.status_code == 303
    assert led.headers["location"].startswith("http://127.0.0.1:50000/?code=")
    no = await console.post(HERE, **ASKED, answer="refuse")
    assert no.headers["location"] == f"http://127.0.0.1:50000/?error=access_denied&state={'s' * 22}"


@pytest.mark.parametrize("change", [{"port": "80"}, {"challenge": "x"}, {"state": "&x"}])
async def test_what_no_command_line_asks_is_refused(
    console: Console, change: dict[str, str]
) -> None:
    page = await console.http.get(HERE, params=ASKED | change)
    assert page.status_code in (409, 422)
