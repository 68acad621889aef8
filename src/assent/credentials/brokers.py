"""Which broker reaches which target, as configuration says."""

from collections.abc import Collection, Mapping

from assent.core.lease import Lease, Privileges
from assent.core.ports import CredentialBroker
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session


class Brokers:
    """Hands every question to the target's own broker. usual: for targets not in `of`, by name.

    by_certificate: for servers that speak SSH and trust the gateway's authority; None where
    nothing listens for SSH.
    """

    def __init__(
        self,
        of: Mapping[str, CredentialBroker],
        usual: CredentialBroker,
        by_certificate: CredentialBroker | None = None,
    ) -> None:
        self._of = dict(of)
        self._usual = usual
        self._by_certificate = by_certificate

    def needs_privileges(self, target: Target) -> bool:
        """Return whether `lease` must be told what the session may do."""
        return self._broker(target).needs_privileges(target)

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return a way in for one session."""
        return await self._broker(target).lease(target, session, privileges)

    async def release(self, target: Target, lease: Lease) -> None:
        """Take it back."""
        await self._broker(target).release(target, lease)

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Take back what crashes left; return what was."""
        return await self._broker(target).sweep(target, live)

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return user and password of the gateway's own connections."""
        return await self._broker(target).standing(target)

    def _broker(self, target: Target) -> CredentialBroker:
        own = self._of.get(target.name)
        if own is None and target.protocol == "ssh" and self._by_certificate is not None:
            # By what the target says, and not by its name: some are applied while all this runs.
            own = None if target.options.get("login") == "key" else self._by_certificate
        return own or self._usual
