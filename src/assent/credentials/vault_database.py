"""Users that Vault's database engine makes: one for each session, revoked at its end."""

from collections.abc import Collection, Mapping
from datetime import timedelta

import structlog

from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session
from assent.credentials.references import References
from assent.credentials.vault import Vault

_log = structlog.get_logger("credentials")


class VaultDatabaseBroker:
    """Asks Vault for a user for each session. roles: `MOUNT/ROLE`, by the target's name.

    What the user may do is the role's business at Vault. What a crash left, Vault takes away
    itself when the lease is over.
    """

    def __init__(
        self, vault: Vault, roles: Mapping[str, str], references: References, clock: Clock
    ) -> None:
        self._vault = vault
        self._roles = dict(roles)
        self._references = references
        self._clock = clock

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return the account that configuration names. Raises OutsideFault or OperatorFault."""
        return target.user, await self._references.reveal(target.credential)

    def needs_privileges(self, target: Target) -> bool:
        """Return that it is the account's own business what it may do."""
        return False

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return a new user, for as long as the session or as Vault lets it.

        Raises OutsideFault or OperatorFault.
        """
        user = await self._vault.database_user(self._roles[target.name])
        now = self._clock.now()
        lasts_for = user.lasts_for
        wanted = session.ends_at - now
        if lasts_for < wanted:
            lasts_for = await self._longer(target, user.lease, lasts_for, wanted)
        return Lease(user.name, user.password, handle=user.lease, expires_at=now + lasts_for)

    async def _longer(
        self, target: Target, lease: str, lasts_for: timedelta, wanted: timedelta
    ) -> timedelta:
        """Return how long it lasts once Vault was asked for more; it may have a limit."""
        try:
            return await self._vault.renew(lease, wanted)
        except Fault as fault:
            _log.info("lease-not-renewed", target=target.name, detail=fault.detail)
            return lasts_for

    async def release(self, target: Target, lease: Lease) -> None:
        """Have the user taken away; if that fails, Vault does it when the lease is over."""
        if not lease.handle:
            return
        try:
            await self._vault.revoke(lease.handle)
        except Fault as fault:
            _log.warning("lease-left", target=target.name, detail=fault.detail)

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Return that nothing was taken back: leases end by themselves."""
        return []
