"""The peer that stands on a package of the extra `evaluate`; skipped without it."""

from typing import Any

import pytest

from assent.evaluation.scorer import LearnMode
from unit.evaluation.evaluation_builders import a_habit, a_masquerader, a_row, as_usual

pytest.importorskip("river.anomaly", exc_type=ImportError)


def a_peer(mode: LearnMode = LearnMode.TRUSTED) -> Any:
    from assent.evaluation.peers.half_space_trees import Peer

    return Peer(mode)


def learned(mode: LearnMode = LearnMode.TRUSTED) -> Any:
    peer = a_peer(mode)
    for row in a_habit():
        peer.learn(row, label=None)
    return peer


def test_a_masquerader_stands_out() -> None:
    peer = learned()
    assert peer.score(a_masquerader()) > max(peer.score(as_usual(who)) for who in range(6))


def test_the_same_history_gives_the_same_scores() -> None:
    assert learned().score(a_masquerader()) == learned().score(a_masquerader())


def test_before_enough_was_learned_all_rows_are_alike() -> None:
    assert a_peer().score(a_masquerader()) == a_peer().score(as_usual())


def test_a_known_attack_is_learned_only_when_all_is() -> None:
    for mode, changes in ((LearnMode.TRUSTED, False), (LearnMode.ALL, True)):
        peer = learned(mode)
        before = peer.score(a_masquerader())
        for _ in range(300):
            peer.learn(a_masquerader(), label=1)
        assert (peer.score(a_masquerader()) != before) is changes


def test_features_may_differ_from_row_to_row() -> None:
    peer = a_peer()
    for at in range(300):
        peer.learn(a_row(verb="x") if at % 2 else a_row(tool="t", rows=float(at)), label=None)
    assert 0 <= peer.score(a_row(something="new")) <= 1
