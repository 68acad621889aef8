"""Tokens of programs: who makes them, what they are good for, and how they end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.api_tokens import LONGEST, MOST_EACH, STEPPED_UP_WITHIN
from assent.core.faults import ConflictFault, Fault, ForbiddenFault, MissingFault
from assent.core.ids import SubjectId
from assent.core.role import Permission
from assent.core.token import TokenKind
from builders import ANA, CARL, DORA, World
from memory_plane import MemoryPlane
from program_callers import as_program, in_a_browser, just_confirmed

ASK = frozenset({Permission.ASK})
DAY = timedelta(days=1)


async def test_a_token_is_shown_once_and_acts_as_its_owner_within_its_choice(world: World) -> None:
    tokens, carl = world.plane.programs.tokens, await just_confirmed(world, CARL)
    both = ASK | {Permission.READ_LOG}
    secret, kept = await tokens.mint(carl, "export", permissions=both, lasts_for=DAY)
    assert (kept.kind, kept.method, kept.name) == (TokenKind.API, "api-token", "export")
    assert kept.expires_at - kept.issued_at == DAY
    program = await as_program(world, secret)
    assert (program.subject, program.permissions) == (CARL, both)
    (held,) = await tokens.listing(carl)
    assert (held.token.id, held.token.seen_at) == (kept.id, world.clock.now())
    assert secret.reveal() not in await world.log()
    assert world.journal.count("token.minted") == 1


async def test_what_its_owner_may_not_any_more_it_may_not_either(world: World) -> None:
    tokens, carl = world.plane.programs.tokens, await just_confirmed(world, CARL)
    secret, _ = await tokens.mint(carl, "x", permissions=ASK | {Permission.READ_LOG})
    world.replace_people(replace(CARL, groups=frozenset()))
    assert (await as_program(world, secret)).permissions == ASK


@pytest.mark.parametrize("permission", [Permission.ANSWER, Permission.ACCOUNT])
async def test_no_token_answers_or_changes_an_account(world: World, permission: Permission) -> None:
    tokens, ben = world.plane.programs.tokens, await just_confirmed(world)
    with pytest.raises(ForbiddenFault, match="can be good for"):
        await tokens.mint(ben, "x", permissions=frozenset({permission}))
    secret, _ = await tokens.mint(ben, "x")
    assert permission not in (await as_program(world, secret)).permissions


async def test_a_token_makes_no_token_and_never_steps_up(world: World) -> None:
    tokens, ben = world.plane.programs.tokens, await just_confirmed(world)
    secret, kept = await tokens.mint(ben, "x")
    program = await as_program(world, secret)
    assert program.authentication.stepped_up_at is None
    with pytest.raises(ForbiddenFault, match="sign in yourself"):
        await tokens.mint(program, "y")
    with pytest.raises(ForbiddenFault, match="sign in yourself"):
        await tokens.revoke(program, kept.id)
    with pytest.raises(ForbiddenFault, match="cannot step up"):
        await world.sign_in.stepped_up(program, "password")


async def test_nobody_makes_one_who_has_not_just_confirmed_who_they_are(world: World) -> None:
    tokens, ben = world.plane.programs.tokens, await just_confirmed(world)
    world.clock.advance(STEPPED_UP_WITHIN + timedelta(seconds=1))
    with pytest.raises(ForbiddenFault, match="confirm who you are"):
        await tokens.mint(ben, "x")
    # Another sign-in of the same person, where nothing was confirmed for long.
    await just_confirmed(world)
    with pytest.raises(ForbiddenFault, match="confirm who you are"):
        await tokens.mint(ben, "x")


@pytest.mark.parametrize(
    ("name", "lasts_for"),
    [("", DAY), ("x" * 61, DAY), ("a\nb", DAY), ("x", LONGEST + DAY), ("x", timedelta(0))],
)
async def test_terms_that_do_not_fit_are_refused(
    world: World, name: str, lasts_for: timedelta
) -> None:
    ben = await just_confirmed(world)
    with pytest.raises(ConflictFault):
        await world.plane.programs.tokens.mint(ben, name, lasts_for=lasts_for)
    with pytest.raises(ConflictFault, match="good for"):
        await world.plane.programs.tokens.mint(ben, "x", permissions=frozenset())


async def test_somebody_has_so_many_and_no_more(world: World) -> None:
    tokens, ben = world.plane.programs.tokens, await just_confirmed(world)
    for number in range(MOST_EACH):
        await tokens.mint(ben, f"token {number}")
    with pytest.raises(ConflictFault, match="revoke one"):
        await tokens.mint(ben, "one more")


async def test_who_revokes_it_ends_it_at_once_and_others_do_not_see_it(world: World) -> None:
    tokens, ben = world.plane.programs.tokens, await just_confirmed(world)
    secret, kept = await tokens.mint(ben, "x")
    with pytest.raises(MissingFault):
        await tokens.revoke(await in_a_browser(world, DORA), kept.id)
    await tokens.revoke(await in_a_browser(world), kept.id)
    with pytest.raises(ForbiddenFault):
        await as_program(world, secret)
    assert list(await tokens.listing(ben)) == []
    assert world.journal.count("token.revoked") == 1
    with pytest.raises(MissingFault):
        await tokens.revoke(ben, kept.id)


async def test_it_ends_by_itself(world: World) -> None:
    tokens, ben = world.plane.programs.tokens, await just_confirmed(world)
    secret, _ = await tokens.mint(ben, "x", lasts_for=DAY)
    world.clock.advance(DAY)
    with pytest.raises(ForbiddenFault):
        await as_program(world, secret)
    assert list(await tokens.listing(ben)) == []


async def test_the_owner_is_told_of_each() -> None:
    plane = MemoryPlane()
    ben = plane.directory.subject(SubjectId("sub_ben"))
    secret, _ = await plane.sign_in.issue(ben, TokenKind.BROWSER, "passkey")
    caller = await plane.sign_in.authenticate(secret, "", "web")
    await plane.sign_in.stepped_up(caller, "passkey")
    _, kept = await plane.plane.programs.tokens.mint(caller, "nightly")
    await plane.plane.programs.tokens.revoke(caller, kept.id)
    assert [(one.topic, one.to) for one in plane.store.found_notices.values()] == [
        ("token.minted", (ben.id,)),
        ("token.revoked", (ben.id,)),
    ]


async def test_for_another_person_nobody_makes_one(world: World) -> None:
    ben = await just_confirmed(world)
    with pytest.raises(Fault, match="answers for"):
        await world.plane.programs.tokens.mint(ben, "x", holder=ANA)
