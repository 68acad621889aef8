"""Terminals of a session: as events in order, and as text that does nothing to who reads it."""

from typing import Any

from assent.web.session_screens import MOST_CHARACTERS, plain, screen_events, screens_of


def output(key: int, data: str) -> dict[str, Any]:
    return {"kind": "output", "sequence": key, "data": data}


SIZE = {"kind": "resize", "sequence": 3, "columns": 101, "rows": 31}
TYPED = {"kind": "input", "sequence": 3, "data": "secret"}


def test_events_are_of_terminals_alone_in_order_and_never_what_was_typed() -> None:
    frames = [(1, {"kind": "statement", "sequence": 3, "text": "x"}), (2, SIZE), (3, TYPED)]
    assert screen_events([*frames, (4, output(3, "\x1b[1m$"))]) == [
        [2, 3, "r", "101x31"],
        [4, 3, "o", "\x1b[1m$"],
    ]


def test_of_too_much_the_newest_is_sent_and_it_is_said() -> None:
    long = "x" * (MOST_CHARACTERS // 2)
    events = screen_events([(1, output(3, "first")), (2, output(3, long)), (3, output(3, long))])
    assert [(one[0], one[2]) for one in events if isinstance(one, list)] == [
        (1, "x"),
        (2, "o"),
        (3, "o"),
    ]


def test_terminals_are_named_by_what_opened_them() -> None:
    opened = {"kind": "statement", "sequence": 3, "text": "open a shell as root"}
    found = screens_of([(1, opened), (2, output(3, "a")), (3, output(7, "b")), (4, output(3, "c"))])
    assert [(one.key, one.words) for one in found] == [
        (3, "open a shell as root"),
        (7, "terminal 7"),
    ]


def test_text_of_a_terminal_has_no_sequences_and_no_second_thoughts() -> None:
    assert plain("\x1b[31mred\x1b[0m\r\n\x1b]0;name\x07$ lx\bs\x1b[K\r\r\nold\rnew\x07") == (
        "red\n$ ls\nnew"
    )
    assert plain("\x1b") == plain("\x1b[") == plain("\x1bP never ends") == ""
