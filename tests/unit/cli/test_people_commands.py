"""`assent people` and the code that a sign-in asks for: what people see, and what is sent."""

import json
from typing import Any

import pytest

from assent.__main__ import run
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
LINK = "https://assent.example/welcome/once"


def person_json(**changes: object) -> dict[str, Any]:
    return {
        "name": "nora",
        "display_name": "Nora",
        "kind": "human",
        "groups": ["dba"],
        "roles": ["operator", "requester"],
        "source": "local",
        "email": "",
        "time_zone": "",
        "disabled": False,
        "suspended": False,
        **changes,
    }


def test_people_are_listed_with_their_roles(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/people", 200, {"items": [person_json(disabled=True)]})
    assert run(["people", "list"]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("nora", "operator", "dba", "local", "disabled"))


def test_a_link_is_all_that_an_invitation_prints(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("POST /v1/people", 201, {"person": person_json(), "link": LINK})
    assert run(["people", "invite", "nora", "--group", "dba", "--role", "operator"]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == LINK
    assert "shown once" in printed.err


def test_a_change_of_nothing_is_a_usage_error(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["people", "change", "nora"]) == 2
    assert "--group" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "path", "said"),
    [
        (["change", "nora", "--no-groups"], "POST /v1/people/nora/change", "is changed"),
        (["disable", "nora"], "POST /v1/people/nora/disable", "is disabled"),
        (["enable", "nora"], "POST /v1/people/nora/enable", "come in again"),
        (["drop-codes", "nora"], "DELETE /v1/people/nora/second-factor", "password alone"),
    ],
)
def test_what_is_done_to_somebody_is_said(
    signed_in: FakeServer, capsys: Capture, words: list[str], path: str, said: str
) -> None:
    signed_in.answer(path, 200, person_json())
    assert run(["people", *words]) == 0
    assert said in capsys.readouterr().out
    assert run(["people", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "nora"


def test_sign_ins_of_somebody_are_ended(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("DELETE /v1/people/nora/sign-ins", 200, {"ended": 2})
    assert run(["people", "sign-out", "nora"]) == 0
    assert "2 sign-ins of nora ended" in capsys.readouterr().out
