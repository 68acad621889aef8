"""Unit tests of signals/words.py."""

from assent.core.evidence import Evidence
from assent.core.ids import SubjectId
from assent.core.subject import Subject
from assent.signals.words import (
    age_words,
    all_words,
    bytes_words,
    count_words,
    list_words,
    name_words,
    person_words,
    reason_words,
    share_words,
    verb_words,
)
from signal_evidence import NOON


def test_sql_verbs_are_written_as_sql_and_others_as_they_are() -> None:
    assert verb_words("sql.delete") == "DELETE"
    assert verb_words("http.get") == "GET"
    assert verb_words("tool.call") == "tool.call"
    assert verb_words("read") == "read"


def test_a_name_of_common_length_stays_as_it_is() -> None:
    assert name_words("public.orders") == "public.orders"
    assert len(name_words("x" * 81)) == 80


def test_characters_that_steer_a_terminal_or_turn_text_are_replaced() -> None:
    assert name_words("a\x1b[2Jb\nc\u202ed\ud800") == "a�[2Jb�c�d�"
    assert reason_words("x" * 400)[-1] == "…"


def test_lists_name_two_and_count_the_rest() -> None:
    assert list_words(["a"]) == "a"
    assert list_words(["a", "b"]) == "a and b"
    assert list_words(["a", "b", "c"], "or") == "a, b or 1 more"
    assert all_words(["a", "b", "c"]) == "a, b and c"
    assert all_words(["a"]) == "a"


def test_a_person_is_called_by_a_name_of_bounded_length() -> None:
    long = Subject(SubjectId("sub_x"), "x" * 500)
    assert len(person_words(Evidence(at=NOON, subject=long))) == 40


def test_counts_shares_sizes_and_ages_are_said_as_people_say_them() -> None:
    assert [count_words(n, "time") for n in (0.2, 1, 2.6, 1234)] == [
        "1 time",
        "1 time",
        "3 times",
        "1,234 times",
    ]
    assert [share_words(n, 1000) for n in (0.1, 3, 120, 2000)] == [
        "less than 0.1 %",
        "0.3 %",
        "12 %",
        "100 %",
    ]
    assert [bytes_words(n) for n in (812, 3400, 3_400_000, 10**13)] == [
        "812 bytes",
        "3.4 kB",
        "3.4 MB",
        "10.0 TB",
    ]
    assert [age_words(n) for n in (0.01, 0.25, 12.5)] == ["less than an hour", "6 hours", "12 days"]
