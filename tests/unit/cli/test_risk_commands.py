"""`assent risk`, and the risk in what an approver reads: text, JSON, exit codes."""

import json
import re
from typing import Any

import pytest

from assent.__main__ import run
from unit.cli.fake_server import REQUEST_ID, SESSION_ID, FakeServer, request_json

Capture = pytest.CaptureFixture[str]
ACTION = "act_aaaaaaaaaaaaaaaaaaaaaaaaaa"
EXPLAIN = f"GET /v1/risk/explain/{ACTION}"
REQUEST = f"/v1/requests/{REQUEST_ID}"
HOSTILE = "DBeaver\x1b[2K\r\u202eharmless"


def factor_json(points: int, reason: str, **more: Any) -> dict[str, Any]:
    content = {"name": "f", "points": points, "reason": reason, "status": "observed"}
    return content | {"at": None, "source": ""} | more


def explained_json(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "action": ACTION,
        "entry": "ent_1",
        "at": "2026-11-22T10:00:00.000000Z",
        "subject": "ana",
        "target": "shop",
        "verb": "sql.delete",
        "outcome": "deny",
        "risk": {
            "score": 55,
            "level": "medium",
            "headline": "this looks like somebody else with this person's password",
            "attacker": "naive",
            "confidence": "medium",
            "confidence_because": "12 sessions seen in 9 days: medium confidence",
            "otherwise": "on a network that ana uses: 21 instead of 55 (low)",
            "factors": [
                factor_json(38, "no WHERE"),
                factor_json(
                    25, "198.51.100.7 was never seen", source="network files",
                    at="2026-11-22T07:00:00.000000Z",
                ),
                factor_json(-8, "psql is usual", source="what was learned"),
            ],
            "unknown": ["the session is bound to no enrolled device"],
        },
        "replayed_score": 55,
        "replayed_same": True,
    }  # fmt: skip
    return content | changes


def profile_json(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "person": "ana",
        "groups": ["engineers", "oncall"],
        "sessions": 12,
        "days": 9,
        "lessons": 14,
        "first_at": "2026-11-01T10:00:00.000000Z",
        "last_at": "2026-11-21T10:00:00.000000Z",
        "confidence": "medium",
        "confidence_because": "12 sessions seen in 9 days: medium confidence",
        "dimensions": [
            {
                "name": "client",
                "values": [
                    {"value": "psql", "times": 9.0, "percent": 75.0},
                    {"value": "DBeaver", "times": 3.0, "percent": 25.0},
                ],
            },
            {"name": "hour", "values": [{"value": "Tue 14", "times": 0.1, "percent": 0.4}]},
        ],
    }
    return content | changes


def test_a_score_is_told_with_every_factor_its_age_and_its_source(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer(EXPLAIN, 200, explained_json())
    assert run(["risk", "explain", ACTION]) == 0
    out = capsys.readouterr().out
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0].startswith("ana, sql.delete on shop, ")
    assert lines[0].endswith(": risk 55 of 100, medium")
    assert lines[1] == (
        "this looks like somebody else with this person's password "
        "(12 sessions seen in 9 days: medium confidence)"
    )
    points = [int(found[1]) for line in lines if (found := re.match(r" *([+-]\d+) +[█░]", line))]
    assert points == [38, 25, -8]
    assert sum(points) == 55
    network = next(line for line in lines if "198.51.100.7" in line)
    assert re.search(r"█{6} +198.51.100.7 was never seen +network files, .*\d\d:\d\d", network)
    assert re.search(r"-8 +░░ +psql is usual +what was learned *$", out, re.MULTILINE)
    assert "what would have lowered it: on a network that ana uses: 21 instead of 55 (low)" in lines
    assert "not known: the session is bound to no enrolled device" in lines
    assert lines[-1] == "assessed anew from the evidence in entry ent_1: the same score"


def test_a_score_that_comes_out_otherwise_is_told(signed_in: FakeServer, capsys: Capture) -> None:
    answer = explained_json(replayed_score=12, replayed_same=False)
    signed_in.answer(EXPLAIN, 200, answer)
    assert run(["risk", "explain", ACTION]) == 0
    assert "in entry ent_1: 12, not that" in capsys.readouterr().out


