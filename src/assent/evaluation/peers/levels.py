"""Features as peers see them: all categorical, each a chain from specific to general."""

from math import frexp

from assent.evaluation.rows import Feature


def levels(feature: Feature) -> tuple[str, ...]:
    """Return the chain of values; a magnitude becomes its power of two, as text."""
    if isinstance(feature, str):
        return (feature,)
    if isinstance(feature, tuple):
        return feature
    fraction, exponent = frexp(feature)
    if fraction == 0:
        return ("0",)
    return (f"{'-' if fraction < 0 else ''}2^{exponent}",)
