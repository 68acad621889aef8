"""Unit tests of signals/words.py."""

from assent.signals.words import list_words, name_words, verb_words


def test_sql_verbs_are_written_as_sql_and_others_as_they_are() -> None:
    assert verb_words("sql.delete") == "DELETE"
    assert verb_words("http.get") == "http.get"
    assert verb_words("read") == "read"


def test_a_name_of_common_length_stays_as_it_is() -> None:
    assert name_words("public.orders") == "public.orders"
    assert len(name_words("x" * 81)) == 80


def test_lists_name_two_and_count_the_rest() -> None:
    assert list_words(["a"]) == "a"
    assert list_words(["a", "b"]) == "a and b"
    assert list_words(["a", "b", "c"], "or") == "a, b or 1 more"
