"""Laws of what is learned: bounded by the week, undoable, and the same after being kept."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.familiarity import Familiarity, Magnitude
from assent.risk.dimensions import dimension
from assent.risk.keys import chain_keys
from assent.risk.likelihood import of_amount, of_chain
from assent.risk.memory import Memory, Seen
from assent.risk.profile import GROWN, WEEKLY_SHARE, Profile
from assent.risk.together import bits_of

PEOPLE = ("ana", "ben", "eve")
GROUPS = {"ana": ("sales",), "ben": ("sales", "ops"), "eve": ()}
LEAVES = tuple(f"{verb} {table}" for verb in ("read", "write") for table in "abcd")

actions = st.sampled_from(LEAVES).map(
    lambda leaf: Seen(dimension("action"), (leaf, leaf.split()[0]))
)
networks = st.integers(0, 9).map(
    lambda host: Seen(dimension("network"), (f"192.0.2.{host}", f"AS{host % 3}", "AA"))
)
amounts = st.floats(0, 1e9).map(lambda amount: Seen(dimension("rows"), (), amount))
aspects = st.tuples(actions, networks, amounts)
events = st.lists(
    st.tuples(st.sampled_from(PEOPLE), aspects, st.floats(0, 40), st.booleans()), max_size=40
)

Event = tuple[str, tuple[Seen, ...], float, bool]


def learned(found: list[Event]) -> Memory:
    """A memory of these events, in time order."""
    memory = Memory(0.0)
    for person, seen, day, confirmed in sorted(found, key=lambda event: event[2]):
        memory.learn(person, GROUPS[person], seen, day, confirmed=confirmed)
    return memory


def leaves(memory: Memory, person: str) -> dict[str, float]:
    """How a person's actions are distributed."""
    weights = memory.profiles[person].counts.weights
    found = {
        leaf: weights.get(chain_keys("action", (leaf, leaf.split()[0])).values[0], 0.0)
        for leaf in LEAVES
    }
    total = sum(found.values())
    return {leaf: kept / total for leaf, kept in found.items()}


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(LEAVES[:5]), min_size=4, max_size=12),
    st.integers(int(GROWN), 2000),
    st.lists(st.tuples(st.sampled_from(LEAVES), st.floats(0, 6.99)), min_size=1, max_size=40),
    st.integers(1, 60),
    st.floats(0, 30),
)
def test_no_week_moves_a_grown_profile_by_more_than_the_cap(
    habit: list[str], size: int, week: list[tuple[str, float]], times: int, start: float
) -> None:
    memory = Memory(0.0)
    for number in range(size):
        leaf = habit[number % len(habit)]
        memory.learn("ana", (), [_action(leaf)], 0.0, unbounded=True)
    before = leaves(memory, "ana")
    # What fades is a share of all alike; a profile that is still above GROWN is grown.
    grown = size * 2.0 ** (-(start + 7) / dimension("action").half_life_days) >= GROWN
    for leaf, moment in sorted(week, key=lambda event: event[1]):
        for _ in range(times):
            memory.learn("ana", (), [_action(leaf)], start + moment, confirmed=True)
    after = leaves(memory, "ana")
    moved = sum(abs(after[leaf] - before[leaf]) for leaf in LEAVES) / 2
    assert not grown or moved <= WEEKLY_SHARE + 1e-6


def _action(leaf: str) -> Seen:
    return Seen(dimension("action"), (leaf, leaf.split()[0]))


@given(events)
def test_crowds_are_the_sums_of_the_profiles_in_them(found: list[Event]) -> None:
    memory = learned(found)
    sums: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for person, profile in memory.profiles.items():
        for key, kept in profile.counts.weights.items():
            for crowd in ("", *GROUPS[person]):
                sums[crowd][key] += kept
    assert memory.everyone.weights == pytest.approx(sums[""])
    for name, crowd in memory.groups.items():
        assert crowd.weights == pytest.approx(sums[name])


@given(events)
def test_somebody_forgotten_is_in_no_crowd(found: list[Event]) -> None:
    memory = learned(found)
    without = learned([event for event in found if event[0] != "ben"])
    assert memory.forget("ben", GROUPS["ben"]) is any(event[0] == "ben" for event in found)
    for crowd, other in (
        (memory.everyone, without.everyone),
        *((memory.groups[name], without.groups.get(name)) for name in memory.groups),
    ):
        expected = dict(other.weights) if other is not None else {}
        for key, kept in crowd.weights.items():
            assert kept == pytest.approx(expected.pop(key, 0.0), abs=1e-6)
        assert all(kept == pytest.approx(0.0, abs=1e-6) for kept in expected.values())


