"""The commands of break-glass and reviews, against a server that answers as it is told."""

import json
from typing import Any

import pytest

from assent.__main__ import run
from unit.cli.fake_server import REQUEST_ID, FakeServer, request_json

Capture = pytest.CaptureFixture[str]
REVIEW = {
    "id": "rev_1",
    "state": "open",
    "subject": {"name": "ana", "display_name": "Ana Alvarez"},
    "target": "shop",
    "grant": "grt_1",
    "group": "security|dba",
    "reason": "orders are stuck",
    "opened_at": "2026-11-22T10:00:00.000000Z",
    "due_at": "2026-11-23T10:00:00.000000Z",
    "verdict": None,
    "comment": "",
    "closed_by": None,
    "closed_at": None,
    "can_close": True,
    "reviewers": ["carl", "dora"],
    "link": "http://assent.test/reviews/rev_1",
}
SESSION = {
    "id": "ses_1",
    "application": "psql",
    "client_address": "192.0.2.1",
    "actions": 4,
    "refused": 1,
}
OPENED = {
    "host": "gate.test",
    "port": 6432,
    "user": "ana",
    "password": "s3cret",
    "database": "shop",
    "expires_at": "2026-11-22T10:05:00.000000Z",
    "connections": 1,
    "grant": {"id": "grt_1", "target": "shop", "ends_at": "2026-11-22T10:30:00.000000Z"},
}
WHY = ["--reason", "orders are stuck since noon"]


def review_json(**more: Any) -> dict[str, Any]:
    return REVIEW | more


def test_breaking_the_glass_prints_how_to_connect_and_who_reviews_it(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("POST /v1/break-glass", 201, OPENED | {"reviews": [review_json()]})
    assert run(["break-glass", "shop", *WHY, "--for", "10m"]) == 0
    assert signed_in.asked[0].body == {
        "target": "shop",
        "reason": "orders are stuck since noon",
        "ticket": "",
        "connections": 1,
        "for_s": 600,
    }
    said = capsys.readouterr()
    assert "PGPASSWORD=s3cret psql" in said.out
    assert "to be reviewed by security or dba until" in said.err
    assert "everything is recorded" in said.err


def test_it_says_why_or_nothing_is_sent(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["break-glass", "shop", "--reason", "help"]) == 2
    assert signed_in.asked == []
    assert "10 characters" in capsys.readouterr().err


def test_where_something_is_asked_first_it_waits_and_does_not_break_it_twice(
    signed_in: FakeServer, capsys: Capture
) -> None:
    asked = request_json(state="pending")
    signed_in.answer("POST /v1/break-glass", 202, {"request": asked})
    signed_in.answer(f"GET /v1/requests/{REQUEST_ID}", 200, request_json(state="completed"))
    signed_in.answer("POST /v1/connect", 201, OPENED)
    assert run(["break-glass", "shop", *WHY]) == 0
    assert [one.method for one in signed_in.asked] == ["POST", "GET", "POST"]
    assert "PGPASSWORD" in capsys.readouterr().out


def test_reviews_are_listed_with_what_comes_next(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/reviews", 200, {"items": [review_json()]})
    assert run(["reviews"]) == 0
    said = capsys.readouterr()
    assert "rev_1" in said.out
    assert "assent review REVIEW" in said.err
    assert run(["reviews", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["id"] == "rev_1"


def test_a_review_shows_what_was_done(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/reviews/rev_1", 200, review_json(sessions=[SESSION]))
    assert run(["review", "rev_1"]) == 0
    said = capsys.readouterr()
    assert "ses_1: 4 actions, 1 refused or held first (psql from 192.0.2.1)" in said.out
    assert "--justified|--not-justified" in said.err


def test_a_review_is_closed_with_what_was_found(signed_in: FakeServer, capsys: Capture) -> None:
    closed = review_json(state="closed", verdict="not-justified", closed_by="carl")
    signed_in.answer("POST /v1/reviews/rev_1/close", 200, closed)
    assert run(["review", "rev_1", "--not-justified", "--comment", "it could wait"]) == 0
    assert signed_in.asked[0].body == {"verdict": "not-justified", "comment": "it could wait"}
    assert capsys.readouterr().out == "closed as not-justified: rev_1 of ana\n"


@pytest.mark.parametrize(
    "words",
    [["--justified", "--not-justified", "--comment", "x"], ["--justified"], ["--not-justified"]],
)
def test_a_verdict_is_one_and_has_words(signed_in: FakeServer, words: list[str]) -> None:
    assert run(["review", "rev_1", *words]) == 2
    assert signed_in.asked == []
