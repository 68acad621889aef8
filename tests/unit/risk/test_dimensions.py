"""The aspects that are compared."""

from assent.risk.dimensions import BEHAVIOUR, FORGETTING, NETWORK, dimension


def test_a_known_name_has_its_family_and_its_half_life() -> None:
    network = dimension("network")
    assert (network.family, network.half_life_days) == (NETWORK, FORGETTING[NETWORK])


def test_an_unknown_name_is_behaviour() -> None:
    assert dimension("colour").family == BEHAVIOUR
    assert dimension("colour").follows == ""


def test_a_step_says_what_it_follows() -> None:
    assert dimension("step").follows == "action"
    assert dimension("colour>", "colour").follows == "colour"
