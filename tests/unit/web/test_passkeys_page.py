"""Passkeys on the pages, as a browser sends them: sign-in, account, confirming, signed answers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from assent.audit.approval_signatures import approval_message
from assent.identity.webauthn import WebAuthnParty
from console import URL, Console, a_console
from software_authenticator import Passkey

SIGNED = """
@id("sign") @require("approve: 1 of dba, signed") @message("a DBA must sign")
forbid (principal in Group::"engineers", action == Action::"access.request", resource);
"""
ORIGIN = "https://assent.test"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, SIGNED) as found:
        found.world.plane.passkeys._party = WebAuthnParty(ORIGIN)
        found.world.plane.device_keys._origin = ORIGIN
        yield found


async def made(console: Console, passkey: Passkey) -> str:
    options = (await console.post("/account/passkeys/options")).json()
    answer = passkey.create(options)
    kept = await console.post("/account/passkeys", name="phone", credential=answer)
    assert kept.status_code == 303, kept.text
    (key,) = (await console.http.get("/account/passkeys/signer")).json()["keys"]
    return str(key["key"])


async def ask(console: Console) -> Any:
    caller = await console.world.plane.sign_in.authenticate(
        *await _token(console, "ana"), "192.0.2.1", "api"
    )
    return await console.world.plane.access.ask(caller, "shop", None, "month end", "")


async def _token(console: Console, name: str) -> Any:
    from assent.core.secret import Secret
    from builders import PASSWORD

    token, _ = await console.world.sign_in.login(name, Secret(PASSWORD), "192.0.2.1")
    return (token,)


def a_passkey(**more: Any) -> Passkey:
    return Passkey(rp_id="assent.test", origin=ORIGIN, **more)


async def test_one_is_made_listed_used_to_sign_in_and_revoked(console: Console) -> None:
    passkey = a_passkey()
    await console.sign_in("ben")
    key = await made(console, passkey)
    page = await console.get("/account/passkeys")
    assert "phone" in page
    assert key in page

    console.http.cookies.clear()
    begun = await console.http.post("/sign-in/passkey/options")
    assert "httponly" in begun.headers["set-cookie"].lower()
    data = {"credential": passkey.get(begun.json()), "next": "/account/passkeys"}
    done = await console.http.post("/sign-in/passkey", data=data)
    assert (done.status_code, done.headers["location"]) == (303, "/account/passkeys")
    again = await console.http.post("/sign-in/passkey", data=data)
    assert again.status_code == 409
    assert "begin again" in again.text

    revoked = await console.post(f"/account/passkeys/{key}/revoke")
    assert revoked.status_code == 303
    assert (await console.http.get("/account/passkeys/signer")).json()["keys"] == []
    console.http.cookies.clear()
    begun = await console.http.post("/sign-in/passkey/options")
    data = {"credential": passkey.get(begun.json())}
    refused = await console.http.post("/sign-in/passkey", data=data)
    assert refused.status_code == 403
    assert "not good here" in refused.text


async def test_a_sign_in_needs_the_browser_that_began_it(console: Console) -> None:
    passkey = a_passkey()
    await console.sign_in("ben")
    await made(console, passkey)
    console.http.cookies.clear()
    begun = await console.http.post("/sign-in/passkey/options")
    console.http.cookies.clear()
    data = {"credential": passkey.get(begun.json())}
    assert (await console.http.post("/sign-in/passkey", data=data)).status_code == 409
    await console.http.post("/sign-in/passkey/options")
    assert (await console.http.post("/sign-in/passkey", data=data)).status_code == 409
    foreign = {"origin": "https://evil.test"}
    for path in ("/sign-in/passkey/options", "/sign-in/passkey"):
        assert (await console.http.post(path, data=data, headers=foreign)).status_code == 403


async def test_somebody_elses_passkey_is_not_theirs_to_revoke(console: Console) -> None:
    await console.sign_in("ben")
    key = await made(console, a_passkey())
    await console.sign_in("carl")
    refused = await console.post(f"/account/passkeys/{key}/revoke")
    assert refused.status_code == 403


async def test_confirming_goes_by_passkey_or_password_and_leads_on(console: Console) -> None:
    passkey = a_passkey()
    await console.sign_in("ben")
    nothing = await console.post("/step-up/options")
    assert (nothing.status_code, "You have no passkey" in nothing.json()["error"]) == (409, True)
    await made(console, passkey)
    options = (await console.post("/step-up/options")).json()
    answer = passkey.get(options)
    done = await console.post("/step-up", credential=answer, next="/account/passkeys")
    assert (done.status_code, done.headers["location"]) == (303, "/account/passkeys")
    replayed = await console.post("/step-up", credential=answer, next="https://evil.test")
    assert replayed.status_code == 409
    assert 'value="https://evil.test"' not in replayed.text
    wrong = await console.post("/step-up", password="wrong")
    assert wrong.status_code == 403
    assert "Confirm it is you" in wrong.text


async def test_an_assent_is_signed_over_exactly_what_the_page_shows(console: Console) -> None:
    passkey = a_passkey()
    asked = await ask(console)
    await console.sign_in("ben")
    key = await made(console, passkey)
    page = await console.get(f"/requests/{asked.id}")
    digest, shown = re.search(r'data-digest="(\S+)" data-shown="(\S+)"', page).groups()  # type: ignore[union-attr]
    path = f"/requests/{asked.id}/answer"
    for verdict, said, status in (
        ("reject", {}, 403),
        ("approve", {"origin": "https://evil.test"}, 403),
        ("approve", {}, 303),
    ):
        message = approval_message(verdict, asked.id, digest, shown)
        signature, beside = passkey.approval(message, **said)
        fields = {"shown": shown, "signature_key": key, "signature": signature, **beside}
        answered = await console.post(path, verdict="approve", **fields)
        assert answered.status_code == status, answered.text
    kept = await console.world.store.request(asked.id)
    assert kept is not None
    (approval,) = kept.approvals
    assert approval.signature is not None
    assert approval.signature.kind == "webauthn"


async def test_a_rejection_whose_page_is_stale_stands_without_its_signature(
    console: Console,
) -> None:
    passkey = a_passkey()
    asked = await ask(console)
    await console.sign_in("ben")
    key = await made(console, passkey)
    stale = "sha256:" + "0" * 64
    signature, beside = passkey.approval(approval_message("reject", asked.id, stale, stale))
    fields = {"shown": stale, "signature_key": key, "signature": signature, **beside}
    path = f"/requests/{asked.id}/answer"
    assert (await console.post(path, verdict="approve", **fields)).status_code == 409
    assert (await console.post(path, verdict="reject", **fields)).status_code == 303
    kept = await console.world.store.request(asked.id)
    assert kept is not None
    assert kept.approvals[0].signature is None


async def test_an_offer_is_signed_over_what_it_would_leave(console: Console) -> None:
    passkey = a_passkey()
    asked = await ask(console)
    await console.sign_in("ben")
    key = await made(console, passkey)
    terms = {"minutes": "5", "read_only": "true"}
    path = f"/requests/{asked.id}/offer"
    about = (await console.post(f"{path}/shown", **terms)).json()
    assert (await console.post(f"{path}/shown", minutes="no")).status_code == 409
    message = approval_message("offer", asked.id, about["digest"], about["shown"])
    signature, beside = passkey.approval(message)
    fields = {"shown": about["shown"], "signature_key": key, "signature": signature, **beside}
    other = await console.post(path, **{**terms, "minutes": "6"}, **fields)
    assert other.status_code == 409
    signature, beside = passkey.approval(message)
    fields |= {"signature": signature, **beside}
    assert (await console.post(path, **terms, **fields)).status_code == 303
    kept = await console.world.store.request(asked.id)
    assert kept is not None
    assert kept.approvals[0].signature is not None


async def test_where_there_are_no_passkeys_the_page_says_why(console: Console) -> None:
    console.world.plane.passkeys._party = WebAuthnParty("http://127.0.0.1:8470")
    await console.sign_in("ben")
    page = await console.get("/account/passkeys")
    assert "There are no passkeys here" in page
    assert "public_url" in page
    begun = await console.http.post("/sign-in/passkey/options")
    assert begun.status_code == 409
    assert URL not in begun.text
