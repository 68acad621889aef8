"""Asking for more of a result than may pass."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.decision import ApprovalRemedy, Deny, Obligation, Permit, Quorum, ReasonRemedy
from assent.core.evidence import Authentication
from assent.policy.more import exceeding, parse_more
from policy_builders import BEN, CARL, NOW, SHOP, action, evidence, touch

READ = action(touch("sql.read"))
MORE = replace(READ, details={"exceeds": "max_rows 1000", "passed_rows": "1000"})
LIMITED = Permit(
    "rev",
    ("reads",),
    (Obligation("max_rows", "1000", "reads"), Obligation("more", "approve: 1 of dba", "reads")),
)


def test_what_asks_for_no_more_is_as_it_was() -> None:
    assert exceeding(LIMITED, READ, evidence(), NOW) is LIMITED


def test_more_needs_assent_and_says_what_is_reached() -> None:
    denied = exceeding(LIMITED, MORE, evidence(), NOW)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.denied_by) == ("remedy-needed", ("reads",))
    assert denied.messages == ("1,000 rows reached: assent needed for more",)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, "dba"),),)),)


def test_more_may_pass_once_the_right_person_assented_to_exactly_that() -> None:
    assert exceeding(LIMITED, MORE, evidence(MORE, BEN), NOW) is LIMITED
    assert isinstance(exceeding(LIMITED, MORE, evidence(MORE, CARL), NOW), Deny)
    other = replace(MORE, details={"exceeds": "max_rows 1000", "passed_rows": "5"})
    assert isinstance(exceeding(LIMITED, other, evidence(MORE, BEN), NOW), Deny)


def test_what_several_permits_ask_adds_up() -> None:
    both = (Obligation("more", "reason", "a"), Obligation("more", "approve: 2 of dba", "b"))
    denied = exceeding(replace(LIMITED, obligations=both), MORE, evidence(), NOW)
    assert isinstance(denied, Deny)
    assert denied.remedies == (ReasonRemedy(), ApprovalRemedy(((Quorum(2, "dba"),),)))


def test_the_owners_are_those_of_the_target_and_none_is_final() -> None:
    owned = replace(LIMITED, obligations=(Obligation("more", "approve: 1 of owners", "a"),))
    denied = exceeding(owned, MORE, evidence(), NOW)
    assert isinstance(denied, Deny)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, "dba|platform"),),)),)
    nobodys = replace(evidence(), target=replace(SHOP, owners=frozenset()))
    final = exceeding(owned, MORE, nobodys, NOW)
    assert isinstance(final, Deny)
    assert final.remedies == ()


def test_nothing_said_of_more_asks_one_of_the_owners() -> None:
    denied = exceeding(replace(LIMITED, obligations=()), MORE, evidence(), NOW)
    assert isinstance(denied, Deny)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, "dba|platform"),),)),)


def test_a_fresh_proof_can_be_enough() -> None:
    fresh = replace(LIMITED, obligations=(Obligation("more", "step-up: 5m", "a"),))
    proof = Authentication("password", NOW, NOW - timedelta(minutes=1))
    assert isinstance(exceeding(fresh, MORE, evidence(), NOW), Deny)
    assert exceeding(fresh, MORE, replace(evidence(), authentication=proof), NOW) is fresh


@pytest.mark.parametrize(
    ("details", "words"),
    [("max_bytes 10485760", "10,485,760 bytes reached"), ("odd", " odd reached")],
)
def test_every_limit_is_told_in_its_units(details: str, words: str) -> None:
    denied = exceeding(LIMITED, replace(MORE, details={"exceeds": details}), evidence(), NOW)
    assert isinstance(denied, Deny)
    assert denied.messages[0].startswith(words)


def test_a_ticket_cannot_be_asked_for_while_a_result_waits() -> None:
    with pytest.raises(ValueError, match="`ticket` cannot be given"):
        parse_more("ticket; approve: 1 of dba")