def test_a_score_that_comes_out_the_same_of_other_factors_is_told(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer(EXPLAIN, 200, explained_json(replayed_same=False))
    assert run(["risk", "explain", ACTION]) == 0
    out = capsys.readouterr().out
    assert "in entry ent_1: 55 as well, but not of the same factors" in out


def test_a_score_of_nothing_is_told_in_a_sentence(signed_in: FakeServer, capsys: Capture) -> None:
    nothing = {"score": 0, "level": "low", "factors": [], "otherwise": "", "unknown": []}
    answer = explained_json(risk=explained_json()["risk"] | nothing, target=None)
    signed_in.answer(EXPLAIN, 200, answer | {"replayed_score": 0})
    assert run(["risk", "explain", ACTION]) == 0
    out = capsys.readouterr().out
    assert "nothing speaks for or against it" in out
    assert "lowered" not in out
    assert "not known" not in out
    assert " on " not in out.splitlines()[0]


@pytest.mark.parametrize(
    ("command", "call", "answer"),
    [
        (["explain", ACTION], EXPLAIN, explained_json()),
        (["profile", "ana"], "GET /v1/risk/profiles/ana", profile_json()),
        (["forget", "ana", "--yes"], "DELETE /v1/risk/profiles/ana", {"person": "ana"}),
        (
            ["disown", SESSION_ID],
            f"POST /v1/risk/sessions/{SESSION_ID}/disown",
            {"session": SESSION_ID, "unlearned": 2},
        ),
    ],
)
def test_with_json_the_answer_of_the_api_is_printed_as_it_is(
    signed_in: FakeServer, capsys: Capture, command: list[str], call: str, answer: dict[str, Any]
) -> None:
    signed_in.answer(call, 200, answer)
    assert run(["risk", *command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == answer
    assert f"{signed_in.asked[0].method} {signed_in.asked[0].path}" == call
    assert signed_in.asked[0].authorization == "Bearer tok"


@pytest.mark.parametrize(
    ("command", "call"),
    [
        (["explain", ACTION], EXPLAIN),
        (["profile", "ana"], "GET /v1/risk/profiles/ana"),
        (["forget", "ana", "--yes"], "DELETE /v1/risk/profiles/ana"),
        (["disown", SESSION_ID], f"POST /v1/risk/sessions/{SESSION_ID}/disown"),
    ],
)
@pytest.mark.parametrize(("status", "code"), [(401, 8), (403, 3), (404, 4), (409, 5), (503, 6)])
def test_each_problem_ends_a_risk_command_with_its_exit_code(
    signed_in: FakeServer, capsys: Capture, command: list[str], call: str, status: int, code: int
) -> None:
    signed_in.problem(call, status, "some-code", "the sentence of the server")
    assert run(["risk", *command]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the sentence of the server" in captured.err


def test_a_profile_says_from_how_much_and_draws_what_is_usual(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/risk/profiles/ana", 200, profile_json())
    assert run(["risk", "profile", "ana"]) == 0
    out = capsys.readouterr().out
    assert "peers        engineers, oncall\n" in out
    assert "known from   12 sessions seen in 9 days: medium confidence\n" in out
    assert re.search(r"^client +█{18} +75 % +psql", out, re.MULTILINE)
    assert re.search(r"^ +█{6} +25 % +DBeaver", out, re.MULTILINE)
    assert re.search(r"^hour +█ +0 % +Tue 14", out, re.MULTILINE)


def test_an_empty_profile_teaches_how_it_fills(signed_in: FakeServer, capsys: Capture) -> None:
    answer = profile_json(dimensions=[], first_at=None, last_at=None, sessions=0, lessons=0)
    signed_in.answer("GET /v1/risk/profiles/ana", 200, answer)
    assert run(["risk", "profile", "ana"]) == 0
    out = capsys.readouterr().out
    assert "nothing was learned of them yet; it is, from sessions that end well" in out
    assert "first, last" not in out


def test_forgetting_wants_to_be_meant(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["risk", "forget", "ana"]) == 2
    assert "assent risk forget ana --yes" in capsys.readouterr().err
    assert signed_in.asked == []
    signed_in.answer("DELETE /v1/risk/profiles/ana", 200, {"person": "ana"})
    assert run(["risk", "forget", "ana", "--yes"]) == 0
    assert capsys.readouterr().out == "forgotten: ana\n"


@pytest.mark.parametrize(("taken", "words"), [(1, "1 lesson taken back"), (0, "0 lessons taken")])
def test_what_was_not_me_says_what_to_do_next(
    signed_in: FakeServer, capsys: Capture, taken: int, words: str
) -> None:
    answer = {"session": SESSION_ID, "unlearned": taken}
    signed_in.answer(f"POST /v1/risk/sessions/{SESSION_ID}/disown", 200, answer)
    assert run(["risk", "disown", SESSION_ID]) == 0
    out = capsys.readouterr().out
    assert words in out
    assert "change the password" in out
    assert f"assent sessions show {SESSION_ID}" in out


def test_a_name_cannot_leave_its_place_in_the_path(signed_in: FakeServer) -> None:
    assert run(["risk", "forget", "../profiles/ben?x=1", "--yes"]) == 4
    assert signed_in.asked[0].path == "/v1/risk/profiles/..%2Fprofiles%2Fben%3Fx%3D1"


def test_what_others_named_does_not_reach_the_terminal_as_it_is(
    signed_in: FakeServer, capsys: Capture
) -> None:
    risk = explained_json()["risk"] | {
        "headline": HOSTILE,
        "otherwise": HOSTILE,
        "unknown": [HOSTILE],
        "factors": [factor_json(55, HOSTILE, source=HOSTILE)],
    }
    signed_in.answer(EXPLAIN, 200, explained_json(subject=HOSTILE, risk=risk))
    values = [{"value": HOSTILE, "times": 1.0, "percent": 100.0}]
    usual = profile_json(dimensions=[{"name": "client", "values": values}])
    signed_in.answer("GET /v1/risk/profiles/ana", 200, usual)
    assert run(["risk", "explain", ACTION]) == 0
    assert run(["risk", "profile", "ana"]) == 0
    out = capsys.readouterr().out
    assert out.count("\\x1b[2K\\x0d\\u202eharmless") == 7
    assert not {"\x1b", "\r", "\u202e"} & set(out)


def test_without_colour_nothing_but_text_is_printed(
    signed_in: FakeServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    signed_in.answer(EXPLAIN, 200, explained_json())
    signed_in.answer("GET /v1/risk/profiles/ana", 200, profile_json())
    assert run(["risk", "explain", ACTION]) == 0
    assert run(["risk", "profile", "ana"]) == 0
    out = capsys.readouterr().out
    assert not re.search(r"\x1b\[[\d;]*3[0-7]", out)


def test_an_approver_reads_all_that_the_score_consists_of(
    signed_in: FakeServer, capsys: Capture
) -> None:
    given = {"approver": "dora", "comment": "", "at": "2026-11-22T10:00:00Z"}
    answers = [
        given | {"verdict": "reject", "rejected_as": "suspicious"},
        given | {"verdict": "reject", "rejected_as": "not-needed"},
        given | {"verdict": "reject", "rejected_as": None},
        given | {"verdict": "approve", "rejected_as": None},
    ]
    shown = request_json(risk=explained_json()["risk"], approvals=answers)
    signed_in.answer(f"GET {REQUEST}", 200, shown)
    assert run(["show", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    for words in (
        "55 of 100, medium: this looks like somebody else with this person's password",
        " +38  no WHERE",
        "  -8  psql is usual",
        "on a network that ana uses: 21 instead of 55 (low)",
        "not known: the session is bound to no enrolled device",
        "12 sessions seen in 9 days: medium confidence",
        "dora rejects as suspicious at ",
        "dora rejects as not needed at ",
        "dora rejects at ",
        "dora assents at ",
    ):
        assert words in out, words


@pytest.mark.parametrize(
    ("option", "sent"),
    [([], None), (["--suspicious"], "suspicious"), (["--not-needed"], "not-needed")],
)
def test_a_rejection_says_why_where_one_wants_to(
    signed_in: FakeServer, option: list[str], sent: str | None
) -> None:
    signed_in.answer(f"POST {REQUEST}/reject", 200, request_json(unmet=[]))
    assert run(["reject", REQUEST_ID, *option]) == 0
    assert signed_in.asked[0].body == {"comment": "", "rejected_as": sent}


def test_a_rejection_is_not_for_two_reasons_and_an_assent_for_none(
    signed_in: FakeServer, capsys: Capture
) -> None:
    assert run(["reject", REQUEST_ID, "--suspicious", "--not-needed"]) == 2
    assert "not both" in capsys.readouterr().err
    assert run(["approve", REQUEST_ID, "--suspicious"]) == 2
    assert signed_in.asked == []
