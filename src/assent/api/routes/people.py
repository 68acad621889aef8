"""People: who there is, and what administrators do about it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.account_schemas import (
    EndedOut,
    InviteBody,
    InvitedOut,
    PeopleOut,
    PersonChangeBody,
    PersonDetailsOut,
    WhyBody,
)
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.render_people import person_out
from assent.control.accounts import Invited
from assent.control.sign_in import Caller
from assent.core.role import Permission

router = APIRouter(prefix="/v1/people", tags=["people"])

Reads = Annotated[Caller, Depends(needs(Permission.READ_PEOPLE))]
Changes = Annotated[Caller, Depends(needs(Permission.CHANGE_PEOPLE))]
PersonPath = Annotated[str, Path(max_length=128, description="Somebody's name.")]


@router.get("")
async def people(door: TheDoor, caller: Reads) -> PeopleOut:
    """List everybody, people and programs, disabled ones too."""
    found = door.plane.local_people.accounts.people(caller)
    return PeopleOut(items=[person_out(door.plane.directory, one) for one in found])


@router.post("", status_code=201)
async def invite(door: TheDoor, caller: Changes, body: InviteBody) -> InvitedOut:
    """Add somebody; the link lets them in, once, within 72 hours."""
    accounts = door.plane.local_people.accounts
    return _invited(door, await accounts.invite(caller, body.name, body.wanted))


@router.get("/{name}")
async def person(door: TheDoor, caller: Reads, name: PersonPath) -> PersonDetailsOut:
    """Say who somebody is."""
    found = door.plane.local_people.accounts.person(caller, name)
    return person_out(door.plane.directory, found)


@router.post("/{name}/change")
async def change(
    door: TheDoor, caller: Changes, name: PersonPath, body: PersonChangeBody
) -> PersonDetailsOut:
    """Change what is said of somebody; nobody changes their own roles and groups."""
    changed = await door.plane.local_people.accounts.change(caller, name, body.wanted)
    return person_out(door.plane.directory, changed)


@router.post("/{name}/disable")
async def disable(
    door: TheDoor, caller: Changes, name: PersonPath, body: WhyBody | None = None
) -> PersonDetailsOut:
    """Permit nothing to somebody any more, and cut what is open; no other source lifts that."""
    why = body.reason if body else ""
    changed = await door.plane.local_people.accounts.disable(caller, name, why)
    return person_out(door.plane.directory, changed)


@router.post("/{name}/enable")
async def enable(
    door: TheDoor, caller: Changes, name: PersonPath, body: WhyBody | None = None
) -> PersonDetailsOut:
    """Let somebody in again."""
    why = body.reason if body else ""
    changed = await door.plane.local_people.accounts.enable(caller, name, why)
    return person_out(door.plane.directory, changed)


@router.post("/{name}/recovery", status_code=201)
async def recover(door: TheDoor, caller: Changes, name: PersonPath) -> InvitedOut:
    """Make a link with which somebody sets anew how they sign in; they are told."""
    return _invited(door, await door.plane.local_people.accounts.recover(caller, name))


@router.delete("/{name}/second-factor")
async def drop_second_factor(door: TheDoor, caller: Changes, name: PersonPath) -> PersonDetailsOut:
    """Ask somebody for no codes any more who lost what made them; they are told."""
    found = await door.plane.local_people.accounts.drop_second_factor(caller, name)
    return person_out(door.plane.directory, found)


@router.delete("/{name}/sign-ins")
async def end_sign_ins(door: TheDoor, caller: Changes, name: PersonPath) -> EndedOut:
    """End all sign-ins of somebody; they are told."""
    return EndedOut(ended=await door.plane.local_people.accounts.end_sign_ins(caller, name))


def _invited(door: Door, invited: Invited) -> InvitedOut:
    person = person_out(door.plane.directory, invited.subject)
    return InvitedOut(person=person, link=invited.link.reveal())
