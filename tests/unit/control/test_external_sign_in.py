"""Who somebody of a provider is here: nobody becomes another one by a name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.external_sign_in import Place
from assent.control.providers import Proved
from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.ids import SubjectId
from assent.core.role import Role
from assent.core.subject import Subject
from memory_plane import NOON, MemoryPlane

HERE = Place("192.0.2.1", "a browser")
HOUR = timedelta(hours=1)
NORA = Proved("1", "nora", groups=frozenset({"dba"}), roles=frozenset({Role.OPERATOR}), session="s")


async def signed_in(plane: MemoryPlane, proved: Proved, provider: str = "corp") -> Subject:
    _, token = await plane.providers.sign_in(provider, proved, HERE, HOUR)
    return plane.directory.subject(token.subject)


async def test_the_first_sign_in_makes_somebody_and_later_ones_follow() -> None:
    plane = MemoryPlane()
    nora = await signed_in(plane, NORA)
    assert (nora.source, nora.groups, nora.roles) == ("oidc:corp", {"dba"}, {Role.OPERATOR})
    later = await signed_in(plane, replace(NORA, name="nora.n", groups=frozenset()))
    assert (later.id, later.name, later.groups) == (nora.id, "nora.n", frozenset())


async def test_the_same_name_of_another_provider_is_somebody_else() -> None:
    plane = MemoryPlane()
    await signed_in(plane, NORA)
    with pytest.raises(ForbiddenFault, match="link them"):
        await signed_in(plane, NORA, "other")


async def test_somebody_of_the_configuration_is_only_who_it_links() -> None:
    plane = MemoryPlane()
    with pytest.raises(ForbiddenFault):
        await signed_in(plane, Proved("9", "ana"))
    plane.providers.linked = {("corp", "9"): "ana"}
    ana = await signed_in(plane, Proved("9", "whatever", groups=frozenset({"security"})))
    assert (ana.name, ana.groups) == ("ana", {"eng"})
    plane.providers.linked = {}
    with pytest.raises(ForbiddenFault):
        await signed_in(plane, Proved("9", "ana"))


async def test_whom_scim_put_here_signs_in_only_where_that_is_said() -> None:
    plane = MemoryPlane()
    await plane.people.put(Subject(SubjectId("sub_sam"), "sam", source="scim"), None)
    with pytest.raises(ForbiddenFault):
        await signed_in(plane, Proved("4", "sam"))
    plane.providers.sign_in_with = "corp"
    sam = await signed_in(plane, Proved("4", "sam", groups=frozenset({"security"})))
    assert (sam.id, sam.groups) == ("sub_sam", frozenset())
    with pytest.raises(ForbiddenFault, match="another account"):
        await signed_in(plane, Proved("5", "sam"))


async def test_a_sign_in_lasts_no_longer_than_the_session_there() -> None:
    plane = MemoryPlane()
    soon = replace(NORA, ends_at=NOON + timedelta(minutes=5))
    _, token = await plane.providers.sign_in("corp", soon, HERE, HOUR)
    assert token.expires_at == NOON + timedelta(minutes=5)
    with pytest.raises(ForbiddenFault, match="ended there"):
        await signed_in(plane, replace(NORA, ends_at=NOON))


async def test_what_ended_there_ends_here() -> None:
    plane = MemoryPlane()
    heard: list[tuple[str, bool]] = []

    async def hear(subject: SubjectId, everywhere: bool) -> None:
        heard.append((subject, everywhere))

    plane.providers.when_signed_out(hear)
    nora = await signed_in(plane, NORA)
    await signed_in(plane, replace(NORA, session="t"))
    assert await plane.providers.sign_out("other", "", "s") == 0
    assert await plane.providers.sign_out("corp", "", "s") == 1
    assert await plane.providers.sign_out("corp", "1", "") == 1
    assert heard == [(nora.id, False), (nora.id, True)]
    assert not await plane.store.tokens(nora.id)
    with pytest.raises(ForbiddenFault, match="ended there"):
        await signed_in(plane, NORA)
    assert await signed_in(plane, replace(NORA, session="u"))


async def test_a_person_who_was_disabled_stays_so() -> None:
    plane = MemoryPlane()
    nora = await signed_in(plane, NORA)
    await plane.people.disable(nora, None)
    with pytest.raises(ForbiddenFault, match="disabled"):
        await signed_in(plane, NORA)


def test_a_provider_that_is_not_there_is_not_there() -> None:
    with pytest.raises(MissingFault):
        MemoryPlane().providers.provider("gone")
