"""How a chain's counts are shown, level by level."""

from assent.core.familiarity import Familiarity, Level

CHAIN = ("203.0.113.7", "203.0.113.0/24")
SEEN = Familiarity(
    "network",
    CHAIN,
    person=(1500, 2000, 2000, 1000, 4000),
    peers=(0, 7000, 9000, 3000, 50_000),
    everyone=(1500, 9250, 12_000, 5000, 90_000),
    days=(1, 3),
)


def test_a_level_is_in_events_of_its_own_value() -> None:
    assert SEEN.level(0) == Level("203.0.113.7", 1.5, 0.0, 1.5, 1)
    assert SEEN.level(1) == Level("203.0.113.0/24", 2.0, 7.0, 9.25, 3)


def test_what_was_never_learned_is_nothing_at_every_level() -> None:
    assert Familiarity("network", CHAIN).level(1) == Level(CHAIN[1], 0.0, 0.0, 0.0, 0)
