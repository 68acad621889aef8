"""Rules about values that are new."""

from assent.evaluation.peers.new_value import LAST, Peer
from assent.evaluation.scorer import LearnMode
from unit.evaluation.evaluation_builders import a_habit, a_masquerader, a_row, as_usual


def a_peer(mode: LearnMode = LearnMode.TRUSTED) -> Peer:
    peer = Peer(mode)
    for row in a_habit():
        peer.learn(row, label=None)
    return peer


def test_everything_that_is_new_counts_at_every_level() -> None:
    assert a_peer().score(as_usual()) == 0
    assert a_peer().score(a_masquerader()) == 5


def test_a_new_address_in_the_usual_network_is_one_new_value() -> None:
    elsewhere = a_row("u0", address=("192.0.2.77", "AS0", "AA"), command="c0", rows=10.0)
    assert a_peer().score(elsewhere) == 1


def test_a_subject_without_history_is_new_in_everything() -> None:
    assert Peer(LearnMode.TRUSTED).score(as_usual()) == 5


def test_a_value_is_forgotten_after_the_last_ones() -> None:
    peer = Peer(LearnMode.TRUSTED)
    for number in range(LAST + 1):
        peer.learn(a_row(verb=f"v{number}"), label=None)
    assert peer.score(a_row(verb="v0")) == 1
    assert peer.score(a_row(verb="v1")) == 0


def test_a_known_attack_makes_nothing_usual_unless_all_is_learned() -> None:
    for mode, new in ((LearnMode.TRUSTED, 5), (LearnMode.ALL, 0)):
        peer = a_peer(mode)
        peer.learn(a_masquerader(), label=1)
        assert peer.score(a_masquerader()) == new
