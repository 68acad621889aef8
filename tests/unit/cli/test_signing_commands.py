"""Enrolling a device and signing with it, against a server that answers as it is told."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.__main__ import run
from assent.audit.approval_signatures import approval_message, check_signature, digest_of
from assent.cli import device_keys
from assent.cli.device_keys import DeviceKey
from unit.cli.fake_server import REQUEST_ID, FakeServer, request_json

Capture = pytest.CaptureFixture[str]
REQUEST = f"/v1/requests/{REQUEST_ID}"
ME = {"name": "ben", "display_name": "", "groups": ["dba"]}
DEVICE = {
    "id": "key_1",
    "name": "laptop",
    "kind": "ed25519",
    "public_key": "cGs=",
    "enrolled_at": "2026-11-22T10:00:00.000000Z",
    "revoked_at": None,
    "protection": "file",
    "admitted_at": None,
}


def shown_json(text: str = "delete from orders", **more: Any) -> dict[str, Any]:
    bound = {
        "details": {},
        "parameters": ["1", None],
        "salt": "salt",
        "session": "ses_1",
        "subject": "sub_ana",
        "target": "tgt_shop",
        "text": text,
        "verb": "sql.delete",
    }
    document = {
        "action": {
            "bound": bound,
            "database": "shop",
            "digest": digest_of(bound),
            "environment": "prod",
            "requester": "Ana (ana)",
            "target": "shop",
            "touches": ["sql.delete Table public.orders"],
            "understood": True,
        },
        "asked_at": "2026-11-22T10:00:00.000000Z",
        "evidence": {
            "came_from": ["psql 192.0.2.7"],
            "confidence": "12 sessions seen",
            "factors": [[62, "every row of orders"]],
            "headline": "unusual",
            "impact": ["1,000 rows"],
            "level": "high",
            "otherwise": "",
            "reason": "cleaning up",
            "score": 62,
            "ticket": "OPS-7",
            "ticket_said": "open",
            "unknown": [],
        },
        "request": REQUEST_ID,
        "terms": {
            "access": [],
            "deadline_at": "2026-11-22T10:15:00.000000Z",
            "demands": ["assent of 1 of dba, signed"],
            "messages": ["a DBA must assent"],
            "offered": [],
            "policies": ["where"],
            "revision": "sha256:00",
        },
        "version": 1,
    }
    shown = {
        "document": document,
        "digest": digest_of(document),
        "needs_signature": True,
        "can_answer": True,
    }
    return shown | more


@pytest.fixture
def enrolled(signed_in: FakeServer) -> DeviceKey:
    """A device whose key is enrolled for Ben."""
    key = replace(device_keys.make(signed_in.url, "ben", "file"), id="key_1")
    device_keys.keep(key)
    signed_in.answer("GET /v1/whoami", 200, ME)
    return key


def types(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def sent(server: FakeServer) -> list[Any]:
    return [asked.body for asked in server.asked if asked.method == "POST"]


def test_the_document_is_shown_and_exactly_it_is_signed(
    signed_in: FakeServer, enrolled: DeviceKey, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    shown = shown_json("delete from orders -- \x1b[2K")
    signed_in.answer(f"GET {REQUEST}/shown", 200, shown)
    signed_in.answer(f"POST {REQUEST}/approve", 200, request_json(unmet=[]))
    types(monkeypatch, "y")
    assert run(["approve", REQUEST_ID, "--comment", "fine"]) == 0
    said = capsys.readouterr()
    for words in ("delete from orders -- \\x1b[2K", "1,000 rows", "OPS-7", "62 of 100", "NULL"):
        assert words in said.err
    assert "\x1b" not in said.err
    assert shown["digest"] in said.err
    (body,) = sent(signed_in)
    digest = shown["document"]["action"]["digest"]
    assert (body["comment"], body["shown"]) == ("fine", shown["digest"])
    message = approval_message("approve", REQUEST_ID, digest, shown["digest"])
    signature = body["signature"]
    check_signature("ed25519", enrolled.public_key, message, signature["signature"], {})
    assert signature["key"] == "key_1"


@pytest.mark.parametrize("typed", [[], ["n"], [""]])
def test_who_does_not_say_yes_signs_nothing(
    signed_in: FakeServer, enrolled: DeviceKey, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    signed_in.answer(f"GET {REQUEST}/shown", 200, shown_json())
    types(monkeypatch, *typed)
    assert run(["approve", REQUEST_ID]) == 2
    assert sent(signed_in) == []


def test_a_server_that_shows_one_thing_and_wants_another_signed_gets_nothing(
    signed_in: FakeServer, enrolled: DeviceKey, capsys: Capture
) -> None:
    honest, other = shown_json(), shown_json("drop table orders")
    swapped = json.loads(json.dumps(honest))
    swapped["document"]["action"]["digest"] = other["document"]["action"]["digest"]
    swapped["digest"] = digest_of(swapped["document"])
    for lie in (honest | {"digest": other["digest"]}, swapped, {"digest": "x", "document": {}}):
        signed_in.answers.pop(f"GET {REQUEST}/shown", None)
        signed_in.answer(f"GET {REQUEST}/shown", 200, lie)
        assert run(["approve", REQUEST_ID, "--yes"]) == 6
        assert "nothing was signed" in capsys.readouterr().err
    assert sent(signed_in) == []


def test_what_changed_meanwhile_is_shown_and_asked_again(
    signed_in: FakeServer, enrolled: DeviceKey, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    later = shown_json("delete from orders where false")
    signed_in.answer(f"GET {REQUEST}/shown", 200, shown_json())
    signed_in.answer(f"GET {REQUEST}/shown", 200, later)
    words = "what you were shown has changed; look again: changed is the score"
    signed_in.problem(f"POST {REQUEST}/approve", 409, "shown-changed", words)
    signed_in.answer(f"POST {REQUEST}/approve", 200, request_json(unmet=[]))
    types(monkeypatch, "y", "y")
    assert run(["approve", REQUEST_ID]) == 0
    assert "changed is the score" in capsys.readouterr().err
    assert [body["shown"] for body in sent(signed_in)][-1] == later["digest"]


def test_with_yes_nothing_else_than_what_was_there_is_signed(
    signed_in: FakeServer, enrolled: DeviceKey
) -> None:
    signed_in.answer(f"GET {REQUEST}/shown", 200, shown_json())
    signed_in.problem(f"POST {REQUEST}/approve", 409, "shown-changed", "look again")
    assert run(["approve", REQUEST_ID, "--yes"]) == 5
    assert len(sent(signed_in)) == 1


def test_without_a_device_nothing_is_asked_and_a_demand_says_what_to_do(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.problem(f"POST {REQUEST}/approve", 403, "signature-needed", "it must be signed")
    assert run(["approve", REQUEST_ID]) == 3
    assert "`assent device enroll` enrols this device" in capsys.readouterr().err


def test_the_key_is_of_one_person_at_one_server(signed_in: FakeServer, enrolled: DeviceKey) -> None:
    found = device_keys.find(signed_in.url, "ben")
    assert found is not None
    assert found.public_key == enrolled.public_key
    assert device_keys.find(signed_in.url, "dora") is None
    assert device_keys.find("https://elsewhere.example", "ben") is None


def test_enrolling_asks_for_the_password_and_keeps_the_key_private(
    signed_in: FakeServer, home: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in.answer("GET /v1/whoami", 200, ME)
    begun = {"challenge": "nonce", "subject": "sub_ben", "expires_at": DEVICE["enrolled_at"]}
    signed_in.problem("POST /v1/devices/challenge", 403, "step-up-needed", "confirm")
    signed_in.answer("POST /v1/devices/challenge", 200, begun)
    signed_in.answer("POST /v1/step-up", 204, b"")
    signed_in.answer("POST /v1/devices", 201, DEVICE)
    signed_in.answer("POST /v1/devices/key_1/report/challenge", 201, begun)
    signed_in.answer("POST /v1/devices/key_1/report", 200, {})
    signed_in.answer("GET /v1/devices/known", 200, {"admission": "administrator", "items": []})
    types(monkeypatch, "secret words")
    assert run(["device", "enroll", "--name", "laptop", "--protection", "file"]) == 0
    assert "key_1: `laptop` signs for ben now" in capsys.readouterr().out
    file = home / "device-keys.json"
    assert file.stat().st_mode & 0o777 == 0o600
    (kept,) = json.loads(file.read_text())
    assert kept["seed"] not in json.dumps(sent(signed_in))
    signed_in.answer("GET /v1/devices", 200, {"items": [DEVICE]})
    assert run(["devices", "enroll"]) == 5
    assert "signs for `ben` already" in capsys.readouterr().err


def test_a_file_of_keys_that_others_can_read_is_not_used(
    signed_in: FakeServer, enrolled: DeviceKey, home: Path, capsys: Capture
) -> None:
    (home / "device-keys.json").chmod(0o644)
    assert run(["approve", REQUEST_ID]) == 7
    assert "can be read by others" in capsys.readouterr().err
    (home / "device-keys.json").chmod(0o600)
    (home / "device-keys.json").write_text("{}")
    assert run(["approve", REQUEST_ID]) == 7
    assert "is not what `assent device enroll` wrote" in capsys.readouterr().err


def test_devices_are_listed_and_revoked(
    signed_in: FakeServer, enrolled: DeviceKey, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/devices", 200, {"items": [DEVICE]})
    signed_in.answer("POST /v1/devices/key_1/revoke", 200, DEVICE)
    assert run(["devices", "list"]) == 0
    assert "signs, on this device" in capsys.readouterr().out
    assert run(["devices", "revoke", "key_1"]) == 0
    assert device_keys.find(signed_in.url, "ben") is None


def test_an_offer_is_signed_where_it_must_be(
    signed_in: FakeServer, enrolled: DeviceKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = request_json(kind="access", terms={"words": []})
    offered["approvals"] = [{"terms": {"words": ["read-only"]}}]
    signed_in.answer(f"POST {REQUEST}/offer/shown", 200, shown_json())
    signed_in.answer(f"POST {REQUEST}/offer", 200, offered)
    types(monkeypatch, "y")
    assert run(["offer", REQUEST_ID, "--read-only"]) == 0
    assert sent(signed_in)[-1]["signature"]["key"] == "key_1"
