"""What operators run beside a server: checks of policies and of the configuration, hashes."""

import asyncio
import getpass
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent.__main__ import run
from assent.core.secret import Secret
from assent.identity.passwords import Argon2Hasher

Capture = pytest.CaptureFixture[str]
OPEN = """@id("open") @max_duration("1h")
permit (principal, action == Action::"access.request", resource);
"""
GUARD = """@id("guard") @require("approve: 1 of dab")
forbid (principal, action == Action::"access.request", resource);
"""
BROKEN = "permit (principal, action, resource);\n"
CONFIG = """
[[people]]
name = "ben"
groups = ["dba"]
[[targets]]
name = "shop"
host = "db"
user = "assent"
password = "env:SHOP"
owners = ["shopkeepers"]
"""


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    monkeypatch.setenv("SHOP", "secret")
    (tmp_path / "assent.toml").write_text(CONFIG)
    return folder


def test_a_good_folder_is_counted(policies: Path, capsys: Capture) -> None:
    (policies / "a.cedar").write_text(OPEN)
    assert run(["policy", "check", str(policies)]) == 0
    assert "good: 1 rule, pol-" in capsys.readouterr().out


def test_an_empty_folder_is_told_what_it_means(policies: Path, capsys: Capture) -> None:
    assert run(["policy", "check", str(policies)]) == 0
    out = capsys.readouterr().out
    assert "nothing is permitted to anybody" in out
    assert "good: 0 rules" in out


def test_a_folder_whose_only_policy_is_broken_is_not_called_empty(
    policies: Path, capsys: Capture
) -> None:
    (policies / "a.cedar").write_text(BROKEN)
    assert run(["policy", "check", str(policies)]) == 7
    told = capsys.readouterr()
    assert "there are no policies" not in told.out + told.err
    assert f"{policies}/a.cedar:1" in told.err


def test_groups_are_looked_up_in_a_configuration_that_is_named(
    policies: Path, capsys: Capture
) -> None:
    (policies / "a.cedar").write_text(OPEN + GUARD)
    config = str(policies.parent / "assent.toml")
    assert run(["policy", "check", str(policies)]) == 0
    assert run(["policy", "check", str(policies), "--config", config]) == 7
    assert "`dab`" in capsys.readouterr().err
    for known in ("dba", "shopkeepers"):
        (policies / "a.cedar").write_text(OPEN + GUARD.replace("dab", known))
        assert run(["policy", "check", str(policies), "--config", config]) == 0


def test_a_configuration_is_counted_in_good_grammar(policies: Path, capsys: Capture) -> None:
    (policies / "a.cedar").write_text(OPEN)
    assert run(["config", "check", "--config", str(policies.parent / "assent.toml")]) == 0
    assert "has 1 person, 1 target and 1 policy\n" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What somebody types at the prompts, in order."""
    answers: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: answers.pop(0))
    yield answers
    assert answers == []


async def fits(hashed: str, password: str) -> bool:
    return await Argon2Hasher().verify(Secret(hashed.strip()), Secret(password))


def test_a_password_is_asked_for_twice_and_only_its_hash_is_printed(
    typed: list[str], capsys: Capture
) -> None:
    typed += ["correct horse", "correct horse"]
    assert run(["config", "password"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("$argon2id$")
    assert told.out.count("\n") == 1
    assert "horse" not in told.out + told.err
    assert asyncio.run(fits(told.out, "correct horse"))
    assert not asyncio.run(fits(told.out, "another horse"))


def test_two_passwords_that_differ_are_no_password(typed: list[str], capsys: Capture) -> None:
    typed += ["one", "two"]
    assert run(["config", "password"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "not the same" in told.err


@pytest.mark.parametrize("text", ["", "x" * 1025, "\udcff"])
def test_a_password_that_nobody_could_sign_in_with_has_no_hash(
    typed: list[str], capsys: Capture, text: str
) -> None:
    typed.append(text)
    assert run(["config", "password"]) == 2
    assert capsys.readouterr().out == ""


def test_a_password_from_a_file_is_its_first_line(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "password"
    file.write_text("from a file\nand more\n")
    assert run(["config", "password", "--password-file", str(file), "--json"]) == 0
    assert asyncio.run(fits(json.loads(capsys.readouterr().out)["hash"], "from a file"))


def test_a_password_from_a_pipe_is_asked_for_once(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("piped\n"))
    assert run(["config", "password"]) == 0
    assert asyncio.run(fits(capsys.readouterr().out, "piped"))
