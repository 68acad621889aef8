"""What each route of the API needs: permissions, or the reason why it is open to everybody.

Every route says one or the other, `Depends(needs(…))` or `Depends(public(…))`; a test takes the
application apart and fails for one that says nothing.
"""

from dataclasses import dataclass

from assent.api.authentication import SignedIn
from assent.control.sign_in import Caller
from assent.core.role import Permission


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency that lets whoever has one of these permissions pass, and returns who it is."""

    any_of: tuple[Permission, ...]

    async def __call__(self, caller: SignedIn) -> Caller:
        """Return who calls. Raises ForbiddenFault `not-signed-in`, `not-permitted`."""
        caller.check(*self.any_of)
        return caller


@dataclass(frozen=True, slots=True)
class Public:
    """A dependency that lets everybody pass. why: what else guards it, or why nothing has to."""

    why: str

    async def __call__(self) -> None:
        """Let it pass."""


def needs(permission: Permission, *others: Permission) -> Needs:
    """Return the dependency of a route that is open to who has this permission, or another one.

    `caller: Annotated[Caller, Depends(needs(Permission.READ_LOG))]`, or among `dependencies`.
    """
    return Needs((permission, *others))


def public(why: str) -> Public:
    """Return the dependency of a route that needs no sign-in of ours."""
    return Public(why)
