"""The menu: what it offers to whom."""

import pytest

from assent.control.sign_in import Caller, caller_as
from assent.core.evidence import Authentication
from assent.core.ids import SubjectId
from assent.core.role import Role
from assent.core.subject import Subject
from assent.web.navigation import PLACES, menu_of, role_words
from builders import NOON


def caller(*roles: Role) -> Caller:
    subject = Subject(SubjectId("sub_ana"), "ana", roles=frozenset(roles))
    return caller_as(subject, Authentication("password", NOON), "digest", "", "web")


def names(*roles: Role) -> set[str]:
    return {place.name for section in menu_of(caller(*roles)) for place in section.places}


def test_every_page_stands_once_and_every_key_leads_to_one() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
    assert len({place.path for place in PLACES}) == len(PLACES)
    keys = [place.key for place in PLACES if place.key]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 1 and key.isascii() and key.islower() for key in keys)


@pytest.mark.parametrize("role", Role)
def test_a_page_is_offered_to_whoever_may_open_it(role: Role) -> None:
    may = caller(role).permissions
    assert names(role) == {place.name for place in PLACES if place.permission in may}
    assert all(section.places for section in menu_of(caller(role)))


def test_an_auditor_is_offered_nothing_that_asks() -> None:
    assert "search" in names(Role.AUDITOR)
    assert "search" not in names(Role.REQUESTER)


def test_the_roles_of_a_person_are_named_beside_their_name() -> None:
    assert role_words(caller()) == "requester"
    assert role_words(caller(Role.SECURITY, Role.OPERATOR)) == "operator, security"
