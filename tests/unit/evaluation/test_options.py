"""Where the training part ends."""

from datetime import UTC, datetime

import pytest

from assent.evaluation.options import Options


def test_without_an_end_there_is_no_training_part() -> None:
    assert not Options().is_training(0)


def test_the_training_part_ends_before_its_end() -> None:
    options = Options(train_until=5)
    assert options.is_training(4)
    assert not options.is_training(5)


def test_an_instant_is_not_compared_with_an_integer() -> None:
    with pytest.raises(TypeError):
        Options(train_until=5).is_training(datetime(2026, 1, 1, tzinfo=UTC))
