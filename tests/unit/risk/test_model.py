"""Unit tests of risk/model.py."""

import pytest

from assent.risk.model import MODEL, Model
from assent.risk.session_filter import FAMILIES
from assent.signals import SIGNALS


def test_families_are_of_signals_that_there_are() -> None:
    assert set(MODEL.families) <= {plugin.name for plugin in SIGNALS}


def test_what_speaks_of_the_connection_is_apart_from_what_is_done() -> None:
    assert set(FAMILIES) <= set(MODEL.families.values())
    assert not {"network", "device"} & set(FAMILIES)


def test_the_model_in_use_has_the_levels_that_the_documentation_says() -> None:
    assert (MODEL.medium_from, MODEL.high_from) == (25, 60)


@pytest.mark.parametrize(
    ("medium", "high"), [(0, 60), (60, 60), (61, 60), (25, 101), (-5, 60), (25, 0)]
)
def test_levels_out_of_order_are_refused(medium: int, high: int) -> None:
    with pytest.raises(ValueError, match="levels"):
        Model(medium_from=medium, high_from=high)


def test_numbers_that_would_turn_risk_round_are_refused() -> None:
    with pytest.raises(ValueError, match="one point or more"):
        Model(points_per_bit=0)
    with pytest.raises(ValueError, match="discount"):
        Model(most_discount=-1)


def test_the_least_and_the_most_that_is_allowed_is_taken() -> None:
    model = Model(points_per_bit=1, most_discount=0, medium_from=1, high_from=100)
    assert (model.medium_from, model.high_from) == (1, 100)
