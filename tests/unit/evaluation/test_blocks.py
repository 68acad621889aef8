"""Which rows are judged together, and where that ends."""

from assent.evaluation import blocks
from assent.evaluation.options import By, Options
from unit.evaluation.evaluation_builders import a_row


def test_a_row_stands_for_itself_unless_blocks_are_asked_for() -> None:
    assert blocks.key(a_row(session="s"), By.ROW) is None
    assert blocks.key(a_row(session=""), By.SESSION) is None


def test_the_same_session_name_of_two_subjects_is_two_sessions() -> None:
    keys = {blocks.key(a_row(who, session="1"), By.SESSION) for who in ("ana", "ben")}
    assert len(keys) == 2


def test_a_session_ends_with_its_last_row_whoever_acts_in_between() -> None:
    rows = [a_row("a", 0, session="1"), a_row("b", 0, session="1"), a_row("a", session="1")]
    found = blocks.ends(rows, Options(by=By.SESSION))
    assert found == {("a", "1"): 2, ("b", "1"): 1}


def test_a_subject_ends_with_the_last_row_that_has_a_label() -> None:
    rows = [a_row("a", 0), a_row("a", 1), a_row("a")]
    assert blocks.ends(rows, Options(by=By.SUBJECT)) == {("a", ""): 1}


def test_history_and_the_training_part_make_no_blocks() -> None:
    rows = [a_row("a", 1, at=0), a_row("b", at=5)]
    assert blocks.ends(rows, Options(by=By.SUBJECT, train_until=1)) == {}
