"""Law: whatever bash really runs for a command was among its touches, or nothing was promised."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.action import Operation, Statement
from assent.protocols.ssh.commands import read_command
from shell_sandbox import Ran, Sandbox

CORPUS = Path(__file__).parents[1] / "bypasses" / "shell_commands.jsonl"
ROWS = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
# Where these are run they could only reach stubs: no path leads out of the folder.
RUN = [pytest.param(row["text"], id=row["id"]) for row in ROWS if row["run"]]

PROGRAMS = st.sampled_from(["rm x", "ls", "id", "cp f g", "./deploy.sh a", "curl h", "rm -rf d"])
WORDS = st.sampled_from(
    [
        *(
            "rm",
            "x",
            "'rm x'",
            '"rm x"',
            "$(rm x)",
            "`rm x`",
            "\\rm",
            "r''m",
            "$A",
            '"$A"',
            "{rm,x}",
        ),
        *("A=1", "A=rm", "-c", "-u", "bob", "--", "5", "f", "> g", ">> g", "< f", "2>&1", "&> g"),
        *(
            "env",
            "nohup",
            "timeout 5",
            "sudo",
            "bash -c",
            "eval",
            "exec",
            "command",
            "xargs",
            "find .",
        ),
        *("echo", "cat", "tee g", "sh", "nice", "-exec", "\\;", "{}", "+", "time", "!", "#", "a#"),
        *("<(rm x)", "<<< 'rm x'", "~", "*", "$'\\x72m'", "cd ..", "test -n", "[ a ]", "printf"),
    ]
)
JOINS = st.sampled_from([" ", " ", " ", " ", ";", " && ", " || ", " | ", "\n", " & ", "&", "|", ""])
FRAMES = st.sampled_from(
    [
        "{}",
        "({})",
        "{{ {}; }}",
        "if {}; then {}; fi",
        "for i in 1; do {}; done",
        "while {}; do break; done",
        "case a in a) {};; esac",
        "again() {{ {}; }}; again",
        'echo "$({})"',
        "bash -c '{}'",
        "cat <<E\n{}\nE\n{}",
        "cat <<'E'\n{}\nE\n{}",
        "{} | {}",
        "sudo {}",
        "! {}",
        "trap '{}' EXIT",
    ]
)


@st.composite
def _commands(draw: st.DrawFn) -> str:
    frame = draw(FRAMES)
    return frame.format(*(draw(st.one_of(PROGRAMS, _lines())) for _ in range(frame.count("{}"))))


@st.composite
def _lines(draw: st.DrawFn) -> str:
    words = draw(st.lists(WORDS, min_size=1, max_size=6))
    return "".join(word + draw(JOINS) for word in words)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with TemporaryDirectory(prefix="assent-shell-") as folder:
        yield Sandbox(Path(folder))


def _names(reading: Statement) -> set[str]:
    return {
        touch.resource.name.rsplit("/", 1)[-1]
        for touch in reading.touches
        if touch.resource.kind == "Program"
    }


def _files(reading: Statement, verb: str) -> set[str]:
    return {touch.resource.name for touch in reading.touches if touch.verb == verb}


def _path(ran: Ran, word: str, home: str) -> str:
    path = normpath(word if word.startswith("/") else f"{ran.folder}/{word}")
    return path.replace(home, "~", 1)


def holds(sandbox: Sandbox, text: str, shell: str = "/bin/bash") -> None:
    """Fail if bash runs, deletes or makes what a complete reading does not have."""
    reading = read_command(text, "ana")
    ran, made = sandbox.run(text, shell)
    if not reading.complete:
        return
    assert {one.name for one in ran} <= _names(reading), (text, ran)
    written = {name.removeprefix("~/") for name in _files(reading, "file.write")}
    assert made <= written, text
    for one in ran:
        if one.name == "rm":
            deleted = {_path(one, word, str(sandbox.home)) for word in one.words if word[:1] != "-"}
            assert deleted <= _files(reading, "file.delete"), text
    if all(touch.operation is Operation.READ for touch in reading.touches):
        assert not made, text


@pytest.mark.parametrize("text", RUN)
def test_what_bash_runs_of_the_corpus_was_seen(sandbox: Sandbox, text: str) -> None:
    holds(sandbox, text)


@settings(max_examples=220, deadline=None)
@given(_commands())
def test_what_bash_runs_of_any_command_was_seen(sandbox: Sandbox, text: str) -> None:
    holds(sandbox, text)


@settings(max_examples=80, deadline=None)
@given(_commands())
def test_what_a_plainer_shell_runs_was_seen_too(sandbox: Sandbox, text: str) -> None:
    holds(sandbox, text, "/bin/dash")


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row["id"]) for row in ROWS if row["complete"]]
)
def test_what_is_read_as_complete_is_what_bash_can_parse(row: dict[str, Any]) -> None:
    parsed = subprocess.run(
        ["/bin/bash", "-n", "-c", row["text"]], capture_output=True, timeout=20, check=False
    )
    assert parsed.returncode == 0, parsed.stderr


@settings(max_examples=300, deadline=None)
@given(_lines())
def test_what_bash_cannot_parse_is_never_complete(text: str) -> None:
    if read_command(text, "ana").complete:
        parsed = subprocess.run(["/bin/bash", "-n", "-c", text], capture_output=True, timeout=20)
        assert parsed.returncode == 0, (text, parsed.stderr)
