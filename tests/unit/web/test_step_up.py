"""Whoever has to confirm who they are is led to where that is done, and back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.external_sign_in import Place
from assent.control.providers import Proved
from assent.core.token import TokenKind
from assent.identity.webauthn import WebAuthnParty
from builders import MINUTE
from console import HTMX, URL, Console, a_console
from software_authenticator import Passkey

WISHED = {"name": "backup", "days": "30"}


@dataclass
class Corp:
    """As much of a provider as pages show."""

    name: str = "corp"
    display_name: str = "Corp"
    lasts_for: timedelta = timedelta(hours=8)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


async def as_before(console: Console) -> str:
    """Sign ana in, long ago, and return what her forms carry."""
    await console.sign_in("ana")
    csrf = await console.csrf()
    console.world.clock.advance(11 * MINUTE)
    return csrf


async def test_a_form_that_needs_a_fresh_proof_leads_to_the_page_for_it_and_back(
    console: Console,
) -> None:
    await as_before(console)
    stood = {"referer": f"{URL}/account/tokens"}
    answer = await console.post("/account/tokens", stood, **WISHED)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/step-up?next=/account/tokens"
    assert 'value="/account/tokens"' in await console.get(answer.headers["location"])


async def test_a_part_of_a_page_leads_there_too_and_no_page_of_others_is_gone_back_to(
    console: Console,
) -> None:
    csrf = await as_before(console)
    for page, back in ((f"{URL}/account", "/account"), ("https://evil.test/x", "/"), ("", "/")):
        headers = HTMX | {"hx-current-url": page}
        data = {"csrf": csrf} | WISHED
        answer = await console.http.post("/account/tokens", data=data, headers=headers)
        assert answer.headers["hx-redirect"] == f"/step-up?next={back}"


async def test_the_script_hears_where_to_confirm(console: Console) -> None:
    await as_before(console)
    answer = await console.post("/account/passkeys/options")
    assert answer.status_code == 403
    assert answer.json()["confirm"] == "yes"


async def came_by_corp(console: Console, name: str) -> None:
    """Sign somebody in as if by a provider, who has no password here."""
    plane = console.world.plane
    plane.providers.providers = {"corp": Corp()}  # type: ignore[dict-item]
    proved = Proved("sub-1", name, groups=frozenset({"engineers"}))
    token, _ = await plane.providers.sign_in("corp", proved, Place("192.0.2.1"), timedelta(hours=8))
    console.http.cookies.clear()
    console.http.cookies.set("assent", token.reveal())


async def test_who_came_by_a_provider_confirms_there_and_is_asked_for_no_password(
    console: Console,
) -> None:
    await came_by_corp(console, "otto")
    page = await console.get("/step-up?next=/account/tokens")
    assert 'href="/sign-in/oidc/corp/again?next=/account/tokens"' in page
    assert 'name="password"' not in page
    await console.sign_in("ana")
    page = await console.get("/step-up")
    assert "/again" not in page
    assert 'name="password"' in page


async def test_a_passkey_sign_in_forgets_the_token_that_the_browser_had(console: Console) -> None:
    console.world.plane.passkeys._party = WebAuthnParty("https://assent.test")
    passkey = Passkey(rp_id="assent.test", origin="https://assent.test")
    await console.sign_in("ben")
    options = (await console.post("/account/passkeys/options")).json()
    made = {"name": "phone", "credential": passkey.create(options)}
    assert (await console.post("/account/passkeys", **made)).status_code == 303
    before = console.http.cookies["assent"]
    begun = (await console.http.post("/sign-in/passkey/options")).json()
    data = {"credential": passkey.get(begun)}
    assert (await console.http.post("/sign-in/passkey", data=data)).status_code == 303
    assert console.http.cookies["assent"] != before
    ben = console.world.directory.subject_named("ben")
    assert ben is not None
    kept = await console.world.store.tokens(ben.id)
    assert [one.method for one in kept if one.kind is TokenKind.BROWSER] == ["passkey"]
