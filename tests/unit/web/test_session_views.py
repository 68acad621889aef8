"""What was done in a session, as lines: each frame is told, and nothing in it can act."""

from typing import Any

from assent.web.session_views import outcome_words, steps_of

AT = "2026-03-04T12:00:00Z"


def statement(sequence: int, text: str, verdict: str = "permit", **more: Any) -> dict[str, Any]:
    said = {"kind": "statement", "sequence": sequence, "at": AT, "text": text, "parameters": []}
    return {**said, "verdict": verdict, "entry": "ent_1", "request": "", **more}


def result(sequence: int, rows: int, error: str = "") -> dict[str, Any]:
    return {"kind": "result", "sequence": sequence, "at": "2026-03-04T12:00:01Z",
            "duration_us": 1_500, "rows": rows, "bytes": 10, "error": error}  # fmt: skip


def test_what_came_of_a_statement_is_said_in_words() -> None:
    assert outcome_words(result(1, 1_200)) == "1,200 rows, 1.5 ms"
    assert outcome_words(result(1, -1)) == "1.5 ms"
    assert (
        outcome_words(result(1, 0, "42P01 no such table")) == "failed: 42P01 no such table, 1.5 ms"
    )


def test_rows_that_were_recorded_stand_with_their_statement_and_are_bounded() -> None:
    rows = {
        "kind": "rows",
        "sequence": 1,
        "at": "",
        "columns": ["id"],
        "rows": [[None], ["<b>"]] * 40,
    }
    (step,) = steps_of([(1, statement(1, "select id from t")), (2, rows), (3, result(1, 80))])
    assert step.columns == ("id",)
    assert step.table[:2] == (("NULL",), ("<b>",))
    assert len(step.table) == 50
    assert step.outcome == "80 rows, 1.5 ms"


def test_erased_frames_are_said_honestly() -> None:
    (first,) = steps_of([(12, {"kind": "erased", "frames": 12})])
    assert first.words == "12 frames were erased with the key of their person"


def test_what_a_terminal_showed_stands_with_what_opened_it_as_text() -> None:
    frames = [
        (1, statement(1, "open a shell as root")),
        (2, {"kind": "resize", "sequence": 1, "columns": 80, "rows": 24}),
        (3, {"kind": "output", "sequence": 1, "data": "\x1b[31m$ lz\b"}),
        (4, {"kind": "input", "sequence": 1, "data": "s"}),
        (5, {"kind": "output", "sequence": 1, "data": "s\r\n\x1b]0;title\x07a\u202eb\r\n"}),
        (6, {"kind": "output", "sequence": 9, "data": "of what is on another page"}),
    ]
    (step,) = steps_of(frames, "ssh")
    assert [piece.text for piece in step.shown] == ["$ ls\na", "U+202E", "b"]


def test_a_statement_that_was_held_and_never_ran_is_still_told() -> None:
    held = {"kind": "mark", "event": "held", "detail": "req_1", "sequence": 4,
            "at": "2026-03-04T12:00:00Z"}  # fmt: skip
    (mark,) = steps_of([(1, held)])
    assert (mark.words, mark.request, mark.kinds) == ("it waits", "req_1", ("held",))


def test_a_long_statement_is_cut_and_said_to_be() -> None:
    (step,) = steps_of([(1, statement(1, "select " + "1," * 20_000))])
    assert step.cut
    assert sum(len(piece.text) for piece in step.pieces) == 20_000


def test_a_result_without_its_statement_is_left_out() -> None:
    assert steps_of([(7, result(9, 1))]) == ()
