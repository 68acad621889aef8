"""`assent audit erase`, holds, pruning and keys: what is sent, what people and programs see."""

import json

import pytest

from assent.__main__ import run
from assent.cli.exit_codes import ExitCode
from unit.cli.fake_server import FakeServer, request_json

Capture = pytest.CaptureFixture[str]
HOLD = {
    "id": "hld_1",
    "subject": None,
    "because": "case 7",
    "placed_by": "carl",
    "placed_at": "2026-11-22T10:00:00Z",
    "lifted_by": None,
    "lifted_at": None,
}


def done(**told: object) -> dict[str, object]:
    return {"state": "done", "told": told, "request": None}


def test_erasing_says_what_it_did_and_what_remains(signed_in: FakeServer, capsys: Capture) -> None:
    told = done(entry="ent_1", keys=2, remains=["copies in backups"])
    signed_in.answer("POST /v1/audit/erase", 200, told)
    assert run(["audit", "erase", "--subject", "ana", "--reason", "she asked"]) == 0
    assert signed_in.asked[-1].body == {"subject": "ana", "reason": "she asked", "ticket": ""}
    out = capsys.readouterr().out
    assert "2 keys destroyed, see ent_1" in out
    assert "copies in backups" in out
    assert run(["audit", "erase", "--subject", "ana", "--reason", "she asked", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == told


def test_what_waits_for_people_names_the_request(signed_in: FakeServer, capsys: Capture) -> None:
    waiting = {"state": "waiting", "told": {}, "request": request_json()}
    signed_in.answer("POST /v1/audit/erase", 200, waiting)
    assert run(["audit", "erase", "--subject", "ana", "--reason", "x"]) == 0
    assert f"{request_json()['id']} waits" in capsys.readouterr().out


def test_a_hold_is_on_one_person_or_on_everybody(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("POST /v1/audit/holds", 200, done(hold="hld_1", stands=True))
    assert run(["audit", "hold", "--everybody", "--because", "case 7"]) == 0
    assert signed_in.asked[-1].body == {"subject": None, "because": "case 7", "ticket": ""}
    assert "hld_1 stands" in capsys.readouterr().out
    assert run(["audit", "hold", "--subject", "ana", "--because", "case 7"]) == 0
    assert signed_in.asked[-1].body["subject"] == "ana"
    for both in ([], ["--subject", "ana", "--everybody"]):
        assert run(["audit", "hold", *both, "--because", "x"]) == ExitCode.USAGE


def test_holds_are_listed_and_lifted(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/audit/holds", 200, {"items": [HOLD]})
    assert run(["audit", "holds"]) == 0
    assert "everybody" in capsys.readouterr().out
    signed_in.answer("POST /v1/audit/holds/hld_1/lift", 200, done(hold="hld_1", stands=False))
    assert run(["audit", "lift", "hld_1", "--because", "closed"]) == 0
    assert "hld_1 is lifted" in capsys.readouterr().out


def test_pruning_takes_a_day_or_a_number_of_days(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("POST /v1/audit/prune", 200, done(entry="ent_1", minimum=512, entries=256))
    assert run(["audit", "prune", "--before", "2025-01-01", "--reason", "old"]) == 0
    assert signed_in.asked[-1].body["before"] == "2025-01-01T00:00:00+00:00"
    assert "256 entries below index 512 go now" in capsys.readouterr().out
    assert run(["audit", "prune", "--keep", "400d", "--reason", "old"]) == 0
    for wrong in ([], ["--keep", "400"], ["--before", "soon"], ["--keep", "9999999d"]):
        assert run(["audit", "prune", *wrong, "--reason", "old"]) == ExitCode.USAGE


def test_keys_are_listed_and_never_their_bytes(signed_in: FakeServer, capsys: Capture) -> None:
    key = {
        "id": "dek_1",
        "master": "file:0123",
        "created_at": "2026-11-22T10:00:00Z",
        "destroyed_at": None,
    }
    signed_in.answer("GET /v1/audit/keys", 200, {"items": [key]})
    assert run(["audit", "keys", "--subject", "ana"]) == 0
    assert signed_in.asked[-1].query == "subject=ana"
    assert "dek_1" in capsys.readouterr().out
