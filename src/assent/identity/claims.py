"""What a provider's claims mean here: the name, the groups and the roles of somebody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from assent.control.providers import Proved
from assent.core.faults import ForbiddenFault
from assent.core.role import Role

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_MOST_VALUES = 1_000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """How claims are read; see `OidcConfig`."""

    name_claim: str = "preferred_username"
    groups_claim: str = "groups"
    groups: Mapping[str, str] = field(default_factory=dict)
    group_prefix: str = ""
    all_groups: bool = False
    roles_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)

    def lacks(self, claims: Mapping[str, Any]) -> bool:
        """Return whether something is read that is not among the claims."""
        wanted = {self.name_claim, self.groups_claim, self.roles_claim} - {""}
        return not wanted <= set(claims)

    def proved(self, claims: Mapping[str, Any]) -> Proved:
        """Return who the claims say that somebody is. Raises ForbiddenFault for no usable name."""
        name = claims.get(self.name_claim)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            words = (
                f"the provider names you `{str(name)[:80]}` in `{self.name_claim}`; a name here "
                "has 1 to 63 of letters, digits and `.-_@`"
            )
            raise ForbiddenFault("sign-in-refused", words)
        zone = _text(claims.get("zoneinfo"))
        email = _text(claims.get("email"))
        return Proved(
            external=claims["sub"],
            name=name,
            display_name=_text(claims.get("name")),
            email=email if claims.get("email_verified", True) is True else "",
            time_zone=zone if zone in _zones() else "",
            groups=self._groups(claims),
            roles=self._roles(claims),
            session=_text(claims.get("sid")),
            ends_at=_instant(claims.get("session_expiry")),
        )

    def _groups(self, claims: Mapping[str, Any]) -> frozenset[str]:
        found = set()
        for value in _values(claims.get(self.groups_claim)):
            if self.groups:
                found.add(self.groups.get(value, ""))
            elif self.group_prefix and value.startswith(self.group_prefix):
                found.add(value.removeprefix(self.group_prefix))
            elif self.all_groups:
                found.add(value)
        return frozenset(group for group in found if _NAME.fullmatch(group))

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        values = _values(claims.get(self.roles_claim or self.groups_claim))
        return frozenset(Role(self.roles[value]) for value in values if value in self.roles)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _values(said: object) -> list[str]:
    if isinstance(said, str):
        return [said]
    if not isinstance(said, list):
        return []
    return [value for value in said[:_MOST_VALUES] if isinstance(value, str)]


def _text(said: object) -> str:
    if not isinstance(said, str) or len(said) > _LONGEST or not said.isprintable():
        return ""
    return said


def _instant(said: object) -> datetime | None:
    """Return when the provider's own session ends (OpenID Connect Enterprise Extensions)."""
    if isinstance(said, bool) or not isinstance(said, int) or not 0 < said < 1 << 36:
        return None
    return datetime.fromtimestamp(said, UTC)
