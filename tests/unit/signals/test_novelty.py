"""Unit tests of signals/novelty.py."""

from dataclasses import replace

from assent.core.signal import SignalStatus
from assent.signals.novelty import history_words, learned, measure_chain
from signal_evidence import ANA, evidence, familiar, knowing

CHAIN = ("public.orders", "public", "shop")


def words(seen: object, groups: frozenset[str] = ANA.groups) -> str:
    return history_words(seen, evidence(subject=replace(ANA, groups=groups)))  # type: ignore[arg-type]


def test_what_is_usual_is_said_with_its_history() -> None:
    seen = familiar("resource", *CHAIN, own=(41, 50, 50, 50), every=(60, 90, 90, 90))
    assert words(seen) == "public.orders: 41 times by ana"


def test_what_is_in_probation_says_on_how_many_days_it_was_seen() -> None:
    seen = familiar("resource", *CHAIN, own=(2, 50, 50, 50), every=(60, 90, 90, 90), days=1)
    assert words(seen) == "public.orders: 2 times on 1 day by ana"


def test_the_most_general_level_that_is_new_is_named_with_the_share_of_the_peers() -> None:
    seen = familiar(
        "resource", *CHAIN, own=(0, 0, 50, 50), peers=(1, 2, 250, 250), every=(9, 9, 900, 900)
    )
    assert words(seen) == "public: never before by ana, and 1.0 % of what finance does"


def test_the_share_is_of_what_others_do_and_not_of_the_persons_own() -> None:
    seen = familiar("resource", "x", own=(0, 50), peers=(5, 60), every=(5, 60))
    assert words(seen) == "x: never before by ana, and 50 % of what finance does"


def test_what_only_everybody_else_does_or_nobody_is_said_so() -> None:
    everybody = familiar("resource", "x", own=(0, 50), peers=(0, 90), every=(1, 150))
    assert words(everybody).endswith("and 1.0 % of what everybody else does")
    nobody = familiar("resource", "x", own=(0, 50), peers=(0, 90), every=(0, 150))
    assert words(nobody) == "x: never before by ana, nor by anybody else"


def test_several_groups_are_not_mistaken_for_one() -> None:
    seen = familiar("resource", "x", own=(0, 50), peers=(5, 60), every=(5, 60))
    assert "everybody in the groups of ana" in words(seen, frozenset({"a", "b"}))


def test_somebody_new_is_compared_with_the_peers_and_it_says_so() -> None:
    seen = familiar("resource", "x", peers=(9, 90), every=(9, 90))
    assert words(seen) == "x: nothing was learned of ana yet, and 10 % of what finance does"


def test_before_anything_was_learned_it_says_so() -> None:
    assert words(familiar("resource", "x")) == ("x: nothing was learned yet of ana or anybody else")


def test_a_usual_value_speaks_for_the_person_and_a_new_one_against() -> None:
    usual = familiar("resource", "x", own=(40, 50), every=(45, 900))
    new = familiar("resource", "x", own=(0, 50), every=(5, 900))
    for_her = measure_chain("s", "resource", knowing(usual), "nothing")
    against = measure_chain("s", "resource", knowing(new), "nothing")
    assert for_her.status is SignalStatus.ABSENT
    assert max(for_her.weights) < 0
    assert against.status is SignalStatus.OBSERVED
    assert min(against.weights) > 0


def test_an_aspect_that_the_action_has_not_says_nothing() -> None:
    assert measure_chain("s", "resource", evidence(), "nothing").reason == "nothing"
    assert measure_chain("s", "resource", knowing(familiar("resource")), "nothing").weights == ()


def test_a_profile_that_cannot_be_read_speaks_against_everybody() -> None:
    for away in (evidence(known=None), evidence(unavailable=frozenset({"history"}))):
        assert learned(away) is None
        signal = measure_chain("s", "resource", away, "nothing")
        assert signal.status is SignalStatus.UNAVAILABLE
        assert signal.weights == (1500,) * 7
