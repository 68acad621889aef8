"""Every evasion in shell_commands.jsonl is read as what it does, or as what cannot be known."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.action import Operation, Statement
from assent.protocols.ssh import PLUGIN
from assent.protocols.ssh.commands import read_command, read_line

CORPUS = Path(__file__).parent / "shell_commands.jsonl"
ROWS = [
    pytest.param(row, id=row["id"])
    for row in map(json.loads, CORPUS.read_text(encoding="utf-8").splitlines())
]
PIECES = st.sampled_from(
    [
        *(
            "rm x",
            "rm",
            "sudo",
            "echo",
            " ",
            "  ",
            "\n",
            ";",
            "&",
            "|",
            "&&",
            "||",
            "(",
            ")",
            "{",
            "}",
        ),
        *(
            "'",
            '"',
            "\\",
            "`",
            "$(",
            "${",
            "$((",
            "))",
            "$",
            "#",
            "<",
            ">",
            "<<",
            "<<<",
            "<(",
            ">&",
        ),
        *(
            "EOF",
            "\nEOF\n",
            "if ",
            "then ",
            "fi",
            "do ",
            "done",
            "case ",
            "esac",
            "in ",
            "for ",
            "!",
        ),
        *(
            "[[ ",
            " ]]",
            "[ ",
            " ]",
            "=",
            "A=",
            "~",
            "*",
            "?",
            "-c ",
            "bash ",
            "eval ",
            "é",
            "\0",
            "\x1b",
        ),
        *(
            "$'",
            "\\x72",
            "function ",
            "f()",
            "time ",
            "coproc ",
            ";;",
            "@",
            "+",
            "\\\n",
            "\t",
            "\r",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
HIDDEN = st.sampled_from(["rm", "sudo"])
# Where a program's name stands in a command, however it is led to.
FRAMES = st.sampled_from(
    [
        *("{} x", "true; {} x", "true && {} x", "(({} x))", "( {} x )", "echo $({} x)", "`{} x`"),
        *("if {} x; then :; fi", "while {} x; do :; done", "bash -c '{} x'", "env A=1 {} x"),
        *("nohup {} x &", "echo a | {} x", "! {} x", "A=1 {} x", "\\{} x", "'{}' x", "eval '{} x'"),
        *(
            "cat <<E\n$({} x)\nE",
            "f() {{ {} x; }}; f",
            "case a in a) {} x;; esac",
            "find . -exec {} x \\;",
        ),
        *(
            "xargs {}",
            "trap '{} x' EXIT",
            "timeout 5 {} x",
            "exec {} x",
            "command {} x",
            "time {} x",
        ),
        *("ssh h {} x", "su -c '{} x'", "doas {} x", "watch {} x", "flock f {} x", "> f {} x"),
    ]
)


def seen(reading: Statement) -> set[str]:
    return {f"{touch.verb} {touch.resource.name}" for touch in reading.touches}


@pytest.mark.parametrize("row", ROWS)
def test_a_command_is_read_as_what_it_does(row: dict[str, Any]) -> None:
    reading = read_command(row["text"], "ana")
    assert set(row["see"]) <= seen(reading), row["why"]
    assert reading.complete == row["complete"], (row["why"], reading.problems)


@pytest.mark.parametrize("row", ROWS)
def test_what_is_not_understood_says_so_everywhere(row: dict[str, Any]) -> None:
    well_formed(read_command(row["text"], "ana"))


def well_formed(reading: Statement) -> None:
    """Fail unless it says the same in each of its fields, in words that policies know."""
    unknown = any(touch.operation is Operation.UNKNOWN for touch in reading.touches)
    assert reading.complete != unknown
    assert bool(reading.problems) == unknown
    assert reading.kind in {touch.verb for touch in reading.touches}
    assert {touch.verb for touch in reading.touches} <= PLUGIN.verbs
    assert {touch.resource.kind for touch in reading.touches} <= PLUGIN.resources
    if reading.reusable:
        assert {touch.operation for touch in reading.touches} == {Operation.READ}


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_any_text_is_read_to_something(text: str) -> None:
    well_formed(read_command(text, "ana"))
    well_formed(read_line(text, "ana", None).statement)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_characters_are_read_to_something(text: str) -> None:
    well_formed(read_command(text, "ana"))


@settings(max_examples=400, deadline=None)
@given(FRAMES, FRAMES, HIDDEN)
def test_a_program_is_seen_wherever_it_stands(outer: str, inner: str, name: str) -> None:
    for text in (outer.format(name), f"{inner.format('true')}\n{outer.format(name)}"):
        reading = read_command(text, "ana")
        assert not reading.complete or f"ssh.execute {name}" in seen(reading), text


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_more_text_never_hides_a_program(before: str, after: str) -> None:
    """What is complete with a line between has that line's program."""
    if "'" in before + after or '"' in before + after or "<<" in before or "#" in before:
        return
    text = f"{before}\nrm x\n{after}"
    reading = read_command(text, "ana")
    assert not reading.complete or "ssh.execute rm" in seen(reading), text
