"""Links with which people come in by a passkey, and have no password anywhere."""

import pytest

from assent.control import welcome_passkeys
from assent.control.local_person import PersonChange
from assent.control.sign_in_rules import SignInRules
from assent.core.entry import EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.role import Role
from assent.core.secret import Secret
from assent.core.subject import Subject
from builders import World, a_caller, a_subject
from software_authenticator import Passkey

BOSS = a_subject("boss", "administrators")


def secret_of(link: Secret[str] | None) -> Secret[str]:
    assert link is not None
    return Secret(link.reveal().rpartition("/")[2])


async def came_in(world: World, link: Secret[str], passkey: Passkey, name: str = "") -> Subject:
    plane, more = world.plane, {"name": name, "display_name": ""}
    welcoming = plane.local_people.welcoming
    options = await welcome_passkeys.begin(welcoming, plane.passkeys, link, **more)
    return await welcome_passkeys.accept(
        welcoming,
        plane.passkeys,
        plane.device_keys,
        link,
        credential=passkey.create(options),
        **more,
    )


async def signs_in(world: World, passkey: Passkey) -> Subject:
    passkeys = world.plane.passkeys
    answer = passkey.get(passkeys.begin_sign_in("tab"))
    token, _ = await passkeys.sign_in("tab", answer, "192.0.2.7")
    return (await world.sign_in.authenticate(token, "192.0.2.7", "web")).subject


async def test_the_first_administrator_comes_in_where_passwords_do_not_count(world: World) -> None:
    world.sign_in.rules = SignInRules(local_passwords=False)
    link = secret_of(await world.plane.local_people.welcoming.first_link())
    passkey = Passkey()
    root = await came_in(world, link, passkey, "root")
    assert world.directory.roles_of(root) >= {Role.ADMINISTRATOR}
    assert await signs_in(world, passkey) == root
    assert (await world.log()).count(EntryKind.DEVICE_ENROLLED.value) == 1
    with pytest.raises(MissingFault, match="link"):
        await came_in(world, link, Passkey(), "mallory")


async def test_a_passkey_that_was_made_for_one_link_is_not_taken_for_another(world: World) -> None:
    plane, passkey = world.plane, Passkey()
    await plane.people.put(BOSS, None)
    welcoming, accounts = plane.local_people.welcoming, plane.local_people.accounts
    links = [
        secret_of((await accounts.invite(a_caller(BOSS), name, PersonChange())).link)
        for name in ("gil", "hana")
    ]
    options = await welcome_passkeys.begin(welcoming, plane.passkeys, links[0], "", "")
    made = passkey.create(options)
    with pytest.raises(ConflictFault, match="another sign-in's"):
        await welcome_passkeys.accept(
            welcoming,
            plane.passkeys,
            plane.device_keys,
            links[1],
            name="",
            display_name="",
            credential=made,
        )
    # The other link is not used up by that.
    assert (await welcoming.welcome(links[1])).purpose == "invitation"


async def test_a_recovery_makes_the_old_passkey_void_and_one_of_the_same_device_good(
    world: World,
) -> None:
    plane, old, new = world.plane, Passkey(), Passkey(seed=2)
    await plane.people.put(BOSS, None)
    accounts = plane.local_people.accounts
    invited = await accounts.invite(a_caller(BOSS), "gil", PersonChange())
    gil = await came_in(world, secret_of(invited.link), old)
    assert await signs_in(world, old) == gil
    link = secret_of((await accounts.recover(a_caller(BOSS), "gil")).link)
    options = await welcome_passkeys.begin(
        plane.local_people.welcoming, plane.passkeys, link, "", ""
    )
    assert not options["excludeCredentials"]
    await came_in(world, link, new)
    assert await signs_in(world, new) == gil
    with pytest.raises(ForbiddenFault):
        await signs_in(world, old)
