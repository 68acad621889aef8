"""Unit tests of risk/model.py."""

import pytest

from assent.risk.model import MODEL, Model
from assent.signals import SIGNALS


def test_every_signal_has_a_weight_and_every_weight_a_signal() -> None:
    assert set(MODEL.weights) == {plugin.name for plugin in SIGNALS}


def test_the_weights_of_the_model_in_use_sum_to_one_hundred() -> None:
    assert sum(MODEL.weights.values()) == 100


def test_a_weight_that_would_lower_risk_is_refused() -> None:
    with pytest.raises(ValueError, match="the weight of `a`"):
        Model({"a": -1})


def test_a_share_or_a_level_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        Model({}, unavailable_percent=-1)
    with pytest.raises(ValueError, match="levels"):
        Model({}, medium_from=60, high_from=60)
