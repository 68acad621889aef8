"""What claims mean here: names, groups and roles; whatever is not understood gives nothing."""

from dataclasses import replace
from typing import Any

import pytest

from assent.core.faults import ForbiddenFault
from assent.core.role import Role
from assent.identity.claims import Reading

CLAIMS: dict[str, Any] = {
    "sub": "1",
    "preferred_username": "ana",
    "groups": ["assent-dba", "gardeners", 7, "administrators"],
}


def test_without_a_word_of_the_operator_no_group_counts() -> None:
    assert Reading().proved(CLAIMS).groups == frozenset()


def test_groups_are_mapped_cut_or_taken_as_they_are() -> None:
    mapped = Reading(groups={"gardeners": "eng"}).proved(CLAIMS)
    assert mapped.groups == {"eng"}
    assert Reading(group_prefix="assent-").proved(CLAIMS).groups == {"dba"}
    everything = Reading(all_groups=True).proved(CLAIMS)
    assert everything.groups == {"assent-dba", "gardeners", "administrators"}


def test_roles_come_from_groups_or_a_claim_of_their_own() -> None:
    reading = Reading(roles={"gardeners": Role.AUDITOR})
    assert reading.proved(CLAIMS).roles == {Role.AUDITOR}
    own = replace(reading, roles_claim="roles")
    assert own.proved(CLAIMS).roles == frozenset()
    assert own.proved(CLAIMS | {"roles": "gardeners"}).roles == {Role.AUDITOR}


@pytest.mark.parametrize("name", [None, "", "a b", "ä", "x" * 64, 7, "a\nb"])
def test_a_name_that_cannot_be_one_is_refused(name: object) -> None:
    with pytest.raises(ForbiddenFault, match="a name here"):
        Reading().proved(CLAIMS | {"preferred_username": name})


def test_an_address_that_nobody_verified_is_not_taken() -> None:
    said = CLAIMS | {"email": "ana@example.org"}
    assert Reading().proved(said).email == "ana@example.org"
    assert Reading().proved(said | {"email_verified": False}).email == ""


@pytest.mark.parametrize("odd", [{"groups": {"a": 1}}, {"groups": 7}, {"zoneinfo": "Mars/Olympus"}])
def test_what_is_not_understood_gives_nothing(odd: dict[str, Any]) -> None:
    proved = Reading(all_groups=True).proved({"sub": "1", "preferred_username": "ana"} | odd)
    assert (proved.groups, proved.time_zone) == (frozenset(), "")


def test_what_is_not_among_the_claims_is_asked_for() -> None:
    assert Reading().lacks({"preferred_username": "ana"})
    assert not Reading().lacks(CLAIMS)
