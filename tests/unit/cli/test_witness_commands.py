"""A witness made and looked at, receipts written, and how the log stands, at the command line."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from assent.__main__ import run
from assent.audit.cosignature import parse_cosigner
from unit.cli.fake_server import REQUEST_ID, FakeServer, request_json
from unit.witnesses.witness_builders import AWitness, a_submission

Capture = pytest.CaptureFixture[str]
RECEIPT = {
    "entry": "ent_1",
    "kind": "decision",
    "index": 3,
    "size": 9,
    "proof": "c2sp.org/tlog-proof@v1\n",
    "leaf": b64encode(b"{}").decode(),
    "witnesses": ["witness.example/w1"],
}
KEYS = ["assent.example/audit+00000000+AAAA"]


def test_a_witness_is_made_with_a_key_to_hand_on(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "w"
    assert run(["witness", "init", str(folder), "--name", "witness.example/w1"]) == 0
    assert parse_cosigner(capsys.readouterr().out.strip()).name == "witness.example/w1"
    assert run(["witness", "init", str(folder), "--name", "witness.example/w1"]) == 7
    assert "not empty" in capsys.readouterr().err


def test_a_witness_may_have_a_key_for_the_time_after_quantum_computers(
    tmp_path: Path, capsys: Capture
) -> None:
    asked = ["witness", "init", str(tmp_path / "w"), "--name", "w", "--kind", "ml-dsa-44", "--json"]
    assert run(asked) == 0
    assert len(parse_cosigner(json.loads(capsys.readouterr().out)["key"]).public_key) == 1312


def test_the_status_of_a_witness_says_what_it_cosigned_and_what_was_forked(
    tmp_path: Path, capsys: Capture
) -> None:
    a = AWitness(tmp_path / "w")
    assert run(["witness", "status", str(tmp_path / "w")]) == 0
    assert "nothing was cosigned yet" in capsys.readouterr().out
    a.ask(a_submission(0, 5))
    a.ask(a_submission(5, 5, "forged"))
    assert run(["witness", "status", str(tmp_path / "w"), "--json"]) == 7
    told = json.loads(capsys.readouterr().out)
    assert [(one["origin"], one["size"]) for one in told["logs"]] == [("assent.example/audit", 5)]
    assert told["evidence"][0].startswith("fork-")
    assert run(["witness", "status", str(tmp_path / "w")]) == 7
    assert "evidence" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "nowhere", "--log", "x"], "host:port"),
        (["--listen", "127.0.0.1:0", "--log", "nonsense"], "public key"),
    ],
)
def test_a_witness_that_could_not_serve_says_why(
    tmp_path: Path, capsys: Capture, arguments: list[str], words: str
) -> None:
    AWitness(tmp_path / "w")
    assert run(["witness", "serve", str(tmp_path / "w"), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_receipt_is_two_files(signed_in: FakeServer, tmp_path: Path, capsys: Capture) -> None:
    answer = {"receipts": [RECEIPT], "keys": KEYS}
    signed_in.answer("GET /v1/audit/receipts/req_1", 200, answer)
    assert run(["receipt", "req_1", "--out", str(tmp_path / "kept")]) == 0
    assert (tmp_path / "kept" / "ent_1.tlog-proof").read_text() == RECEIPT["proof"]
    assert (tmp_path / "kept" / "ent_1.leaf").read_bytes() == b"{}"
    told = capsys.readouterr()
    assert "witness.example/w1" in told.out
    assert KEYS[0] in told.err
    assert run(["receipt", "req_1", "--out", str(tmp_path / "kept"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"]


@pytest.mark.parametrize("change", [{"entry": "../evil"}, {"leaf": "no base64!"}])
def test_a_receipt_that_a_server_made_up_is_not_written(
    signed_in: FakeServer, tmp_path: Path, change: dict[str, Any]
) -> None:
    answer = {"receipts": [{**RECEIPT, **change}], "keys": []}
    signed_in.answer("GET /v1/audit/receipts/ent_1", 200, answer)
    assert run(["receipt", "ent_1", "--out", str(tmp_path / "kept")]) == 6
    assert not (tmp_path / "evil.tlog-proof").exists()


def test_nobody_waits_for_ever(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["receipt", "ent_1", "--wait", "61"]) == 2
    assert "0 to 60" in capsys.readouterr().err


def a_status(**changes: Any) -> dict[str, Any]:
    observer = {
        "name": "witness.example/w1",
        "kind": "witness",
        "size": 9,
        "at": "2026-03-04T11:57:00.000000Z",
        "problem": "",
        "disputed": False,
    }
    return {
        "at": "2026-03-04T12:00:00.000000Z",
        "keys": KEYS,
        "size": 12,
        "signed_at": "2026-03-04T11:59:58.000000Z",
        "checkpoint": "note",
        "minimum": 0,
        "holds": 1,
        "observers": [{**observer, **changes}],
        "checks": [{"name": "observed", "how": "warn", "says": "old", "to_do": "look"}],
        "anchors": [],
    }


def test_the_status_of_the_log_says_who_saw_it_and_when(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/audit/status", 200, a_status())
    assert run(["audit", "status"]) == 0
    told = capsys.readouterr().out
    assert "12, signed 2 s ago" in told
    assert "3 min ago" in told
    assert "WARN  observed: old" in told


def test_the_status_of_a_log_that_is_disputed_is_a_failure(
    signed_in: FakeServer, capsys: Capture
) -> None:
    disputed = a_status(disputed=True, problem="it answers 422", at=None, size=None)
    signed_in.answer("GET /v1/audit/status", 200, disputed)
    assert run(["audit", "status"]) == 7
    assert "it answers 422" in capsys.readouterr().out
    assert run(["audit", "status", "--json"]) == 7


def test_a_key_that_was_rotated_is_to_be_handed_on(signed_in: FakeServer, capsys: Capture) -> None:
    answer = {"state": "done", "old": "old", "new": "new", "size": 7, "request": None}
    signed_in.answer("POST /v1/audit/rotate-key", 200, answer)
    assert run(["audit", "rotate-key", "--reason", "every year"]) == 0
    assert signed_in.asked[-1].body == {"reason": "every year", "ticket": ""}
    assert "give the new key to your witnesses" in capsys.readouterr().out


def test_a_rotation_may_need_others(signed_in: FakeServer, capsys: Capture) -> None:
    answer = {"state": "waiting", "old": "", "new": "", "size": None, "request": request_json()}
    signed_in.answer("POST /v1/audit/rotate-key", 202, answer)
    assert run(["audit", "rotate-key"]) == 0
    assert REQUEST_ID in capsys.readouterr().out
