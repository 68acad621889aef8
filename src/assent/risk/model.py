"""The weights of the risk score, as data."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """What each signal counts.

    weights: name of a signal → points at strength 100. unavailable_percent: the least share
    of its weight that a signal counts which could not be measured. medium_from, high_from:
    the first score of these levels.
    Raises ValueError where a number would turn risk round.
    """

    weights: Mapping[str, int]
    unavailable_percent: int = 50
    medium_from: int = 25
    high_from: int = 60

    def __post_init__(self) -> None:
        for name, weight in self.weights.items():
            if not 0 <= weight <= 100:
                raise ValueError(f"the weight of `{name}` must be 0 to 100, it is {weight}")
        if not 0 <= self.unavailable_percent <= 100:
            raise ValueError("the share of an unavailable signal must be 0 to 100 percent")
        if not 0 < self.medium_from < self.high_from <= 100:
            raise ValueError("the levels must be 0 < medium < high <= 100")


MODEL = Model(
    weights={
        "statement_class": 45,
        "table_sensitivity": 25,
        "first_time": 15,
        "time_of_day": 15,
    }
)
"""The model in use until weights are learned."""
