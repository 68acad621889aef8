"""Lines of a shell, known before Enter is passed on."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.protocols.ssh.terminal import Keys, Line, Terminal, Where
from shell_on_terminal import ShellOnTerminal

PROMPT = b"\x1b[?2004hana@web:~$ "


def at_prompt(prompt: bytes = PROMPT) -> Terminal:
    terminal = Terminal()
    terminal.show(b"Welcome\r\n" + prompt)
    return terminal


def typed(terminal: Terminal, keys: bytes, echo: bytes | None = None) -> Line:
    """Type keys that are echoed as they are, or as something else; return the line at Enter."""
    found = terminal.keys(keys + b"\r")
    assert (found.passed, found.enter) == (keys, b"\r")
    terminal.show(keys if echo is None else echo)
    return terminal.line()


def test_a_line_that_is_echoed_at_a_prompt_is_sure() -> None:
    assert typed(at_prompt(), b"rm -rf x") == Line("rm -rf x", True, Where.PROMPT)


def test_a_prompt_without_marks_is_known_by_its_end() -> None:
    assert typed(at_prompt(b"$ "), b"id") == Line("id", True, Where.PROMPT)
    assert typed(at_prompt(b"root@db:/# "), b"id").sure
    assert typed(at_prompt(b"\x1b]133;A\x07web \x1b]133;B\x07"), b"id") == Line(
        *("id", True, Where.PROMPT)
    )


def test_enter_is_kept_back_with_all_that_comes_after_it() -> None:
    assert at_prompt().keys(b"a\rb\rc") == Keys(b"a", b"\r", b"b\rc")
    assert at_prompt().keys(b"a\nb") == Keys(b"a", b"\n", b"b")


def test_the_echo_is_awaited() -> None:
    terminal = at_prompt()
    terminal.keys(b"id")
    assert terminal.awaits_echo
    terminal.show(b"i")
    assert terminal.awaits_echo
    terminal.show(b"d")
    assert not terminal.awaits_echo


def test_what_is_not_echoed_is_not_in_the_line() -> None:
    terminal = Terminal()
    terminal.show(b"[sudo] password for ana: ")
    line = typed(terminal, b"hunter2", echo=b"")
    assert (line.sure, line.where) == (False, Where.PROGRAM)
    assert "hunter2" not in line.text
    line = typed(at_prompt(), b"hunter2", echo=b"")
    assert (line.sure, line.text) == (False, "")


def test_a_line_that_shows_as_another_is_not_sure() -> None:
    assert not typed(at_prompt(), b"rm x", echo=b"ls x").sure


def test_an_edited_line_is_sure_only_once_it_is_drawn() -> None:
    terminal = at_prompt()
    terminal.keys(b"\x1b[A")
    assert terminal.awaits_echo
    terminal.show(b"rm old")
    assert not terminal.line().sure
    assert terminal.line(quiet=True) == Line("rm old", True, Where.PROMPT)


def test_a_key_that_draws_nothing_leaves_a_line_unsure() -> None:
    terminal = at_prompt()
    terminal.keys(b"\x1b[A")
    assert not terminal.line(quiet=True).sure


@pytest.mark.parametrize("keys", [b"\x12rm", b"\x18\x05", b"\x1b.", b"\x16\x01", b"\x1b[99~"])
def test_a_key_whose_effect_is_not_known_makes_a_line_unsure(keys: bytes) -> None:
    terminal = at_prompt()
    terminal.keys(keys)
    terminal.show(b"ls")
    assert not terminal.line(quiet=True).sure


def test_a_paste_is_one_line_however_it_ends() -> None:
    terminal = at_prompt()
    found = terminal.keys(b"\x1b[200~echo a\rrm x\x1b[201~\r")
    assert found.enter == b"\r"
    assert found.passed == b"\x1b[200~echo a\rrm x\x1b[201~"
    terminal.show(b"echo a\r\nrm x")
    assert not terminal.line(quiet=True).sure


def test_a_paste_that_the_shell_did_not_ask_for_is_keys() -> None:
    assert at_prompt(b"$ ").keys(b"\x1b[200~rm x\r").enter == b"\r"


def test_a_full_screen_program_has_its_own_keys() -> None:
    terminal = at_prompt()
    terminal.show(b"\x1b[?1049h")
    terminal.keys(b":wq")
    assert terminal.line() == Line("", False, Where.SCREEN)


def test_what_is_typed_ahead_is_not_sure() -> None:
    terminal = at_prompt()
    terminal.keys(b"sleep 5\r")
    terminal.show(b"sleep 5")
    terminal.entered()
    terminal.show(b"\r\n\x1b[?2004l\r")
    terminal.keys(b"rm x")
    terminal.show(b"rm x\r\n" + PROMPT + b"rm x")
    assert not terminal.line(quiet=True).sure


def test_the_next_line_begins_at_the_next_prompt() -> None:
    terminal = at_prompt()
    typed(terminal, b"ls")
    terminal.entered()
    terminal.show(b"\r\n\x1b[?2004l\r" + b"file\r\n" * 300 + PROMPT)
    assert typed(terminal, b"id") == Line("id", True, Where.PROMPT)


def test_an_interrupt_begins_another_line() -> None:
    terminal = at_prompt()
    terminal.keys(b"rm x\x03")
    terminal.show(b"rm x^C\r\n" + PROMPT)
    assert typed(terminal, b"id") == Line("id", True, Where.PROMPT)


CHUNKS = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"\x1b[200~", b"\x1b[201~", b"\x1b[A", b"\r", PROMPT, b"\x1b[?1049h", b"\x7f"]
    ),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.booleans(), CHUNKS), max_size=30))
def test_nothing_typed_or_shown_makes_it_fail(steps: list[tuple[bool, bytes]]) -> None:
    terminal = Terminal()
    for shows, data in steps:
        rest = data
        while rest and not shows:
            found = terminal.keys(rest)
            assert found.passed + found.enter + found.rest == rest
            rest = found.rest
            if found.enter:
                terminal.line(quiet=True)
                terminal.entered()
        if shows:
            terminal.show(data)
    assert isinstance(terminal.line(quiet=True).sure, bool)


def test_it_does_not_grow_with_what_never_ends() -> None:
    terminal = at_prompt()
    for _ in range(200):
        terminal.keys(b"\x1b[200~" + b"x" * 1000)
        terminal.keys(b"y" * 1000)
    kept = [value for value in vars(terminal).values() if isinstance(value, bytes | bytearray)]
    assert max(len(one) for one in kept) < 64 * 1024


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShellOnTerminal]:
    running = ShellOnTerminal(tmp_path_factory.mktemp("bash"), columns=60)
    yield running
    running.close()


@pytest.mark.parametrize(
    "keys",
    [
        *(
            (b"echo plain", b"\r"),
            (b"echo at-once\r",),
            (b"echo x\x7fy", b"\r"),
            (b"echo \x08\x08z", b"\r"),
        ),
        *(
            (b"true first\r", b"\x1b[A", b"\r"),
            (b"cat some-f\t", b"\r"),
            (b"echo cd\x1b[D\x1b[Db", b"\r"),
        ),
        *(
            (b"echo " + b"abcdefghi " * 9, b"\r"),
            (b"echo " + b"wrap " * 18, b"\x01", b"\x05x", b"\r"),
        ),
        *((b"\x1b[200~echo pasted\x1b[201~", b"\r"), (b"echo foo", b"\x15", b"echo bar", b"\r")),
        *(
            ("echo é ü".encode(), b"\r"),
            (b"echo a b", b"\x17c", b"\r"),
            (b"clear\r",),
            (b"seq 300\r",),
        ),
        *((b"echo abc", b"\x01", b"\x0b", b"\x19", b"\r"), (b"echo 1", b"\x1bb", b"\x1bd2", b"\r")),
        *((b"\x12ech", b"\r"), (b"echo a\x0c", b"\r"), (b"echo l", b"\x1b[A", b"\x1b[B", b"\r")),
    ],
    ids=repr,
)
def test_a_line_that_is_sure_is_the_one_that_bash_got(
    shell: ShellOnTerminal, keys: tuple[bytes, ...]
) -> None:
    *before, last = keys
    if any(each.endswith(b"\r") for each in before):
        shell.type(before.pop(0))
    line = shell.type(*before, last)
    assert not line.sure or line.text.rstrip() == shell.got(), line


def test_most_lines_are_sure(shell: ShellOnTerminal) -> None:
    lines = [
        shell.type(b"echo one\r"),
        shell.type(b"\x1b[A", b"\r"),
        shell.type(b"cat some-f\t", b"\r"),
    ]
    assert [(line.text, line.sure) for line in lines] == [
        *(("echo one", True), ("echo one", True), ("cat some-file.txt", True))
    ]
