"""How much each kind of evidence counts, learned from what people answered.

Logistic regression whose weights have a normal prior around 1 and are never negative: without
answers the evidence is taken as it is, and every answer moves it, by Laplace's approximation
kept up one answer at a time (Spiegelhalter and Lauritzen 1990). Inputs that say the same thing
share their weight, since what is known of the weights is kept with its correlations.
"""

from collections.abc import Mapping
from math import exp, log

MOST_INPUTS = 16
"""Inputs with a weight of their own; learning costs the square of it."""

WEIGHT_VARIANCE = 0.1
"""How far from 1 a weight is thought to be before any answer, squared."""

BASE_VARIANCE = 16.0
"""How far the base rate is thought to be from the priors', squared, in natural log-odds."""

_LEAST_INFORMATION = 0.02
"""What one answer is thought to tell at least, so that a surprise does not move all at once."""

_NAT = log(2.0)
_BASE = ""


class Blend:
    """Weights of named inputs. An input is bits that speak for an attack; so is the result."""

    __slots__ = ("_covariance", "_places", "_weights", "answers")

    def __init__(self) -> None:
        self.answers = 0
        # The first place is the base rate: an input that is always there, with a prior around 0.
        self._places: dict[str, int] = {_BASE: 0}
        self._weights: list[float] = [0.0]
        self._covariance: list[list[float]] = [[BASE_VARIANCE]]

    def weight(self, name: str) -> float:
        """Return what one bit of an input counts; 1 before any answer."""
        place = self._places.get(name)
        return 1.0 if place is None else self._weights[place]

    def bits(self, inputs: Mapping[str, float]) -> float:
        """Return what all inputs say together, in bits."""
        total = self._weights[0] / _NAT
        for name, value in inputs.items():
            total += value * self.weight(name)
        return total

    def learn(self, inputs: Mapping[str, float], odds: float, *, attack: bool) -> None:
        """Take in one answer to what had these inputs. odds: its score in bits, when asked."""
        self.answers += 1
        for name in inputs:
            self._admit(name)
        values = [0.0] * len(self._weights)
        values[0] = 1.0
        for name, value in inputs.items():
            if name in self._places:
                values[self._places[name]] = value * _NAT
        probability = 1.0 / (1.0 + exp(-max(-30.0, min(30.0, odds * _NAT))))
        information = max(_LEAST_INFORMATION, probability * (1.0 - probability))
        reach = [sum(map(float.__mul__, row, values)) for row in self._covariance]
        spread = 1.0 + information * sum(map(float.__mul__, reach, values))
        step = (attack - probability) / spread
        self._weights = [
            max(0.0, weight + step * moved) if place else weight + step * moved
            for place, (weight, moved) in enumerate(zip(self._weights, reach, strict=True))
        ]
        share = information / spread
        for row, moved in zip(self._covariance, reach, strict=True):
            if moved:
                part = share * moved
                row[:] = [known - part * other for known, other in zip(row, reach, strict=True)]

    def _admit(self, name: str) -> None:
        if name in self._places or len(self._weights) > MOST_INPUTS:
            return
        size = self._places[name] = len(self._weights)
        self._weights.append(1.0)
        for row in self._covariance:
            row.append(0.0)
        self._covariance.append([0.0] * size + [WEIGHT_VARIANCE])
