"""Which peers are built, and what is said of those that cannot be."""

import sys

import pytest

from assent.core.faults import OperatorFault
from assent.evaluation.peers.chosen import NAMES, build, named
from assent.evaluation.scorer import LearnMode


def test_peers_are_named_by_words() -> None:
    assert named("all") == NAMES
    assert named("none") == ()
    assert named("new_value, freeman,new_value") == ("new_value", "freeman")


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(OperatorFault, match="`freemen` is no peer; write `all`, `none`, or"):
        named("freeman,freemen")


@pytest.mark.parametrize("name", ["freeman", "new_value"])
def test_a_peer_has_the_name_that_it_is_asked_for_by(name: str) -> None:
    (peer,), left_out = build([name], LearnMode.TRUSTED)
    assert peer.name == name
    assert left_out == {}


def test_a_peer_whose_package_is_missing_is_left_out_with_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for package in ("river", "river.anomaly", "sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, package, None)
    for name in ("half_space_trees", "isolation_forest"):
        monkeypatch.delitem(sys.modules, f"assent.evaluation.peers.{name}", raising=False)
    peers, left_out = build(NAMES, LearnMode.ALL)
    assert [peer.name for peer in peers] == ["freeman", "new_value"]
    assert set(left_out) == {"half_space_trees", "isolation_forest"}
    assert all("`pip install assent[evaluate]` has it" in why for why in left_out.values())
