"""The published score, against its formula computed from the rows themselves."""

from math import exp, log, prod

import pytest

from assent.evaluation.peers.freeman import Peer
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode
from unit.evaluation.evaluation_builders import a_habit, a_masquerader, a_row, as_usual

ADDRESS_WEIGHTS = (0.6, 0.3, 0.1)
HISTORY = [
    a_row("ana", address=("1.1", "A", "X")),
    a_row("ana", address=("1.2", "A", "X")),
    a_row("ana", address=("1.1", "A", "X")),
    a_row("ben", address=("1.1", "A", "X")),
    a_row("ben", address=("2.1", "B", "X")),
    a_row("eve", address=("3.1", "C", "Y")),
]


def learned(rows: list[Row], mode: LearnMode = LearnMode.TRUSTED) -> Peer:
    peer = Peer(mode)
    for row in rows:
        peer.learn(row, label=row.label)
    return peer


def addresses(rows: list[Row]) -> list[tuple[str, ...]]:
    return [value for row in rows if isinstance(value := row.features["address"], tuple)]


def published(subject: str, address: tuple[str, str, str]) -> float:
    """Equation 7 with one feature of three levels, as the authors of the data set have it."""
    everybody = addresses(HISTORY)
    own = addresses([row for row in HISTORY if row.subject == subject])
    unseen = len({one[1] for one in everybody}) + len({one[2] for one in everybody}) + 1
    first = sum(one[0] == address[0] for one in everybody)
    if first:
        specific = first / len(everybody) * (1 - unseen / (len(everybody) + unseen))
        within = 1 - 3 / (first + 3)
    else:
        specific, within = 1 / (len(everybody) + unseen), 1.0
    overall = ADDRESS_WEIGHTS[0] * specific * within + sum(
        ADDRESS_WEIGHTS[level]
        * sum(one[level] == address[level] for one in everybody)
        / len(everybody)
        for level in (1, 2)
    )
    likelihood = sum(
        weight * sum(one[level] == address[level] for one in own) / len(own)
        for level, weight in enumerate(ADDRESS_WEIGHTS)
    )
    subjects = len({row.subject for row in HISTORY})
    prior = (1 / subjects) / (len(own) / len(everybody))
    return overall / (likelihood or overall / 4) * prior


@pytest.mark.parametrize("subject", ["ana", "ben", "eve"])
@pytest.mark.parametrize(
    "address",
    [
        ("1.1", "A", "X"), ("1.2", "A", "X"), ("9.9", "A", "X"), ("9.9", "Z", "X"),
        ("3.1", "C", "Y"), ("9.9", "Z", "W"),
    ],
)  # fmt: skip
def test_the_score_is_the_published_one(subject: str, address: tuple[str, str, str]) -> None:
    score = learned(HISTORY).score(a_row(subject, address=address))
    assert exp(score) == pytest.approx(published(subject, address))


def test_a_feature_of_one_level_is_smoothed_by_one_unseen_value() -> None:
    peer = learned([a_row("ana", verb="x"), a_row("ana", verb="x"), a_row("ben", verb="y")])
    prior = (1 / 2) / (2 / 3)
    for verb, ratio in (("x", (2 / 4) / (2 / 3)), ("y", (1 / 4) / (1 / 3)), ("z", 0.75)):
        assert exp(peer.score(a_row("ana", verb=verb))) == pytest.approx(ratio * prior)


def test_features_multiply() -> None:
    peer = learned([a_row(who, verb="x", tool="t") for who in ("ana", "ana", "ben")])
    prior = log((1 / 2) / (2 / 3))
    rows = (a_row("ana", verb="x"), a_row("ana", tool="q"))
    alone = [peer.score(row) - prior for row in rows]
    assert peer.score(a_row("ana", verb="x", tool="q")) == pytest.approx(sum(alone) + prior)


def test_a_subject_without_history_is_unseen_in_every_feature() -> None:
    peer = learned([a_row("ana", verb="x"), a_row("ana", verb="x")])
    ratio = prod((4.0, 4.0)) * (1 / 1) / (1 / 2)
    assert exp(peer.score(a_row("new", verb="x", tool="t"))) == pytest.approx(ratio)


def test_without_any_history_it_says_nothing() -> None:
    assert Peer(LearnMode.TRUSTED).score(as_usual()) == 0.0


@pytest.mark.parametrize("depth", [2, 3, 4, 5, 16])
def test_any_depth_of_hierarchy_is_scored(depth: int) -> None:
    chain = tuple(f"v{level}" for level in range(depth))
    peer = learned([a_row("ana", v=chain)] * 5 + [a_row("ben", v=("other",) * depth)] * 5)
    assert peer.score(a_row("ana", v=chain)) < peer.score(a_row("ben", v=chain))


def test_a_masquerader_stands_out() -> None:
    peer = learned(a_habit())
    assert peer.score(a_masquerader()) > max(peer.score(as_usual(who)) for who in range(6))


def test_a_known_attack_is_learned_only_when_all_is() -> None:
    attack = a_masquerader()
    unchanged = learned(a_habit()).score(attack)
    assert learned([*a_habit(), attack]).score(attack) == unchanged
    assert learned([*a_habit(), attack], LearnMode.ALL).score(attack) < unchanged
