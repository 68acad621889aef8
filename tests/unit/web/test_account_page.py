"""One's own account, asked for as a browser without scripts."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.core.secret import Secret
from builders import ANA, MINUTE, PASSWORD
from console import URL, Console, a_console
from totp_app import code_now, secret_on

NEW = "violet otter makes tea at noon"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


async def with_codes(console: Console) -> tuple[str, list[str]]:
    """Add an app for codes for whoever is signed in; return its secret and the recovery codes."""
    shown = await console.post("/account/codes")
    secret = secret_on(shown.text)
    now = console.world.clock.now()
    done = await console.post("/account/codes/confirm", code=code_now(secret, now))
    assert done.status_code == 200, done.text
    return secret, re.findall(r"<li><code>([0-9A-Z-]{24})</code></li>", done.text)


async def test_the_account_shows_who_one_is_and_where_one_is_signed_in(console: Console) -> None:
    await console.sign_in("ana")
    page = await console.get("/account")
    for words in ("ana", "requester", "engineers", "Where you are signed in", "this one"):
        assert words in page
    assert "style=" not in page


async def test_an_app_for_codes_is_shown_once_and_then_asked_for(console: Console) -> None:
    await console.sign_in("ana")
    shown = await console.post("/account/codes")
    secret = secret_on(shown.text)
    assert "<svg" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    now = console.world.clock.now()
    await console.post("/account/codes/confirm", code=code_now(secret, now))
    assert secret not in (await console.get("/account")).replace(" ", "")
    console.http.cookies.clear()
    first = await console.http.post("/sign-in", data={"name": "ana", "password": PASSWORD})
    assert "One more step" in first.text
    assert (await console.http.get("/account")).status_code == 303
    console.world.clock.advance(MINUTE)
    code = code_now(secret, console.world.clock.now())
    second = await console.http.post("/sign-in/code", data={"code": code, "next": "/grants"})
    assert (second.status_code, second.headers["location"]) == (303, "/grants")
    assert "password+totp" in await console.get("/account")


async def test_a_code_counts_once_and_a_recovery_code_counts_once(console: Console) -> None:
    await console.sign_in("ana")
    _, codes = await with_codes(console)
    assert len(set(codes)) == 10
    for status in (303, 403):
        console.http.cookies.clear()
        await console.http.post("/sign-in", data={"name": "ana", "password": PASSWORD})
        answer = await console.http.post("/sign-in/code", data={"code": codes[3].lower()})
        assert answer.status_code == status
    console.http.cookies.clear()
    await console.http.post("/sign-in", data={"name": "ana", "password": PASSWORD})
    assert (await console.http.post("/sign-in/code", data={"code": codes[4]})).status_code == 303
    assert "Recovery codes left: <b>8</b>" in await console.get("/account")


async def test_the_second_step_belongs_to_one_browser(console: Console) -> None:
    await console.sign_in("ana")
    secret, _ = await with_codes(console)
    console.world.clock.advance(MINUTE)
    console.http.cookies.clear()
    code = code_now(secret, console.world.clock.now())
    answer = await console.http.post("/sign-in/code", data={"code": code})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_second_step_is_over_after_five_wrong_codes(console: Console) -> None:
    await console.sign_in("ana")
    secret, _ = await with_codes(console)
    console.world.clock.advance(MINUTE)
    console.http.cookies.clear()
    await console.http.post("/sign-in", data={"name": "ana", "password": PASSWORD})
    for _ in range(5):
        assert (
            await console.http.post("/sign-in/code", data={"code": "000000"})
        ).status_code != 303
    code = code_now(secret, console.world.clock.now())
    assert (await console.http.post("/sign-in/code", data={"code": code})).status_code != 303


async def test_changes_ask_for_a_proof_of_the_last_minutes(console: Console) -> None:
    await console.sign_in("ana")
    console.world.clock.advance(11 * MINUTE)
    assert "Confirm that it is you first" in await console.get("/account")
    answer = await console.post("/account/codes", {"referer": f"{URL}/account"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/step-up?next=/account"


async def test_one_ends_other_sign_ins_and_not_those_of_others(console: Console) -> None:
    ana = console.world.sign_in
    other, kept = await ana.login("ana", Secret(PASSWORD), "192.0.2.9")
    _, bens = await ana.login("ben", Secret(PASSWORD), "192.0.2.9")
    await console.sign_in("ana")
    assert (await console.post(f"/account/sign-ins/{bens.id}/end")).status_code == 404
    assert (await console.post(f"/account/sign-ins/{kept.id}/end")).status_code == 303
    assert other.reveal() not in str(await console.world.store.tokens())
    assert "192.0.2.9" not in await console.get("/account")


async def test_a_password_of_configuration_is_changed_there(console: Console) -> None:
    await console.sign_in("ana")
    answer = await console.post("/account/password", new=NEW, again=NEW)
    assert answer.status_code == 409
    assert "kept here but by <code>configuration</code>" in answer.text


async def test_the_sign_in_before_in_the_same_browser_ends(console: Console) -> None:
    await console.sign_in("ana")
    data = {"name": "ana", "password": PASSWORD}
    assert (await console.http.post("/sign-in", data=data)).status_code == 303
    assert len(await console.world.store.tokens(ANA.id)) == 1
