"""What is done while the glass is broken is recorded, whichever grant covers it."""

from dataclasses import replace

from assent.control.emergency import (
    RECORDED,
    emergency_words,
    fully_recorded,
    in_emergency,
)
from assent.core.decision import Deny, Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.grant import GrantKind
from builders import ANA, NOON, SHOP, a_grant, an_action

USUAL = a_grant()
BROKEN = replace(USUAL, kind=GrantKind.BREAK_GLASS)
PERMIT = Permit("rev", ("p",), (Obligation("record", "", "p"),))


def test_what_is_permitted_in_a_session_is_recorded() -> None:
    evidence = Evidence(NOON, ANA, SHOP, grants=(USUAL, BROKEN))
    decision = fully_recorded(PERMIT, an_action(), evidence)
    assert isinstance(decision, Permit)
    assert set(decision.obligations) == {*PERMIT.obligations, RECORDED}
    assert fully_recorded(decision, an_action(), evidence) == decision


def test_nothing_changes_without_it_nor_outside_of_sessions_nor_for_denials() -> None:
    broken = Evidence(NOON, ANA, SHOP, grants=(BROKEN,))
    usual = Evidence(NOON, ANA, SHOP, grants=(USUAL,))
    denial = Deny("rev", "forbidden", ("no",))
    assert fully_recorded(PERMIT, an_action(), usual) == PERMIT
    assert fully_recorded(PERMIT, an_action(session=None), broken) == PERMIT
    assert fully_recorded(denial, an_action(), broken) == denial


def test_one_such_grant_is_enough() -> None:
    assert in_emergency((USUAL, BROKEN))
    assert not in_emergency((USUAL,))


def test_the_client_hears_what_it_means_and_how_it_ends() -> None:
    words = " ".join(emergency_words("shop"))
    assert "recorded" in words
    assert "review" in words
    assert "assent give-back shop" in words
