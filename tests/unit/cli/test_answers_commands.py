"""The commands of answers beside yes and no, against a server that answers as it is told."""

import os
import pty
import sys
from datetime import datetime
from typing import Any

import pytest

from assent.__main__ import run
from assent.cli import keys
from unit.cli.fake_server import GRANT_ID, REQUEST_ID, FakeServer, request_json

Capture = pytest.CaptureFixture[str]
REQUEST = f"/v1/requests/{REQUEST_ID}"


def terms(*words: str) -> dict[str, Any]:
    return {"words": list(words)}


def offer_json(**more: Any) -> dict[str, Any]:
    return {
        "id": "apr_1",
        "approver": "ben",
        "verdict": "offer",
        "rejected_as": None,
        "comment": "enough for that",
        "at": "2026-11-22T10:00:00.000000Z",
        "terms": terms("for 30 min", "read-only"),
        "acceptable": True,
        "counts": False,
        "by_requester": False,
        "in_place_of": None,
        "signed": False,
        "withdrawn_at": None,
    } | more


def access_json(**more: Any) -> dict[str, Any]:
    return request_json(kind="access", terms=terms("for 2 h", "only sql.read"), **more)


def test_an_offer_sends_only_what_it_names(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(f"POST {REQUEST}/offer", 200, access_json(approvals=[offer_json()]))
    words = ["--for", "30m", "--read-only", "--tables", "public.orders, sales.*"]
    assert run(["offer", REQUEST_ID, *words, "--budget", "writes 5, rows 1000"]) == 0
    assert signed_in.asked[0].body == {
        "comment": "",
        "read_only": True,
        "for_s": 1800,
        "resources": ["public.orders", "sales.*"],
        "verbs": [],
        "budget": {"writes": 5, "rows": 1000},
    }
    assert "for 30 min, read-only" in capsys.readouterr().out


@pytest.mark.parametrize("budget", ["cows 3", "writes", "writes 1, writes 2"])
def test_a_budget_that_makes_no_sense_is_a_usage_error(
    signed_in: FakeServer, capsys: Capture, budget: str
) -> None:
    assert run(["offer", REQUEST_ID, "--budget", budget]) == 2
    assert signed_in.asked == []
    assert "write `writes 5, rows 1000`" in capsys.readouterr().err


def test_an_accepted_offer_says_what_comes_next(signed_in: FakeServer, capsys: Capture) -> None:
    done = access_json(state="completed", unmet=[])
    signed_in.answer(f"POST {REQUEST}/accept", 200, done)
    assert run(["accept", REQUEST_ID, "--offer", "apr_1"]) == 0
    assert signed_in.asked[0].body == {"offer": "apr_1"}
    assert "assent connect shop" in capsys.readouterr().out


def test_what_is_still_missing_after_an_offer_is_said(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer(f"POST {REQUEST}/accept", 200, access_json(unmet=["assent of 1 of dba"]))
    assert run(["accept", REQUEST_ID]) == 0
    assert "still missing: assent of 1 of dba" in capsys.readouterr().out


def test_a_comment_and_a_withdrawn_assent_are_sent(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(f"POST {REQUEST}/comment", 200, access_json())
    signed_in.answer(f"POST {REQUEST}/retract", 200, access_json(grant=GRANT_ID))
    assert run(["comment", REQUEST_ID, "which ticket?"]) == 0
    assert signed_in.asked[0].body == {"text": "which ticket?"}
    assert run(["retract", REQUEST_ID]) == 0
    assert "withdrawn: your assent" in capsys.readouterr().out


def test_show_tells_offers_marks_and_comments(signed_in: FakeServer, capsys: Capture) -> None:
    given = {"verdict": "approve", "terms": None, "acceptable": False}
    answers = [
        offer_json(),
        offer_json(**given, approver="dora", in_place_of="carl"),
        offer_json(**given, approver="ana", by_requester=True, counts=True),
        offer_json(**given, approver="eve", withdrawn_at="2026-11-22T10:00:00.000000Z"),
    ]
    said = [{"by": "ben", "at": "2026-11-22T10:00:00.000000Z", "text": "which ticket?"}]
    signed_in.answer(f"GET {REQUEST}", 200, access_json(approvals=answers, comments=said))
    assert run(["show", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    for words in (
        "only sql.read",
        "ben offers less (for 30 min, read-only)",
        "dora assents in place of carl",
        "does not count",
        "approved by the requester themself, as policy lets",
        "withdrawn at",
        "which ticket?",
    ):
        assert words in out, words


def test_who_waits_is_told_of_an_offer_and_how_to_take_it(
    signed_in: FakeServer, capsys: Capture
) -> None:
    asked = access_json()
    signed_in.answer("POST /v1/requests", 201, asked)
    signed_in.answer(f"GET {REQUEST}", 200, asked | {"approvals": [offer_json()]})
    signed_in.answer(f"GET {REQUEST}", 200, asked | {"state": "completed", "unmet": []})
    assert run(["request", "shop", "--wait"]) == 0
    err = capsys.readouterr().err
    assert "ben offers: for 30 min, read-only" in err
    assert f"assent accept {REQUEST_ID} --offer apr_1" in err


def test_one_key_takes_the_offer(
    signed_in: FakeServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = access_json()
    offered = asked | {"approvals": [offer_json()]}
    signed_in.answer("POST /v1/requests", 201, asked)
    signed_in.answer(f"GET {REQUEST}", 200, offered)
    taken = asked | {"state": "completed", "unmet": []}
    signed_in.answer(f"POST {REQUEST}/accept", 200, taken)
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        os.write(master, b"xa")
        assert run(["request", "shop", "--wait"]) == 0
    os.close(master)
    assert signed_in.asked[-1].body == {"offer": "apr_1"}
    assert "press `a` to accept" in capsys.readouterr().err


def test_without_a_terminal_no_key_is_ever_pressed() -> None:
    with open(os.devnull) as nothing:
        before, sys.stdin = sys.stdin, nothing
        try:
            with keys.Keys() as found:
                assert not found.readable
                assert found.pressed() == ""
        finally:
            sys.stdin = before


def test_a_delegation_is_written_as_a_sentence(signed_in: FakeServer, capsys: Capture) -> None:
    done = request_json(kind="action", state="completed", grant=GRANT_ID)
    signed_in.answer("POST /v1/delegations", 201, done)
    words = ["delegate", "dba", "to", "carl", "for", "3d", "--reason", "holiday"]
    assert run(words) == 0
    assert signed_in.asked[0].body == {
        "group": "dba",
        "to": "carl",
        "for_s": 3 * 86400,
        "reason": "holiday",
    }
    assert f"carl answers for dba in your place now: {GRANT_ID}" in capsys.readouterr().out
    assert run(["delegate", "dba", "carl"]) == 2


def test_somebody_who_is_away_delegates_with_it(signed_in: FakeServer, capsys: Capture) -> None:
    until = "2126-08-01T00:00:00.000000Z"
    signed_in.answer("POST /v1/absence", 200, {"away": True, "until": until})
    done = request_json(kind="action", state="completed", grant=GRANT_ID)
    signed_in.answer("POST /v1/delegations", 201, done)
    words = ["away", "until", "2126-08-01", "--delegate-to", "carl", "--group", "dba"]
    assert run(words) == 0
    sent = datetime.fromisoformat(signed_in.asked[0].body["until"])
    assert sent == datetime(2126, 8, 1).astimezone()
    assert signed_in.asked[1].body["to"] == "carl"
    assert "you are away until" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["away", "soon"], ["away"], ["away", "3d", "--delegate-to", "carl"]]
)
def test_an_absence_that_makes_no_sense_is_a_usage_error(
    signed_in: FakeServer, words: list[str]
) -> None:
    assert run(words) == 2
    assert signed_in.asked == []


def test_coming_back_and_the_list_of_delegations(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("DELETE /v1/absence", 200, {"away": False, "until": None})
    one = {
        "id": GRANT_ID,
        "group": "dba",
        "by": "ben",
        "to": "carl",
        "starts_at": "2026-11-22T10:00:00.000000Z",
        "ends_at": "2026-11-23T10:00:00.000000Z",
        "reason": "holiday",
    }
    signed_in.answer("GET /v1/delegations", 200, {"items": [one]})
    assert run(["back"]) == 0
    assert run(["delegations"]) == 0
    out = capsys.readouterr().out
    assert "you are back" in out
    assert GRANT_ID in out
