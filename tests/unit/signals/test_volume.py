"""Unit tests of signals/volume.py."""

from assent.core.familiarity import Magnitude
from assent.core.signal import Attacker
from assent.signals.volume import measure
from signal_evidence import NOON, READ, knowing, weight


def most(dimension: str, value: int) -> Magnitude:
    return Magnitude(dimension, value, 0, 400_000, 0, 400_000, 0, 400_000)


def test_rows_bytes_and_parameters_are_told_in_their_own_words() -> None:
    told = [
        measure(READ, knowing(most(*one)), NOON).reason.partition(":")[0]
        for one in (("rows", 12_000), ("bytes", 3_400_000), ("magnitude", 9_000_000))
    ]
    assert told == ["12,000 rows", "3.4 MB", "a parameter of 9,000,000"]


def test_the_insider_explains_it_best() -> None:
    signal = measure(READ, knowing(most("rows", 12_000)), NOON)
    assert weight(signal, Attacker.INSIDER) > weight(signal, Attacker.NAIVE) > 0


def test_the_largest_of_all_amounts_counts_and_other_ones_do_not() -> None:
    usual = Magnitude("bytes", 1, 400_000, 400_000)
    both = measure(READ, knowing(most("rows", 9), usual, most("pace", 9)), NOON)
    assert both == measure(READ, knowing(most("rows", 9)), NOON)
