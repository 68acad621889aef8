"""Local people: who may add, change and disable them, and what nobody may do for themselves."""

from dataclasses import replace

import pytest

from assent.control.local_person import PersonChange
from assent.control.sign_in import Caller
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import SubjectId
from assent.core.role import Role
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind
from builders import ANA, MINUTE, PASSWORD, World, a_caller, a_subject

CHOSEN = Secret("violet otter makes tea at noon")
OTHER = Secret("seven green lamps hum softly")


async def administrator(world: World, name: str = "root") -> Subject:
    subject = replace(
        a_subject(name), roles=frozenset({Role.ADMINISTRATOR}), source="local", verified=True
    )
    return await world.plane.people.put(subject, None)


async def joined(world: World, root: Subject, name: str = "nora", *groups: str) -> Caller:
    accounts = world.plane.local_people.accounts
    invited = await accounts.invite(a_caller(root), name, PersonChange(groups=frozenset(groups)))
    await world.plane.local_people.welcoming.accept(secret_of(invited.link), password=CHOSEN)
    token, _ = await world.sign_in.login(name, CHOSEN, "192.0.2.1")
    return await world.sign_in.authenticate(token, "192.0.2.1", "web")


def secret_of(link: Secret[str]) -> Secret[str]:
    return Secret(link.reveal().rpartition("/")[2])


async def test_whoever_is_no_administrator_changes_nobody(world: World) -> None:
    accounts, ana = world.plane.local_people.accounts, a_caller(ANA)
    with pytest.raises(ForbiddenFault, match="not-permitted"):
        await accounts.invite(ana, "nora", PersonChange())
    for refused in (accounts.disable, accounts.enable, accounts.recover, accounts.end_sign_ins):
        with pytest.raises(ForbiddenFault, match="not-permitted"):
            await refused(ana, "ben")
    assert world.directory.subject_named("nora") is None


async def test_an_invited_person_comes_in_and_the_log_says_so(world: World) -> None:
    root = await administrator(world)
    nora = await joined(world, root, "nora", "dba")
    assert nora.subject.groups == {"dba"}
    assert nora.subject.verified_by == "root"
    kinds = ("person.added", "person.invited", "authenticator.added", "login")
    assert set(kinds) <= set(world.journal)


async def test_nobody_gives_themselves_a_role_or_a_group(world: World) -> None:
    root = await administrator(world)
    await administrator(world, "second")
    accounts, me = world.plane.local_people.accounts, a_caller(root)
    for wanted in (
        PersonChange(roles=frozenset({Role.ADMINISTRATOR, Role.SECURITY})),
        PersonChange(groups=frozenset({"dba"})),
        PersonChange(roles=frozenset()),
    ):
        with pytest.raises(ConflictFault, match="own-account"):
            await accounts.change(me, "root", wanted)
    with pytest.raises(ConflictFault, match="own-account"):
        await accounts.recover(me, "root")
    changed = await accounts.change(me, "root", PersonChange(display_name="Ruth"))
    assert changed.display_name == "Ruth"


async def test_the_last_administrator_stays(world: World) -> None:
    root = await administrator(world)
    accounts = world.plane.local_people.accounts
    with pytest.raises(ConflictFault, match="last-administrator"):
        await accounts.disable(a_caller(root), "root")
    second = await administrator(world, "second")
    await accounts.disable(a_caller(second), "root")
    with pytest.raises(ConflictFault, match="last-administrator"):
        await accounts.disable(a_caller(second), "second")


async def test_whom_another_source_describes_is_changed_there(world: World) -> None:
    root = await administrator(world)
    accounts = world.plane.local_people.accounts
    with pytest.raises(ConflictFault, match="described-elsewhere"):
        await accounts.change(a_caller(root), "ana", PersonChange(display_name="A"))
    with pytest.raises(ConflictFault, match="described-elsewhere"):
        await accounts.recover(a_caller(root), "ana")


async def test_a_recovery_link_replaces_all_that_was_signed_in_with(world: World) -> None:
    root = await administrator(world)
    nora = await joined(world, root)
    accounts, own = world.plane.local_people.accounts, world.plane.local_people.own
    await own.begin_generator(nora)
    invited = await accounts.recover(a_caller(root), "nora")
    again = await world.sign_in.login("nora", CHOSEN, "192.0.2.1")
    assert again
    await world.plane.local_people.welcoming.accept(secret_of(invited.link), password=OTHER)
    assert await world.store.tokens(nora.subject.id) == []
    assert await world.store.authenticators(nora.subject.id) == []
    with pytest.raises(ForbiddenFault, match="sign-in-refused"):
        await world.sign_in.login("nora", CHOSEN, "192.0.2.1")
    assert await world.sign_in.login("nora", OTHER, "192.0.2.1")
    with pytest.raises(MissingFault, match="invitation-over"):
        await world.plane.local_people.welcoming.accept(secret_of(invited.link), password=CHOSEN)


async def test_a_disabled_person_is_out_at_once_and_their_link_is_over(world: World) -> None:
    root = await administrator(world)
    accounts, me = world.plane.local_people.accounts, a_caller(root)
    invited = await accounts.invite(me, "nora", PersonChange())
    await accounts.disable(me, "nora")
    with pytest.raises(MissingFault, match="invitation-over"):
        await world.plane.local_people.welcoming.accept(secret_of(invited.link), password=CHOSEN)
    await accounts.enable(me, "nora")
    await world.plane.local_people.welcoming.accept(secret_of(invited.link), password=CHOSEN)


