"""Devices, and answers bound to what was shown, over HTTP and on the pages."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.audit.approval_signatures import approval_message, encoded, enrolment_message
from assent.control.device_keys import STEPPED_UP_WITHIN
from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.request import Request
from memory_plane import PASSWORD
from unit.api.test_answer_routes import Door
from unit.web.test_pages_over_http import Browser

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = encoded(KEY.public_key().public_bytes_raw())
SIGNED = (ApprovalRemedy(((Quorum(1, "dba"),),), signed=True),)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    yield found
    await found.http.aclose()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = Browser()
    yield found
    await found.http.aclose()


async def enrolled(door: Door, **more: str) -> Any:
    """Return the answer to the signed-in person's enrolment after a step-up."""
    await door.http.post("/v1/step-up", json={"password": PASSWORD})
    begun = (await door.http.post("/v1/devices/challenge")).json()
    message = enrolment_message(begun["subject"], begun["challenge"], "ed25519", PUBLIC)
    body = {
        "name": "laptop",
        "kind": "ed25519",
        "public_key": PUBLIC,
        "challenge": begun["challenge"],
        "proof": encoded(KEY.sign(message)),
    }
    return await door.http.post("/v1/devices", json=body | more)


async def proof(door: Door, request: Request, key: str) -> dict[str, Any]:
    shown = (await door.http.get(f"/v1/requests/{request.id}/shown")).json()
    digest = shown["document"]["action"]["digest"]
    message = approval_message("approve", request.id, digest, shown["digest"])
    signature = {"kind": "ed25519", "key": key, "signature": encoded(KEY.sign(message))}
    return {"shown": shown["digest"], "signature": signature}


async def test_a_device_is_enrolled_after_a_step_up_listed_and_revoked(door: Door) -> None:
    await door.sign_in("ben")
    door.plane.clock.at += STEPPED_UP_WITHIN + timedelta(seconds=1)
    refused = await door.http.post("/v1/devices/challenge")
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:assent:problem:step-up-needed",
    )
    answer = await enrolled(door)
    assert answer.status_code == 201
    assert (await door.http.get("/v1/devices")).json()["items"] == [answer.json()]
    gone = await door.http.post(f"/v1/devices/{answer.json()['id']}/revoke")
    assert gone.json()["revoked_at"] is not None
    assert (await door.http.post("/v1/devices/key_none/revoke")).status_code == 404


async def test_what_is_no_key_is_refused(door: Door) -> None:
    await door.sign_in("ben")
    assert (await enrolled(door, kind="webauthn")).status_code == 409
    assert (await enrolled(door, public_key="AAAA")).status_code == 409
    assert (await enrolled(door, proof="AAAA")).status_code == 403
    assert (await enrolled(door, public_key="no base64")).status_code == 422


async def test_an_assent_that_must_be_signed_is_taken_only_signed(door: Door) -> None:
    asked = await door.plane.hold(remedies=SIGNED)
    await door.sign_in("ben")
    shown = (await door.http.get(f"/v1/requests/{asked.id}/shown")).json()
    assert (shown["needs_signature"], shown["can_answer"]) == (True, True)
    path = f"/v1/requests/{asked.id}/approve"
    assert (await door.http.post(path)).json()["type"].endswith("signature-needed")
    unsigned = await door.http.post(path, json={"shown": shown["digest"]})
    assert unsigned.json()["type"].endswith("signature-needed")
    key = (await enrolled(door)).json()["id"]
    answer = await door.http.post(path, json=await proof(door, asked, key))
    assert answer.status_code == 200
    assert answer.json()["approvals"][0]["signed"]


async def test_a_signature_by_a_revoked_device_is_refused(door: Door) -> None:
    asked = await door.plane.hold(remedies=SIGNED)
    await door.sign_in("ben")
    key = (await enrolled(door)).json()["id"]
    signed = await proof(door, asked, key)
    await door.http.post(f"/v1/devices/{key}/revoke")
    answer = await door.http.post(f"/v1/requests/{asked.id}/approve", json=signed)
    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "urn:assent:problem:device-revoked",
    )


async def test_an_offer_is_shown_before_it_is_made_and_only_if_it_can_be(door: Door) -> None:
    asked = await door.asked()
    await door.sign_in("ben")
    path = f"/v1/requests/{asked.id}/offer/shown"
    answer = await door.http.post(path, json={"for_s": 1800})
    assert answer.json()["document"]["terms"]["offered"] == ["for 30 min"]
    assert (await door.http.post(path, json={"for_s": 9000})).status_code == 409
    seen = (await door.http.get(f"/v1/requests/{asked.id}")).json()
    assert seen["approvals"] == []


async def test_of_no_request_nothing_is_shown(door: Door) -> None:
    await door.sign_in("dora")
    assert (await door.http.get("/v1/requests/req_none/shown")).status_code == 404


async def test_the_page_says_how_an_assent_is_signed_and_takes_none_without(
    browser: Browser,
) -> None:
    asked = await browser.plane.hold(remedies=SIGNED)
    plain = await browser.plane.hold("DELETE FROM others")
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    assert f"assent approve {asked.id}" in page
    assert page.count('data-must-sign="yes"') == 1
    assert f'data-request="{plain.id}"' in page
    unsigned = await browser.post(f"/requests/{asked.id}/answer", verdict="approve")
    assert unsigned.status_code == 403
    assert "/account/passkeys" in unsigned.text


async def test_the_page_takes_an_assent_to_what_it_showed_and_to_nothing_else(
    browser: Browser,
) -> None:
    asked = await browser.plane.hold()
    await browser.sign_in("ben")
    found = re.search(r'name="shown" value="(sha256:\w+)"', (await browser.http.get("/")).text)
    assert found
    ana = await browser.plane.caller("ana")
    await browser.plane.requests.give_reason(ana, asked.id, "something else", "")
    path = f"/requests/{asked.id}/answer"
    stale = await browser.post(path, verdict="approve", shown=found[1])
    assert "What you were shown has changed" in stale.text
    kept = await browser.plane.store.request(asked.id)
    assert kept is not None
    assert kept.approvals == ()
    found = re.search(r'name="shown" value="(sha256:\w+)"', stale.text)
    assert found
    await browser.post(path, verdict="approve", shown=found[1])
    kept = await browser.plane.store.request(asked.id)
    assert kept is not None
    assert len(kept.approvals) == 1
