"""`policy test`, `policy diff` and `apply`: what they print, ask and end with."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from assent.__main__ import run
from assent.cli.policy_cases import SUFFIX
from unit.cli.fake_server import REQUEST_ID, FakeServer

Capture = pytest.CaptureFixture[str]
A = '@id("a") permit (principal, action == Action::"access.request", resource);\n'
B = A.replace('"a"', '"b"').replace("permit", '@require("reason") forbid')
CASES = """
[people.ana]
[targets.shop]
[[case]]
name = "anybody asks"
given = { who = "ana" }
when = { do = "access.request" }
then = { answer = "permit" }
"""
PLAN = {"text": "+ policy `b` is added", "differences": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to apply, with one policy and its cases."""
    policies = tmp_path / "wanted" / "policies"
    policies.mkdir(parents=True)
    (policies / "10.cedar").write_text(A)
    (policies / f"access{SUFFIX}").write_text(CASES)
    return tmp_path / "wanted"


def test_cases_that_pass_are_told_with_their_place(folder: Path, capsys: Capture) -> None:
    assert run(["policy", "test", str(folder)]) == 0
    out = capsys.readouterr().out
    assert f"ok   {folder}/policies/access{SUFFIX}:4  anybody asks" in out
    assert "1 case: all as expected" in out


