"""Weights of evidence that follow people's answers."""

from random import Random

from assent.risk.blend import MOST_INPUTS, Blend


def taught(rows: int, *, seed: int = 1) -> Blend:
    """A blend that was told of one input that tells and one that does not."""
    random = Random(seed)
    blend = Blend()
    for _ in range(rows):
        attack = random.random() < 0.3
        inputs = {"tells": 2.0 if attack else -2.0, "noise": random.gauss(0.0, 4.0)}
        if random.random() < 0.2:
            inputs["tells"] = -inputs["tells"]
        blend.learn(inputs, blend.bits(inputs), attack=attack)
    return blend


def test_without_answers_evidence_is_added_up_as_it_is() -> None:
    assert Blend().bits({"network": 3.0, "device": -1.0}) == 2.0
    assert Blend().weight("network") == 1.0


def test_what_tells_nothing_comes_to_count_next_to_nothing() -> None:
    blend = taught(600)
    assert blend.weight("noise") < 0.15
    assert blend.weight("tells") > 0.5


def test_the_base_rate_is_learned() -> None:
    blend = Blend()
    for number in range(400):
        blend.learn({}, blend.bits({}), attack=number % 10 == 0)
    # One in ten: odds of 1 to 9 are -3.17 bits.
    assert -3.6 < blend.bits({}) < -2.8


def test_a_few_answers_change_little() -> None:
    blend = Blend()
    for _ in range(3):
        blend.learn({"network": 1.0}, blend.bits({"network": 1.0}), attack=False)
    assert 0.8 < blend.weight("network") < 1.0


def test_no_weight_is_ever_negative() -> None:
    blend = Blend()
    for number in range(400):
        inputs = {"network": 6.0 if number % 2 else -6.0}
        blend.learn(inputs, blend.bits(inputs), attack=number % 2 == 0)
        assert blend.weight("network") >= 0.0
    assert blend.weight("network") < 0.05


def test_inputs_beyond_the_most_count_as_they_are() -> None:
    blend = Blend()
    inputs = {f"input-{number}": 1.0 for number in range(MOST_INPUTS + 5)}
    for _ in range(50):
        blend.learn(inputs, blend.bits(inputs), attack=False)
    assert blend.weight(f"input-{MOST_INPUTS + 4}") == 1.0
    assert blend.weight("input-0") < 1.0