@given(events, aspects)
def test_a_profile_answers_the_same_after_it_was_kept(
    found: list[Event], asked: tuple[Seen, ...]
) -> None:
    memory, again = learned(found), Memory(0.0)
    for person, profile in memory.profiles.items():
        again.admit(person, GROUPS[person], Profile.from_bytes(profile.to_bytes()))
    for person in PEOPLE:
        one = memory.known(person, GROUPS[person], asked, 40.0)
        two = again.known(person, GROUPS[person], asked, 40.0)
        for name, familiarity in one.dimensions.items():
            other = two.dimensions[name]
            assert other.person == pytest.approx(familiarity.person, abs=2)
            assert other.everyone == pytest.approx(familiarity.everyone, abs=3)
            assert other.days == familiarity.days
        assert two.amounts["rows"].person == pytest.approx(one.amounts["rows"].person, abs=2)


@given(events, aspects, st.permutations(range(3)))
def test_the_order_of_aspects_does_not_matter(
    found: list[Event], asked: tuple[Seen, ...], order: list[int]
) -> None:
    turned = [
        (person, tuple(seen[place] for place in order), day, confirmed)
        for person, seen, day, confirmed in found
    ]
    for person in PEOPLE:
        one = learned(found).known(person, GROUPS[person], asked, 40.0)
        two = learned(turned).known(person, GROUPS[person], asked, 40.0)
        assert one == two


@given(events, actions, st.sampled_from(PEOPLE), st.booleans())
def test_learning_something_never_makes_it_less_usual(
    found: list[Event], asked: Seen, person: str, confirmed: bool
) -> None:
    memory = learned(found)
    before = memory.known(person, GROUPS[person], [asked], 41.0).dimensions["action"]
    memory.learn(person, GROUPS[person], [asked], 41.0, confirmed=confirmed)
    after = memory.known(person, GROUPS[person], [asked], 41.0).dimensions["action"]
    # What was never learned has no counts at all.
    assert after.person[0] >= (before.person or (0,))[0]
    assert after.everyone[0] >= (before.everyone or (0,))[0]
    assert after.days[0] >= (before.days or (0,))[0]
    assert of_chain(after).bits(0) <= of_chain(before).bits(0) + 1e-9


@given(events, st.sampled_from(PEOPLE), st.floats(0, 1e8), st.floats(1, 100))
def test_more_of_an_amount_is_never_less_suspicious(
    found: list[Event], person: str, amount: float, times: float
) -> None:
    memory = learned(found)
    rows = dimension("rows")
    one, more = (
        memory.known(person, GROUPS[person], [Seen(rows, (), value)], 41.0).amounts["rows"]
        for value in (amount, amount * times)
    )
    assert of_amount(more) >= of_amount(one)


counts = st.integers(0, 10**7)


@given(st.integers(1, 5), st.data())
def test_a_chain_whose_levels_all_match_says_nothing(deep: int, data: st.DataObject) -> None:
    found = of_chain(_a_chain(deep, data))
    assert found.bits(deep) == 0.0
    assert found.bits(deep + 90) == 0.0
    assert all(-8.0 <= found.bits(matched) <= 8.0 for matched in range(deep))


def _a_chain(deep: int, data: st.DataObject) -> Familiarity:
    size = 2 * deep + 1
    person = data.draw(st.just(()) | st.tuples(*(counts,) * size))
    others = data.draw(st.tuples(*(counts,) * size))
    everyone = tuple(map(sum, zip(person or (0,) * size, others, strict=True)))
    days = data.draw(st.tuples(*(st.integers(0, 3),) * deep))
    return Familiarity("network", tuple("vwxyz"[:deep]), person, (), everyone, days)


@given(st.tuples(*(counts,) * 6))
def test_amounts_say_at_most_the_most(found: tuple[int, ...]) -> None:
    above = [min(found[place], found[place + 1]) for place in (0, 2, 4)]
    total = [max(found[place], found[place + 1]) for place in (0, 2, 4)]
    seen = Magnitude("rows", 1, above[0], total[0], above[1], total[1], above[2], total[2])
    assert -1.75 <= of_amount(seen) <= 8.0


@given(events, st.sampled_from(PEOPLE), aspects)
def test_kept_counts_and_evidence_say_the_same(
    found: list[Event], person: str, asked: tuple[Seen, ...]
) -> None:
    # Fresh and out of probation, so that counts are far from where a thousandth matters.
    memory = learned([(who, seen, 39.0 + day / 40, True) for who, seen, day, _ in found])
    known = memory.known(person, GROUPS[person], asked, 40.0)
    behaviour, volume, *own = bits_of(memory.reading(person, GROUPS[person], 40.0), asked)
    assert behaviour == pytest.approx(of_chain(known.dimensions["action"]).bits(0), abs=0.05)
    assert own[0] == pytest.approx(of_chain(known.dimensions["network"]).bits(0), abs=0.05)
    assert volume == pytest.approx(of_amount(known.amounts["rows"]), abs=0.05)
