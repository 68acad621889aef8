"""Rows as numbers."""

from assent.evaluation.peers.frequencies import Frequencies
from unit.evaluation.evaluation_builders import a_row


def test_a_value_is_as_often_as_it_was_seen_with_the_subject_and_with_all() -> None:
    frequencies = Frequencies()
    for subject, verb in (("ana", "x"), ("ana", "y"), ("ben", "x"), ("ben", "x")):
        frequencies.learn(a_row(subject, verb=verb))
    assert frequencies.numbers(a_row("ana", verb="x")) == {
        "verb of subject": 0.5, "verb of all": 0.75,
    }  # fmt: skip


def test_a_hierarchy_is_the_average_of_its_levels() -> None:
    frequencies = Frequencies()
    frequencies.learn(a_row("ana", address=("1", "net")))
    numbers = frequencies.numbers(a_row("ana", address=("2", "net")))
    assert numbers["address of subject"] == 0.5


def test_a_magnitude_has_its_place_between_the_smallest_and_the_largest() -> None:
    frequencies = Frequencies()
    assert frequencies.numbers(a_row(rows=5.0))["rows size"] == 0.5
    for size in (0.0, 100.0):
        frequencies.learn(a_row(rows=size))
    places = [frequencies.numbers(a_row(rows=size))["rows size"] for size in (-1.0, 9.05, 1e9)]
    assert places[0] == 0.0
    assert 0.49 < places[1] < 0.51
    assert places[2] == 1.0


def test_every_number_is_from_0_to_1() -> None:
    frequencies = Frequencies()
    frequencies.learn(a_row(a="x", b=("y", "z"), c=3.0))
    numbers = frequencies.numbers(a_row("ben", a="x", b=("y", "q"), c=-7.0))
    assert all(0 <= number <= 1 for number in numbers.values())
