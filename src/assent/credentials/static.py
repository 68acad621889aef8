"""One account for every session, as configuration names it."""

from collections.abc import Collection

from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session
from assent.credentials.references import References


class StaticBroker:
    """Reaches a target with the one credential that configuration refers to.

    Read afresh for every session, so that a rotated password counts at once. Nothing is to be
    taken back: the account stays.
    """

    def __init__(self, references: References) -> None:
        self._references = references

    def needs_privileges(self, target: Target) -> bool:
        """Return that it is the account's own business what it may do."""
        return False

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return the account. Raises OutsideFault or OperatorFault."""
        user, password = await self.standing(target)
        return Lease(user, password)

    async def release(self, target: Target, lease: Lease) -> None:
        """Do nothing: the account stays."""

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Return that nothing was left."""
        return []

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return the account. Raises OutsideFault or OperatorFault."""
        return target.user, await self._references.reveal(target.credential)
