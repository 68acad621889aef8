"""How a session stands: what it is held for is asked with what an action lacks, and replays."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.control.standing import (
    OPEN,
    Standing,
    StandingKind,
    bound,
    cut_words,
    denial_from_json,
    denial_json,
    standing_of,
    told,
    undecided,
    under,
)
from assent.core.decision import (
    ApprovalRemedy,
    Deny,
    Escalation,
    Obligation,
    Permit,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.evidence import Authentication, Evidence
from builders import ANA, NOON, SHOP, an_action

PERMIT = Permit("rev", ("p",))
READ_ONLY = Permit("rev", ("p",), (Obligation("read_only", "", "p"),))
STEP_UP = StepUpRemedy(timedelta(minutes=15))
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))
HELD = Deny("rev", "remedy-needed", ("confirm who you are",), ("fresh",), (STEP_UP,))
FINAL = Deny("rev", "forbidden", ("closed",), ("closed",))
EVIDENCE = Evidence(NOON, ANA, SHOP)
FRESH = replace(EVIDENCE, authentication=Authentication("password", NOON, NOON))

REMEDIES: tuple[Remedy, ...] = (
    ReasonRemedy(),
    TicketRemedy(),
    STEP_UP,
    ApprovalRemedy(
        ((Quorum(2, "dba|sre"),), (Quorum(1, "@sub_1"),)),
        signed=True,
        outside_line=True,
        escalations=(Escalation(timedelta(minutes=10), "security"),),
    ),
)


@pytest.mark.parametrize(
    ("decision", "kind"),
    [
        (PERMIT, StandingKind.OPEN),
        (READ_ONLY, StandingKind.READ_ONLY),
        (HELD, StandingKind.HELD),
        (FINAL, StandingKind.OVER),
    ],
)
def test_a_standing_follows_from_the_decision(decision: Permit | Deny, kind: StandingKind) -> None:
    assert standing_of(decision).kind is kind


def test_standings_are_ordered_by_what_they_take_away() -> None:
    ranks = [kind.rank for kind in StandingKind]
    assert ranks == sorted(ranks)
    assert StandingKind.UNDECIDED.rank < StandingKind.OVER.rank


def test_nothing_is_let_through_that_the_session_lacks() -> None:
    action = an_action()
    held = under(PERMIT, HELD, action, EVIDENCE)
    assert isinstance(held, Deny)
    assert held.remedies == (STEP_UP,)
    assert under(PERMIT, HELD, action, FRESH) == PERMIT
    assert under(PERMIT, None, action, EVIDENCE) == PERMIT


def test_what_nothing_lifts_stays_so_whatever_the_session_is_held_for() -> None:
    assert under(FINAL, HELD, an_action(), FRESH) == FINAL
    refused = under(PERMIT, undecided("rev").denial, an_action(), FRESH)
    assert isinstance(refused, Deny)
    assert refused.code == "undecided"
    assert refused.remedies == ()


def test_what_both_lack_is_asked_at_once() -> None:
    own = Deny("rev", "remedy-needed", ("a DBA must assent",), ("where",), (ONE_DBA,))
    asked = under(own, HELD, an_action(), EVIDENCE)
    assert isinstance(asked, Deny)
    assert set(asked.remedies) == {STEP_UP, ONE_DBA}
    assert asked.messages == ("confirm who you are", "a DBA must assent")
    assert asked.denied_by == ("fresh", "where")


@given(st.lists(st.sampled_from(REMEDIES), unique=True), st.text(max_size=20))
def test_a_denial_is_the_same_after_it_was_in_the_log(remedies: list[Remedy], words: str) -> None:
    denial = replace(HELD, remedies=tuple(remedies), messages=(words,))
    raw = msgspec.json.encode(denial_json(denial))
    assert denial_from_json(msgspec.json.decode(raw)) == denial


@pytest.mark.parametrize("content", [None, [], {"remedies": [["bribe", {}]]}, {"code": 1}])
def test_any_other_content_is_refused(content: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        denial_from_json(content)


def test_obligations_of_others_stay_when_those_of_the_opening_change() -> None:
    other = Obligation("record_results", "", "break-glass")
    before = (*READ_ONLY.obligations, other)
    assert bound(before, READ_ONLY, PERMIT) == (other,)
    assert set(bound((other,), PERMIT, READ_ONLY)) == set(before)


def test_each_change_says_what_happened_why_and_what_to_do() -> None:
    reading = Standing(StandingKind.READ_ONLY)
    held = standing_of(HELD)
    assert "assent step-up" in "\n".join(told(OPEN, held, "shop", "your groups were changed"))
    assert "your groups were changed" in told(OPEN, held, "shop", "your groups were changed")[1]
    assert "only read" in told(OPEN, reading, "shop", "x")[0]
    assert "write on `shop` again" in told(reading, OPEN, "shop", "x")[0]
    assert "go on on `shop` again" in told(held, OPEN, "shop", "x")[0]
    assert "cannot be decided now" in told(OPEN, undecided("rev"), "shop", "x")[0]
    asks = standing_of(replace(HELD, remedies=(ONE_DBA,)))
    assert "it waits" in told(OPEN, asks, "shop", "x")[2]
    assert "assent connect shop" in cut_words(FINAL, "shop", "you were disabled")
