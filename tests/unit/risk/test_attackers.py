"""Which attacker shows what."""

import pytest

from assent.core.signal import ATTACKERS, Attacker
from assent.risk.attackers import (
    MATCHED,
    OWN,
    PRIOR_BITS,
    VOLUME_SHARES,
    total_odds,
    weights_of_chain,
)
from assent.risk.dimensions import dimension
from assent.risk.likelihood import Likelihood

# The address is a sixteenth as likely for the person, the network half, the country as likely.
NEW_ADDRESS = Likelihood((1 / 16, 1 / 2, 1.0), 0.01)


def test_every_table_has_a_place_for_each_attacker() -> None:
    tables = [OWN, PRIOR_BITS, VOLUME_SHARES, *MATCHED.values()]
    assert {len(table) for table in tables} == {len(ATTACKERS)}


def test_behaviour_is_the_same_evidence_for_all() -> None:
    assert set(weights_of_chain(dimension("action"), NEW_ADDRESS)) == {4.0}


def test_who_knows_the_network_is_less_found_by_it() -> None:
    weights = dict(zip(ATTACKERS, weights_of_chain(dimension("network"), NEW_ADDRESS), strict=True))
    assert weights[Attacker.NAIVE] == 4.0
    assert weights[Attacker.TARGETED] == 3.0
    assert weights[Attacker.STOLEN_DEVICE] == 0.0


def test_total_odds_are_those_of_any_attacker() -> None:
    assert total_odds([3.0]) == 3.0
    assert total_odds([2.0, 2.0]) == pytest.approx(3.0)
    assert total_odds([900.0, -900.0]) == pytest.approx(900.0)
