"""What a SCIM resource says of a person or a group."""

from functools import cache
from zoneinfo import available_timezones

from scim2_models import Group

from assent.control import provisioning
from assent.identity.scim.description import Enterprise, Person

_LONGEST = 200


def person_of(user: Person) -> provisioning.Person:
    """Return the person whom a user describes; who is not said to be active is not."""
    enterprise = user[Enterprise]
    manager = enterprise.manager if enterprise is not None else None
    zone = user.timezone or ""
    return provisioning.Person(
        name=user.user_name or "",
        display_name=_text(user.display_name) or _full_name(user),
        email=_email(user),
        time_zone=zone if zone in _zones() else "",
        active=user.active is not False,
        roles=frozenset(role.value for role in user.roles or () if role.value),
        manager=(manager.value if manager is not None else None) or "",
    )


def group_of(group: Group) -> provisioning.Group:
    """Return the group that a resource describes; only people can be in one here."""
    members = (one.value for one in group.members or () if one.type in (None, "User"))
    return provisioning.Group(
        group.display_name or "", frozenset(one for one in members if one is not None)
    )


def _full_name(user: Person) -> str:
    name = user.name
    if name is None:
        return ""
    parts = filter(None, (name.given_name, name.family_name))
    return _text(name.formatted) or _text(" ".join(parts))


def _email(user: Person) -> str:
    listed = [one for one in user.emails or () if one.value]
    first = sorted(listed, key=lambda one: not one.primary)
    return _text(str(first[0].value)) if first else ""


def _text(said: str | None) -> str:
    return said if said and len(said) <= _LONGEST and said.isprintable() else ""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