def test_a_case_that_fails_shows_the_difference_and_what_was_never_tried(
    folder: Path, capsys: Capture
) -> None:
    (folder / "policies" / "20.cedar").write_text(B)
    assert run(["policy", "test", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "answer: expected permit" in out
    assert "found    deny (remedy-needed)" in out
    assert "never exercised: a" in out
    assert run(["policy", "test", str(folder), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["policies"][0]["never_exercised"]) == (False, ["a"])


@pytest.mark.parametrize("text", ["", "[[case]]", "nonsense ="])
def test_a_file_that_cannot_be_read_is_not_a_failed_case(
    folder: Path, capsys: Capture, text: str
) -> None:
    (folder / "policies" / f"access{SUFFIX}").write_text(text)
    assert run(["policy", "test", str(folder)]) == 2
    assert "access.policy-test.toml" in capsys.readouterr().err


def test_nothing_to_try_is_said(tmp_path: Path, capsys: Capture) -> None:
    for path in (tmp_path, tmp_path / "none"):
        assert run(["policy", "test", str(path)]) == 2
        assert capsys.readouterr().err


def test_the_policies_may_be_named_apart_from_the_cases(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "10.cedar").write_text(B)
    assert run(["policy", "test", str(folder), "--policies", str(other)]) == 1


def test_the_demos_policies_do_what_their_cases_say(capsys: Capture) -> None:
    assert run(["policy", "test", str(files("assent.demo") / "policies"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"]


def test_folders_are_compared_policy_by_policy(folder: Path, tmp_path: Path) -> None:
    same = str(folder / "policies")
    assert run(["policy", "diff", same, same]) == 0


def test_a_difference_has_an_exit_code_of_its_own(
    folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "10.cedar").write_text(A.replace("access.request", "session.open") + B)
    assert run(["policy", "diff", str(folder / "policies"), str(other)]) == 1
    out = capsys.readouterr().out
    assert "~ policy `a` is changed" in out
    assert "+ policy `b` is added" in out
    assert run(["policy", "diff", str(folder / "policies"), str(other), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["differences"][0]["name"] == "a"


def test_sides_that_cannot_be_compared_are_a_usage_fault(folder: Path, tmp_path: Path) -> None:
    good = str(folder / "policies")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.cedar").write_text("permit (")
    for sides in ([good], [good, good, "--running"], [good, str(tmp_path / "bad")]):
        assert run(["policy", "diff", *sides]) == 2


def test_what_is_in_force_and_kept_revisions_are_sides_too(
    folder: Path, signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/configuration", 200, {"policies": {"10.cedar": A}})
    signed_in.answer("GET /v1/policies/pol-1", 200, {"policies": {"10.cedar": B}})
    assert run(["policy", "diff", "--running", str(folder / "policies")]) == 0
    assert run(["policy", "diff", "pol-1", str(folder / "policies")]) == 1
    assert "- policy `b` is removed" in capsys.readouterr().out


def test_history_is_replayed_page_by_page(
    folder: Path, signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/configuration", 200, {"policies": {"10.cedar": A}})
    decision = {"at": "2999-01-01T00:00:00Z", "payload": None, "facts": {}}
    item: dict[str, Any] = {"attempt": {"facts": {}}, "decision": decision}
    signed_in.answer("GET /v1/decisions", 200, {"items": [item, item], "before": 7})
    old = {**item, "decision": {**decision, "at": "2000-01-01T00:00:00Z"}}
    signed_in.answer("GET /v1/decisions", 200, {"items": [item, old], "before": 3})
    command = ["policy", "diff", "--running", str(folder / "policies"), "--since", "7d"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "of 0 decisions, 0 would change" in out
    assert "3 could not be replayed" in out
    assert [one.query for one in signed_in.asked[1:]] == ["limit=200", "before=7&limit=200"]


def test_a_plan_is_shown_and_nothing_applied(
    folder: Path, signed_in: FakeServer, capsys: Capture
) -> None:
    answer = {"plan": PLAN, "leads_to": "asks", "words": ["assent of 1 of security"]}
    signed_in.answer("POST /v1/configuration/plan", 200, answer)
    (folder / "targets.toml").write_text("targets = []\n")
    assert run(["apply", str(folder), "--plan"]) == 0
    out = capsys.readouterr().out
    assert "+ policy `b` is added" in out
    assert "  assent of 1 of security" in out
    (asked,) = signed_in.asked
    assert asked.body == {"policies": {"10.cedar": A}, "targets": "targets = []\n"}


def test_what_is_applied_at_once_is_said(
    folder: Path, signed_in: FakeServer, capsys: Capture
) -> None:
    answer = {"plan": PLAN, "state": "applied", "request": None}
    signed_in.answer("POST /v1/configuration/apply", 200, answer)
    assert run(["apply", str(folder), "--reason", "a freeze", "--ticket", "T-1"]) == 0
    assert "it is in force" in capsys.readouterr().out
    body = signed_in.asked[0].body
    assert (body["reason"], body["ticket"], body["unsafe_lock_out"]) == ("a freeze", "T-1", False)
    assert body["targets"] is None


def test_what_waits_is_printed_as_json_for_programs(
    folder: Path, signed_in: FakeServer, capsys: Capture
) -> None:
    answer = {"plan": PLAN, "state": "waiting", "request": {"id": REQUEST_ID}}
    signed_in.answer("POST /v1/configuration/apply", 202, answer)
    assert run(["apply", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["request"]["id"] == REQUEST_ID


def test_a_folder_with_nothing_to_apply_is_a_usage_fault(tmp_path: Path, capsys: Capture) -> None:
    assert run(["apply", str(tmp_path)]) == 2
    assert "neither a folder `policies`" in capsys.readouterr().err


def test_an_explanation_begins_with_words_and_the_policy_as_it_was(
    signed_in: FakeServer, capsys: Capture
) -> None:
    policy = {
        "id": "guard",
        "effect": "forbid",
        "file": "30.cedar",
        "line": 3,
        "text": '@id("guard")\nforbid (principal, action, resource);',
        "message": "",
        "facts": [{"touch": "sql.delete Table t", "values": {"statement.has_where": False}}],
    }
    why = {
        "at": "2026-03-04T12:00:00Z",
        "subject": "ana",
        "verb": "sql.delete",
        "target": "shop",
        "words": ["it had to be asked for, because of `guard`"],
        "needs": ["assent of 1 of dba"],
        "obligations": [],
        "score": 38,
        "level": "medium",
        "otherwise": ["with a WHERE: 18 instead of 38"],
        "policies": [policy],
        "near": [{**policy, "id": "other", "facts": []}],
        "revision": "pol-1",
        "missing": "",
    }
    said = {"who": "ben", "at": why["at"], "verdict": "approve", "comment": "go on"}
    answer = {"about": REQUEST_ID, "why": [why], "approvals": [said], "entries": []}
    signed_in.answer(f"GET /v1/explain/{REQUEST_ID}", 200, answer)
    assert run(["explain", REQUEST_ID]) == 0
    out = capsys.readouterr().out
    assert "it had to be asked for, because of `guard`" in out
    assert '      @id("guard")\n      forbid (principal, action, resource);' in out
    assert "statement.has_where = false for sql.delete Table t" in out
    assert "not met: `other` (its head does not fit)" in out
    assert "ben assented: go on" in out
