"""Coming in by a link: once, while it counts, with something to sign in with."""

import pytest

from assent.control.local_person import PersonChange
from assent.core.faults import ConflictFault, MissingFault
from assent.core.secret import Secret
from builders import World, a_caller

CHOSEN = Secret("violet otter makes tea at noon")


def secret_of(link: Secret[str]) -> Secret[str]:
    return Secret(link.reveal().rpartition("/")[2])


async def test_the_first_link_makes_the_first_administrator_and_no_second_one(
    world: World,
) -> None:
    welcoming = world.plane.local_people.welcoming
    link = await welcoming.first_link()
    assert link is not None
    earlier, link = link, await welcoming.first_link()
    assert link is not None
    with pytest.raises(MissingFault, match="invitation-over"):
        await welcoming.welcome(secret_of(earlier))
    root = await welcoming.accept(secret_of(link), name="root", password=CHOSEN)
    assert root.source == "local"
    assert await welcoming.first_link() is None
    invited = await world.plane.local_people.accounts.invite(
        a_caller(root), "nora", PersonChange(groups=frozenset({"dba"}))
    )
    welcome = await welcoming.welcome(secret_of(invited.link))
    assert welcome.subject is not None
    assert (welcome.purpose, welcome.subject.name) == ("invitation", "nora")


async def test_a_link_lets_nobody_in_without_something_to_sign_in_with(world: World) -> None:
    welcoming = world.plane.local_people.welcoming
    link = await welcoming.first_link()
    assert link is not None
    with pytest.raises(ConflictFault, match="no-authenticator"):
        await welcoming.accept(secret_of(link), name="root")
    assert await welcoming.accept(secret_of(link), name="root", password=CHOSEN)
