"""Rows as numbers."""

from math import log10

import pytest

from assent.evaluation.peers.frequencies import Frequencies
from unit.evaluation.evaluation_builders import a_row


def test_a_value_is_as_often_as_it_was_seen_with_the_subject_and_with_all() -> None:
    frequencies = Frequencies()
    for subject, verb in (("ana", "x"), ("ana", "y"), ("ben", "x"), ("ben", "x")):
        frequencies.learn(a_row(subject, verb=verb))
    numbers = frequencies.numbers(a_row("ana", verb="x"))
    assert numbers == {
        "verb of subject": pytest.approx(1 + log10(1.5 / 3) / 4),
        "verb of all": pytest.approx(1 + log10(3.5 / 5) / 4),
    }


def test_a_hierarchy_is_the_average_of_its_levels() -> None:
    frequencies = Frequencies()
    frequencies.learn(a_row("ana", address=("1", "net")))
    numbers = frequencies.numbers(a_row("ana", address=("2", "net")))
    assert numbers["address of subject"] == pytest.approx(1 + log10(1.5 / 3) / 4)


def test_what_was_never_seen_is_lower_the_more_was_seen() -> None:
    frequencies = Frequencies()
    before = 1.0
    for _ in range(6):
        for _ in range(30):
            frequencies.learn(a_row(verb="x"))
        now = frequencies.numbers(a_row(verb="new"))["verb of all"]
        assert 0 <= now < before
        before = now


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
