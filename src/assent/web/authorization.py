"""What each page needs: permissions, or the reason why it is open to everybody.

Every route says one or the other, `Depends(needs(…))` or `Depends(public(…))`; a test takes the
application apart and fails for one that says nothing.
"""

from dataclasses import dataclass

from assent.core.role import Permission
from assent.web.desk import ActingSeat, Seat, TheSeat


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency that lets whoever has one of these permissions pass, and returns their seat."""

    any_of: tuple[Permission, ...]

    async def __call__(self, seat: TheSeat) -> Seat:
        """Return who sits there. Raises ForbiddenFault `not-signed-in`, `not-permitted`."""
        seat.caller.check(*self.any_of)
        return seat


@dataclass(frozen=True, slots=True)
class Acts:
    """As `Needs`, for a form: it has to come from a page of this sign-in."""

    any_of: tuple[Permission, ...]

    async def __call__(self, seat: ActingSeat) -> Seat:
        """Return who acts. Raises ForbiddenFault, also for any other form."""
        seat.caller.check(*self.any_of)
        return seat


@dataclass(frozen=True, slots=True)
class Public:
    """A dependency that lets everybody pass. why: what else guards it, or why nothing has to."""

    why: str

    async def __call__(self) -> None:
        """Let it pass."""


def needs(permission: Permission, *others: Permission) -> Needs:
    """Return the dependency of a page that is open to who has this permission, or another one.

    `seat: Annotated[Seat, Depends(needs(Permission.READ_LOG))]`, or among `dependencies`.
    """
    return Needs((permission, *others))


def acts(permission: Permission, *others: Permission) -> Acts:
    """Return the dependency of a form's route: `Annotated[Seat, Depends(acts(Permission.ASK))]`."""
    return Acts((permission, *others))


def public(why: str) -> Public:
    """Return the dependency of a page that needs nobody to be signed in."""
    return Public(why)
