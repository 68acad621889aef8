"""Unit tests of core/declared_task.py."""

from assent.core.declared_task import LONGEST, task_of


def test_a_declared_task_is_one_line_that_hides_nothing() -> None:
    assert task_of("  monthly\r\n\treport ") == "monthly report"
    assert task_of("report\u202etxet") == "report�txet"
    assert task_of("\x00") == "�"


def test_a_declared_task_is_cut() -> None:
    assert len(task_of("x" * 100_000)) == LONGEST
    assert task_of(" " * 100_000) == ""
