"""`assent labels`: what people see, what programs read, and how it ends."""

import json
from typing import Any

import pytest

from assent.__main__ import run
from assent.cli import labels
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
PATH = "/v1/targets/shop/labels"


def label_json(**changes: object) -> dict[str, Any]:
    return {
        "name": "public.customers.email",
        "label": "pii.email",
        "state": "suggested",
        "source": "scan",
        "matched": 190,
        "sampled": 200,
        "at": "2026-11-21T12:00:00Z",
        "by": "ben",
        **changes,
    }


def scan_json(**changes: object) -> dict[str, Any]:
    return {
        "state": "running",
        "tables": 3,
        "tables_done": 1,
        "columns": 4,
        "left_out": 0,
        "suggested": 1,
        "words": "",
        **changes,
    }


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_LOOK_EVERY_S", 0)


def test_nothing_labelled_yet_says_what_to_do(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(f"GET {PATH}", 200, {"items": []})
    assert run(["labels", "list", "shop"]) == 0
    assert "assent labels scan shop" in capsys.readouterr().out


def test_labels_are_listed_with_what_they_rest_on(signed_in: FakeServer, capsys: Capture) -> None:
    hand = label_json(
        name="shop", label="prod", state="approved", source="hand", matched=0, sampled=0,
        at=None, by=None,
    )  # fmt: skip
    signed_in.answer(f"GET {PATH}", 200, {"items": [label_json(), hand]})
    assert run(["labels", "list", "shop"]) == 0
    printed = capsys.readouterr()
    assert "190 of 200" in printed.out
    assert "hand" in printed.out
    assert "assent labels approve shop NAME LABEL" in printed.err
    assert run(["labels", "list", "shop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": [label_json(), hand]}


def test_a_scan_is_waited_for_and_shows_what_it_found(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer(f"POST {PATH}/scan", 202, scan_json(tables=0))
    signed_in.answer(f"GET {PATH}/scan", 200, scan_json())
    done = scan_json(state="done", tables_done=3, left_out=1)
    signed_in.answer(f"GET {PATH}/scan", 200, done)
    signed_in.answer(f"GET {PATH}", 200, {"items": [label_json()]})
    assert run(["labels", "scan", "shop", "--sample", "50"]) == 0
    assert signed_in.asked[0].body == {"sample": 50}
    out = capsys.readouterr().out
    assert "looked at 4 columns of 3 tables: 1 new suggestion" in out
    assert "left out: 1 table" in out
    assert "public.customers.email" in out
    assert run(["labels", "scan", "shop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == done


def test_a_scan_that_ends_early_says_why(signed_in: FakeServer, capsys: Capture) -> None:
    failed = scan_json(state="failed", words="target `shop` went away")
    signed_in.answer(f"POST {PATH}/scan", 202, failed)
    assert run(["labels", "scan", "shop"]) == 6
    assert "the scan ended early: target `shop` went away" in capsys.readouterr().err


def test_a_suggestion_is_approved_and_rejected(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(f"POST {PATH}/approve", 200, label_json(state="approved"))
    signed_in.answer(f"POST {PATH}/reject", 200, label_json(state="rejected"))
    named = ["shop", "public.customers.email", "pii.email"]
    assert run(["labels", "approve", *named]) == 0
    assert signed_in.asked[-1].body == {"name": "public.customers.email", "label": "pii.email"}
    assert capsys.readouterr().out == "approved: public.customers.email is pii.email\n"
    assert run(["labels", "reject", *named]) == 0
    assert capsys.readouterr().out == "rejected: public.customers.email is not pii.email\n"
    assert run(["labels", "reject", *named, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "rejected"


def test_who_may_not_is_told_who_may(signed_in: FakeServer, capsys: Capture) -> None:
    words = "only an owner of `shop` may: `dba`"
    signed_in.problem(f"POST {PATH}/approve", 403, "not-yours", words)
    assert run(["labels", "approve", "shop", "a.b.c", "pii"]) == 3
    assert words in capsys.readouterr().err
