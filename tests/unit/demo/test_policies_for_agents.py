"""The policies for agents that the demo ships with: each case comes out as its file says."""

from importlib.resources import as_file, files
from pathlib import Path

import pytest

from assent.__main__ import run


@pytest.mark.parametrize("folder", ["policies", "policies_for_agents"])
def test_every_case_of_the_demo_comes_out_as_it_says(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with as_file(files("assent.demo") / folder) as place:
        assert run(["policy", "test", str(place)]) == 0, capsys.readouterr().out


def test_both_folders_of_policies_make_one_that_holds_agents_and_nobody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("policies", "policies_for_agents"):
        for file in (files("assent.demo") / name).iterdir():
            if file.name.endswith(".cedar"):
                (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"))
    (tmp_path / "one.policy-test.toml").write_text(_CASES)
    assert run(["policy", "test", str(tmp_path)]) == 0, capsys.readouterr().out


_CASES = """
[people.helper]
kind = "agent"
groups = ["engineers"]
on_behalf_of = "ana"
[people.ana]
groups = ["engineers"]
[people.ben]
groups = ["dba"]
[targets.shop]
environment = "prod"
owners = ["dba"]

[[case]]
name = "an agent reads rows by itself"
given = { who = "helper" }
when = { sql = "select id from orders" }
then = { answer = "permit", policies = ["statement.read"] }

[[case]]
name = "what it would change waits"
given = { who = "helper" }
when = { sql = "update orders set state = 'late' where id = 7" }
then = { answer = "deny", code = "remedy-needed", policies = ["agents.write"] }

[[case]]
name = "until Ana assents"
given = { who = "helper", approvals = ["ana"] }
when = { sql = "update orders set state = 'late' where id = 7" }
then = { answer = "permit" }

[[case]]
name = "what Ana changes herself does not"
given = { who = "ana" }
when = { sql = "update orders set state = 'late' where id = 7" }
then = { answer = "permit" }

[[case]]
name = "and she has no rule for a truncation, as before"
given = { who = "ana" }
when = { sql = "truncate orders" }
then = { answer = "deny", code = "no-permit" }
"""