async def test_an_invitation_is_over_after_three_days(world: World) -> None:
    root = await administrator(world)
    accounts = world.plane.local_people.accounts
    invited = await accounts.invite(a_caller(root), "nora", PersonChange())
    world.clock.advance(72 * 60 * MINUTE)
    with pytest.raises(MissingFault, match="invitation-over"):
        await world.plane.local_people.welcoming.welcome(secret_of(invited.link))


async def test_an_administrator_ends_the_sign_ins_of_somebody(world: World) -> None:
    root = await administrator(world)
    nora = await joined(world, root)
    ended = await world.plane.local_people.accounts.end_sign_ins(a_caller(root), "nora")
    assert ended == 1
    assert await world.store.tokens(nora.subject.id) == []
    assert world.journal[-1] == "token.revoked"


@pytest.mark.parametrize(
    "wanted",
    [
        PersonChange(email="no address"),
        PersonChange(time_zone="Mars/Olympus"),
        PersonChange(time_zone="../../etc/passwd"),
        PersonChange(groups=frozenset({"a b"})),
        PersonChange(display_name="a\nb"),
        PersonChange(groups=frozenset(str(number) for number in range(101))),
    ],
)
async def test_what_cannot_be_is_refused(world: World, wanted: PersonChange) -> None:
    root = await administrator(world)
    with pytest.raises(ConflictFault):
        await world.plane.local_people.accounts.invite(a_caller(root), "nora", wanted)
    assert world.directory.subject_named("nora") is None


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "ü", "a" * 129, "ana"])
async def test_a_name_is_one_that_paths_and_people_can_bear(world: World, name: str) -> None:
    root = await administrator(world)
    with pytest.raises(ConflictFault):
        await world.plane.local_people.accounts.invite(a_caller(root), name, PersonChange())


async def test_an_invitation_needs_something_to_sign_in_with(world: World) -> None:
    root = await administrator(world)
    accounts = world.plane.local_people.accounts
    invited = await accounts.invite(a_caller(root), "nora", PersonChange())
    with pytest.raises(ConflictFault, match="no-authenticator"):
        await world.plane.local_people.welcoming.accept(secret_of(invited.link))
    with pytest.raises(ConflictFault, match="weak-password"):
        await world.plane.local_people.welcoming.accept(
            secret_of(invited.link), password=Secret("short")
        )
    assert await world.plane.local_people.welcoming.welcome(secret_of(invited.link))


async def test_whom_another_source_describes_is_suspended_until_it_is_lifted_here(
    world: World,
) -> None:
    root = await administrator(world)
    accounts, directory = world.plane.local_people.accounts, world.plane.directory
    await world.sign_in.login("ana", Secret(PASSWORD), "192.0.2.1")
    stopped = await accounts.disable(a_caller(root), "ana", "a lost laptop")
    assert (stopped.disabled, stopped.suspended) == (True, True)
    assert directory.subject(ANA.id).disabled
    assert await world.store.tokens(ANA.id) == []
    with pytest.raises(ForbiddenFault, match="sign-in-refused"):
        await world.sign_in.login("ana", Secret(PASSWORD), "192.0.2.1")
    # Whatever the source says next does not let them in again.
    said = directory.said(ANA.id)
    assert not said.disabled
    changed = await world.plane.people.put(replace(said, groups=frozenset({"ops"})), None)
    assert (changed.disabled, changed.suspended) == (True, True)
    let_go = await accounts.enable(a_caller(root), "ana")
    assert (let_go.disabled, let_go.suspended, let_go.groups) == (False, False, {"ops"})
    assert await world.sign_in.login("ana", Secret(PASSWORD), "192.0.2.1")


async def test_lifting_a_suspension_does_not_overrule_the_source(world: World) -> None:
    root = await administrator(world)
    accounts, directory = world.plane.local_people.accounts, world.plane.directory
    await accounts.disable(a_caller(root), "ana")
    await world.plane.people.put(replace(directory.said(ANA.id), disabled=True), None)
    with pytest.raises(ConflictFault, match="described-elsewhere"):
        await accounts.enable(a_caller(root), "ana")
    left = directory.subject(ANA.id)
    assert (left.disabled, left.suspended) == (True, False)


async def test_an_agent_stops_with_the_person_who_is_suspended(world: World) -> None:
    root = await administrator(world)
    accounts, directory = world.plane.local_people.accounts, world.plane.directory
    agent = Subject(
        SubjectId("sub_bot"), "bot", SubjectKind.AGENT, on_behalf_of=ANA.id, source="local"
    )
    await world.plane.people.put(agent, ANA.id)
    await accounts.disable(a_caller(root), "ana")
    assert directory.subject(agent.id).disabled


async def test_nobody_disables_themselves(world: World) -> None:
    root = await administrator(world)
    await administrator(world, "second")
    with pytest.raises(ConflictFault, match="own-account"):
        await world.plane.local_people.accounts.disable(a_caller(root), "root")
