"""What a provider says becomes people, groups, roles and lines of managers here."""

from dataclasses import replace
from typing import Any

import pytest

from assent.control.provisioning import Group, Person, Provisioning, UnfinishedFault
from assent.core.faults import ConflictFault, OutsideFault
from assent.core.role import Role
from assent.core.subject import Subject
from memory_plane import MemoryPlane


def named(plane: MemoryPlane, name: str) -> Subject:
    found = plane.directory.subject_named(name)
    assert found is not None
    return found


def provisioning(plane: MemoryPlane) -> Provisioning:
    found = plane.plane.provisioning
    found.groups = {"DB Admins": "dba"}
    found.roles = {"ops": Role.OPERATOR, "Watchers": Role.AUDITOR}
    return found


async def test_groups_roles_and_managers_follow() -> None:
    plane = MemoryPlane()
    it = provisioning(plane)
    await it.put_person("c", Person("cem", manager="b"), "{}", None)
    await it.put_person("b", Person("bea", manager="a", roles=frozenset({"ops"})), "{}", None)
    await it.put_person("a", Person("amy"), "{}", None)
    await it.put_group("g", Group("DB Admins", frozenset({"b", "c", "gone"})), "{}", None)
    cem, bea, amy = (named(plane, name) for name in ("cem", "bea", "amy"))
    assert cem.reports_to == (bea.id, amy.id)
    assert (cem.groups, bea.roles) == ({"dba"}, {Role.OPERATOR})
    await it.put_group("g", Group("Watchers", frozenset({"c"})), "{}", None)
    assert (named(plane, "cem").groups, named(plane, "bea").groups) == ({"Watchers"}, frozenset())
    assert named(plane, "cem").roles == {Role.AUDITOR}
    await it.remove_group("g", None)
    assert named(plane, "cem").groups == frozenset()
    await it.remove_person("b", None)
    assert named(plane, "cem").reports_to == ()
    assert named(plane, "bea").disabled


async def test_managers_in_a_circle_end() -> None:
    plane = MemoryPlane()
    it = provisioning(plane)
    await it.put_person("a", Person("amy", manager="b"), "{}", None)
    await it.put_person("b", Person("bea", manager="a"), "{}", None)
    assert named(plane, "amy").reports_to == (named(plane, "bea").id,)


async def test_whom_an_administrator_disabled_stays_so_until_active_changes() -> None:
    plane = MemoryPlane()
    it = provisioning(plane)
    await it.put_person("a", Person("amy"), "{}", None)
    await plane.people.disable(named(plane, "amy"), None)
    await it.put_person("a", Person("amy", display_name="Amy"), "{}", None)
    assert named(plane, "amy").disabled
    await it.put_person("a", Person("amy", active=False), "{}", None)
    await it.put_person("a", Person("amy"), "{}", None)
    assert not named(plane, "amy").disabled


async def test_a_name_that_is_taken_changes_nothing() -> None:
    plane = MemoryPlane()
    it = provisioning(plane)
    with pytest.raises(ConflictFault):
        await it.put_person("x", Person("ana"), "{}", None)
    assert named(plane, "ana").source == "configuration"
    await it.put_group("g", Group("one"), "{}", None)
    with pytest.raises(ConflictFault):
        await it.put_group("h", Group("one"), "{}", None)


async def test_what_was_cut_short_is_finished_later(monkeypatch: pytest.MonkeyPatch) -> None:
    plane = MemoryPlane()
    it = provisioning(plane)
    await it.put_person("a", Person("amy"), "{}", None)
    put = plane.people.put

    async def away(*_: Any, **__: Any) -> Subject:
        raise OutsideFault("store-away", "the disk is full")

    monkeypatch.setattr(plane.people, "put", away)
    with pytest.raises(UnfinishedFault):
        await it.put_group("g", Group("eng", frozenset({"a"})), "{}", None)
    assert named(plane, "amy").groups == frozenset()
    monkeypatch.setattr(plane.people, "put", put)
    await it.finish(None)
    assert named(plane, "amy").groups == {"eng"}


async def test_a_restart_puts_right_what_was_not_finished() -> None:
    plane = MemoryPlane()
    before = provisioning(plane)
    await before.put_person("a", Person("amy"), "{}", None)
    await before.put_group("g", Group("eng", frozenset({"a"})), "{}", None)
    await plane.people.put(replace(named(plane, "amy"), groups=frozenset({"old"})), None)
    amy = named(plane, "amy")
    fresh = MemoryPlane()
    await fresh.people.put(amy, None)
    after = provisioning(fresh)
    people = {"a": (amy.id, Person("amy"))}
    await after.take_up(people, {"g": Group("eng", frozenset({"a"}))})
    assert named(fresh, "amy").groups == {"eng"}
