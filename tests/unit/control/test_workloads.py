"""Agents and service accounts: who makes them, what they may, and how they end."""

from dataclasses import replace

import pytest

from assent.control.sign_in import Caller
from assent.control.workloads import MOST_EACH
from assent.core.faults import ConflictFault, Fault, ForbiddenFault, MissingFault
from assent.core.role import Permission
from assent.core.subject import Subject, SubjectKind
from assent.core.token import TokenKind
from builders import ANA, BEN, DORA, World, a_subject
from program_callers import as_program, just_confirmed

ADA = a_subject("ada", "administrators")
AGENT, SERVICE = SubjectKind.AGENT, SubjectKind.WORKLOAD


async def agent(world: World, caller: Caller, name: str = "bot", **more: object) -> Subject:
    made: Subject = await world.plane.programs.workloads.make_agent(
        caller,
        name,
        "tidies up",
        **more,  # type: ignore[arg-type]
    )
    return made


async def administrator(world: World) -> Caller:
    await world.plane.people.put(replace(ADA, source="local"), None)
    caller = await just_confirmed_as(world, ADA)
    assert caller.may(Permission.CHANGE_PEOPLE)
    return caller


async def just_confirmed_as(world: World, person: Subject) -> Caller:
    secret, _ = await world.sign_in.issue(person, TokenKind.BROWSER, "passkey")
    caller = await world.sign_in.authenticate(secret, "", "web")
    await world.sign_in.stepped_up(caller, "passkey")
    return await world.sign_in.authenticate(secret, "", "web")


async def test_a_person_makes_an_agent_that_has_no_more_than_they_have(world: World) -> None:
    ana = await just_confirmed(world, ANA)
    bot = await agent(world, ana)
    assert (bot.kind, bot.on_behalf_of, bot.owner, bot.source) == (AGENT, ANA.id, ANA.id, "local")
    assert bot.groups <= ANA.groups
    with pytest.raises(ConflictFault, match="not in `dba`"):
        await agent(world, ana, "greedy", groups=frozenset({"dba"}))
    assert world.journal.count("person.added") == 1


async def test_groups_that_give_a_role_are_asked_for_by_name(world: World) -> None:
    sela = replace(a_subject("sela", "security", "engineers"), source="local")
    await world.plane.people.put(sela, None)
    caller = await just_confirmed_as(world, sela)
    assert (await agent(world, caller, "plain")).groups == {"engineers"}
    named = await agent(world, caller, "named", groups=frozenset({"security"}))
    assert named.groups == {"security"}


async def test_for_others_it_takes_an_administrator(world: World) -> None:
    with pytest.raises(ForbiddenFault):
        await agent(world, await just_confirmed(world), person="ana")
    made = await agent(world, await administrator(world), person="ana")
    assert (made.on_behalf_of, made.owner) == (ANA.id, ANA.id)
    with pytest.raises(MissingFault):
        await agent(world, await administrator(world), "other", person="nobody")
    with pytest.raises(ConflictFault, match="name a person"):
        await agent(world, await administrator(world), "other", person="bot")


async def test_a_service_account_has_somebody_who_answers_for_it(world: World) -> None:
    workloads, ada = world.plane.programs.workloads, await administrator(world)
    made = await workloads.make_service_account(
        ada, "ci", "deploys", owner="ben", groups=frozenset({"engineers"})
    )
    assert (made.kind, made.owner, made.on_behalf_of) == (SERVICE, BEN.id, None)
    with pytest.raises(ForbiddenFault):
        await workloads.make_service_account(await just_confirmed(world), "mine", "deploys")


async def test_its_token_acts_as_it_and_ends_with_it(world: World) -> None:
    programs, ana = world.plane.programs, await just_confirmed(world, ANA)
    bot = await agent(world, ana)
    secret, kept = await programs.tokens.mint(ana, "nightly", holder=bot)
    assert (kept.subject, kept.made_by) == (bot.id, ANA.id)
    assert (await as_program(world, secret)).subject.on_behalf_of == ANA.id
    with pytest.raises(ForbiddenFault, match="answers for"):
        await programs.tokens.mint(await just_confirmed(world), "mine", holder=bot)
    await programs.workloads.disable(ana, AGENT, "bot")
    with pytest.raises(ForbiddenFault):
        await as_program(world, secret)
    again = await programs.workloads.enable(ana, AGENT, "bot")
    assert not again.disabled
    with pytest.raises(ForbiddenFault):
        await as_program(world, secret)


async def test_an_agent_makes_nothing(world: World) -> None:
    programs, ana = world.plane.programs, await just_confirmed(world, ANA)
    bot = await agent(world, ana)
    secret, _ = await programs.tokens.mint(ana, "nightly", holder=bot)
    program = await as_program(world, secret)
    assert Permission.ANSWER not in program.permissions
    with pytest.raises(Fault):
        await agent(world, program, "child")
    with pytest.raises(Fault):
        await programs.tokens.mint(program, "more")


async def test_others_neither_see_nor_change_them(world: World) -> None:
    workloads = world.plane.programs.workloads
    await agent(world, await just_confirmed(world, ANA))
    dora = await just_confirmed(world, DORA)
    assert list(workloads.listing(dora, AGENT)) == []
    with pytest.raises(MissingFault):
        await workloads.disable(dora, AGENT, "bot")
    ada = await administrator(world)
    assert [one.name for one in workloads.listing(ada, AGENT)] == ["bot"]
    assert (await workloads.disable(ada, AGENT, "bot")).disabled


async def test_with_their_person_they_end_and_stay_ended(world: World) -> None:
    programs, ada = world.plane.programs, await administrator(world)
    moe = replace(a_subject("moe", "engineers"), source="local")
    await world.plane.people.put(moe, None)
    await agent(world, ada, person="moe")
    await programs.workloads.make_service_account(ada, "ci", "deploys", owner="moe")
    secret, _ = await programs.tokens.mint(
        ada, "x", holder=programs.workloads.get(ada, AGENT, "bot")
    )
    await world.plane.people.disable(moe, None)
    with pytest.raises(ForbiddenFault):
        await as_program(world, secret)
    for kind, name in ((AGENT, "bot"), (SERVICE, "ci")):
        assert programs.workloads.get(ada, kind, name).disabled
        with pytest.raises(ConflictFault, match="answers for"):
            await programs.workloads.enable(ada, kind, name)
    await world.plane.people.put(moe, None)
    assert programs.workloads.get(ada, AGENT, "bot").disabled
    with pytest.raises(ForbiddenFault):
        await as_program(world, secret)


@pytest.mark.parametrize("name", ["", "Bot", "a b", "-bot", "x" * 64, "böt"])
async def test_a_name_that_programs_stumble_over_is_refused(world: World, name: str) -> None:
    with pytest.raises(ConflictFault, match="name"):
        await agent(world, await just_confirmed(world, ANA), name)


async def test_a_name_is_taken_once(world: World) -> None:
    ana = await just_confirmed(world, ANA)
    await agent(world, ana)
    for name in ("bot", "ben"):
        with pytest.raises(ConflictFault, match="already"):
            await agent(world, ana, name)


async def test_somebody_answers_for_so_many_and_no_more(world: World) -> None:
    ana = await just_confirmed(world, ANA)
    for number in range(MOST_EACH):
        await agent(world, ana, f"bot-{number}")
    with pytest.raises(ConflictFault, match="disable one"):
        await agent(world, ana, "one-more")
