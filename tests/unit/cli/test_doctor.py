"""`assent doctor`: what it prints, and with which code it ends."""

import json
from datetime import timedelta

import pytest

from assent import __version__
from assent.__main__ import run
from assent.cli import output
from assent.cli.exit_codes import ExitCode
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
DETAIL = "GET /v1/health/detail"


def detail(how: str = "ok", ahead_s: float = 0.0, version: str = __version__) -> dict[str, object]:
    at = output.now() + timedelta(seconds=ahead_s)
    check = {"name": "canary", "how": how, "says": "cut within p99 20 ms", "to_do": ""}
    if how != "ok":
        check["to_do"] = "look at what the server prints"
    return {"at": at.isoformat(), "version": version, "how": how, "checks": [check]}


def test_all_is_well(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(DETAIL, 200, detail())
    assert run(["doctor"]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert "ok    canary   cut within p99 20 ms" in printed
    assert "clocks" in printed
    assert "->" not in printed


def test_a_warning_says_what_to_do_and_is_no_failure(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer(DETAIL, 200, detail("warn"))
    assert run(["doctor"]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert "WARN  canary" in printed
    assert "-> look at what the server prints" in printed


def test_a_failure_has_an_exit_code(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(DETAIL, 200, detail("fail"))
    assert run(["doctor", "--json"]) == ExitCode.OPERATOR
    found = json.loads(capsys.readouterr().out)
    assert found["how"] == "fail"
    assert [check["name"] for check in found["checks"]] == ["canary", "clocks", "version"]


@pytest.mark.parametrize(
    ("ahead_s", "mark", "code"),
    [(30.0, "WARN", ExitCode.OK), (-600.0, "FAIL", ExitCode.OPERATOR)],
)
def test_clocks_that_disagree_are_told(
    signed_in: FakeServer, capsys: Capture, ahead_s: float, mark: str, code: ExitCode
) -> None:
    signed_in.answer(DETAIL, 200, detail(ahead_s=ahead_s))
    assert run(["doctor"]) == code
    assert f"{mark}  clocks" in capsys.readouterr().out


def test_another_version_is_told(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer(DETAIL, 200, detail(version="0.0.1"))
    assert run(["doctor"]) == ExitCode.OK
    assert "WARN  version  0.0.1, here" in capsys.readouterr().out


def test_who_does_not_oversee_is_told_so(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.problem(DETAIL, 403, "not-yours", "only `security` and `auditors` see it")
    assert run(["doctor"]) == ExitCode.DENIED
    assert "security" in capsys.readouterr().err
