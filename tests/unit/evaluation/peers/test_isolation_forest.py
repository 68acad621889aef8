"""The peer that stands on a package of the extra `evaluate`; skipped without it."""

from typing import Any

import pytest

from assent.evaluation.scorer import LearnMode
from unit.evaluation.evaluation_builders import a_habit, a_masquerader, a_row, as_usual

pytest.importorskip("sklearn.ensemble", exc_type=ImportError)


def a_peer(mode: LearnMode = LearnMode.TRUSTED) -> Any:
    from assent.evaluation.peers.isolation_forest import Peer

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


def test_walking_the_trees_gives_the_score_of_scikit_learn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import numpy
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped, unused-ignore]

    fitted = []
    fit = IsolationForest.fit

    def remembered(self: Any, points: Any) -> Any:
        fitted.append(self)
        return fit(self, points)

    monkeypatch.setattr(IsolationForest, "fit", remembered)
    peer = learned()
    for row in (as_usual(), as_usual(3), a_masquerader()):
        numbers = peer._frequencies.numbers(row)
        point = numpy.array([[numbers[name] for name in peer._names]], dtype=numpy.float32)
        theirs = -fitted[-1].score_samples(point)[0]
        assert peer.score(row) == pytest.approx(theirs, abs=1e-6)
