"""All aspects of an action at once."""

import pytest

from assent.core.signal import ATTACKERS, Attacker
from assent.risk.attackers import PRIOR_BITS, total_odds
from assent.risk.dimensions import dimension
from assent.risk.likelihood import of_amount, of_chain
from assent.risk.memory import Memory, Seen
from assent.risk.together import bits_of, families_of, odds_of

HOME = Seen(dimension("network"), ("192.0.2.1", "AS1", "AA"))
ABROAD = Seen(dimension("network"), ("203.0.113.9", "AS9", "ZZ"))
READ = Seen(dimension("action"), ("read customers", "read"))
MUCH = Seen(dimension("rows"), (), 10**6)


@pytest.fixture
def memory() -> Memory:
    found = Memory(0.0)
    for day in range(30):
        for who in range(5):
            seen = [
                Seen(dimension("network"), (f"192.0.2.{who}", "AS1", "AA")),
                READ,
                Seen(dimension("rows"), (), 20.0 + day),
            ]
            found.learn(f"u{who}", ("sales",), seen, float(day), confirmed=True)
    return found


def test_the_sums_are_those_of_the_families(memory: Memory) -> None:
    reading = memory.reading("u1", ("sales",), 30.0)
    seen = [ABROAD, READ, MUCH]
    parts = bits_of(reading, seen)
    families = families_of(reading, seen)
    sums = [sum(bits) for bits in zip(*families.values(), strict=True)]
    assert odds_of(parts)[1] == pytest.approx(max(sums))


def test_bits_are_those_of_the_evidence_within_rounding(memory: Memory) -> None:
    reading = memory.reading("u1", ("sales",), 30.0)
    known = memory.known("u1", ("sales",), [HOME, READ, MUCH], 30.0)
    behaviour, volume, *own = bits_of(reading, [HOME, READ, MUCH])
    assert behaviour == pytest.approx(of_chain(known.dimensions["action"]).bits(0), abs=0.01)
    assert volume == pytest.approx(of_amount(known.amounts["rows"]), abs=0.01)
    assert own[0] == pytest.approx(of_chain(known.dimensions["network"]).bits(0), abs=0.01)


def test_from_abroad_somebody_else_is_likelier(memory: Memory) -> None:
    reading = memory.reading("u1", ("sales",), 30.0)
    naive = ATTACKERS.index(Attacker.NAIVE)
    at_home = Seen(dimension("network"), ("192.0.2.1", "AS1", "AA"))
    abroad, home = bits_of(reading, [ABROAD]), bits_of(reading, [at_home])
    assert abroad[2 + naive] > home[2 + naive]
    assert odds_of(abroad) > odds_of(home)


def test_a_repetition_counts_less(memory: Memory) -> None:
    reading = memory.reading("u1", ("sales",), 30.0)
    once = bits_of(reading, [READ])
    again = bits_of(reading, [Seen(READ.dimension, READ.chain, times=0.5)])
    assert again[0] == pytest.approx(once[0] / 2)


def test_usual_behaviour_does_not_excuse_an_unusual_amount() -> None:
    prior = PRIOR_BITS[ATTACKERS.index(Attacker.INSIDER)]
    odds, suspicion = odds_of([-30.0, 6.0, *(0.0 for _ in ATTACKERS)])
    assert odds == pytest.approx(prior + 6.0, abs=0.001)
    assert suspicion == -24.0


def test_where_no_amount_is_known_behaviour_speaks_for_everybody() -> None:
    odds, suspicion = odds_of([-30.0, 0.0, *(0.0 for _ in ATTACKERS)])
    assert odds == pytest.approx(total_odds(PRIOR_BITS) - 30.0)
    assert suspicion == -30.0


def test_unusual_behaviour_speaks_against_everybody() -> None:
    odds, _ = odds_of([9.0, 0.0, *(0.0 for _ in ATTACKERS)])
    assert odds == pytest.approx(total_odds(PRIOR_BITS) + 9.0)
