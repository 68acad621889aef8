"""What an installation asks of those who sign in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from assent.core.role import Role

SECOND_FACTOR_OF = ("none", "administrators", "everybody")
WEAK = frozenset({"password"})
"""Ways to sign in that prove one thing only. Who vouched elsewhere answers for their own."""


@dataclass(frozen=True, slots=True)
class SignInRules:
    """local_passwords: whether passwords count at all. idle: after how long a browser is signed
    out in which nothing was done, None for never. second_factor_of: of whom more than a password
    is asked: `none`, `administrators` or `everybody`.
    """

    local_passwords: bool = True
    idle: timedelta | None = timedelta(hours=2)
    second_factor_of: str = "none"

    def falls_short(self, roles: Iterable[Role], methods: Iterable[str]) -> bool:
        """Return whether somebody of these roles, known in these ways, must prove more."""
        if self.second_factor_of == "none":
            return False
        if self.second_factor_of == "administrators" and Role.ADMINISTRATOR not in roles:
            return False
        return all(method in WEAK for method in methods if method)
