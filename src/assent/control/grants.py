"""Grants: issued, seen, revoked; a grant that is over cuts what is open under it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from assent.control import entries
from assent.control.directory import Directory
from assent.control.events import Events
from assent.control.sign_in import Caller
from assent.core.changes import RevokeGrant
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import ForbiddenFault, MissingFault, OutsideFault
from assent.core.grant import Grant
from assent.core.ids import GrantId, Ids, RequestId, SubjectId, TargetId
from assent.core.notice import Notice
from assent.core.ports import Store
from assent.workflow.grant import mint, revoke


class Grants:
    """Keeps every grant that is valid now in memory: decisions read them at every action."""

    def __init__(
        self, *, store: Store, directory: Directory, events: Events, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._directory = directory
        self._events = events
        self._clock = clock
        self._ids = ids
        self._live: dict[GrantId, Grant] = {}
        self._listeners: list[Callable[[Grant], Awaitable[None]]] = []

    def when_over(self, listener: Callable[[Grant], Awaitable[None]]) -> None:
        """Await `listener` when a grant was revoked or has expired."""
        self._listeners.append(listener)

    async def recover(self) -> None:
        """Read the grants that are valid now."""
        for grant in await self._store.grants(valid_at=self._clock.now(), limit=100_000):
            self._live[grant.id] = grant

    def valid(self, subject: SubjectId, target: TargetId | None, now: datetime) -> list[Grant]:
        """Return the subject's grants on the target at `now`, the one that ends last first."""
        return sorted(
            (
                grant
                for grant in self._live.values()
                if grant.subject == subject and grant.target == target and grant.is_valid(now)
            ),
            key=lambda grant: grant.ends_at,
            reverse=True,
        )

    def draft(
        self,
        subject: SubjectId,
        target: TargetId,
        *,
        asked: timedelta | None,
        permitted: timedelta,
        request: RequestId | None,
        reason: str,
    ) -> Grant:
        """Return a grant from now on, as long as asked for and no longer than permitted."""
        return mint(
            GrantId(self._ids.mint("grant")),
            subject,
            target,
            self._clock.now(),
            asked=asked or permitted,
            permitted=permitted,
            request=request,
            reason=reason,
        )

    def take_up(self, grant: Grant) -> None:
        """Count a grant that was just made durable."""
        self._live[grant.id] = grant
        self._events.publish(Notice("grant.issued", grant.starts_at, grant.request))

    async def list(self, caller: Caller, everybody: bool) -> Sequence[Grant]:
        """Return the caller's grants, or everybody's for those who oversee; newest first."""
        if everybody and not caller.oversees:
            raise ForbiddenFault("not-yours", "only `security` and `auditors` see everybody's")
        return await self._store.grants(None if everybody else caller.subject.id)

    async def revoke(self, caller: Caller, grant: GrantId, because: str) -> Grant:
        """End a grant for ever and cut what is open under it.

        The holder gives it back; the target's owners and `security` take it away.
        Raises MissingFault, ForbiddenFault, ConflictFault.
        """
        found = self._live.get(grant) or await self._store.grant(grant)
        if found is None:
            raise MissingFault("no-such-grant", f"there is no grant `{grant}`")
        owners = self._directory.target(found.target).owners if found.target else frozenset()
        if found.subject != caller.subject.id and not caller.subject.groups & {"security", *owners}:
            raise ForbiddenFault(
                "not-your-grant", "only its holder, the target's owners and `security` can end it"
            )
        now = self._clock.now()
        revoked = revoke(found, now, caller.subject.id, because[:500])
        entry = entries.of_grant(
            self._ids, EntryKind.GRANT_REVOKED, revoked, now, caller.subject.id
        )
        change = RevokeGrant(grant, now, caller.subject.id, revoked.revoked_because)
        try:
            await self._store.commit((change,), (entry,))
        except OutsideFault:
            # It ends here and now all the same; whoever asked hears that it is not kept.
            await self._over(revoked)
            raise
        await self._over(revoked)
        return revoked

    async def expire(self, now: datetime) -> None:
        """Let go of every grant whose time is over. Validity itself never waits for this."""
        due = [grant for grant in self._live.values() if now >= grant.ends_at]
        for grant in due:
            await self._tell(grant)
        for grant in due:
            # Kept in mind until the log has it; nothing is permitted on it meanwhile.
            entry = entries.of_grant(self._ids, EntryKind.GRANT_EXPIRED, grant, now, None)
            await self._store.commit((), (entry,))
            self._forget(grant)

    async def _over(self, grant: Grant) -> None:
        self._forget(grant)
        await self._tell(grant)

    async def _tell(self, grant: Grant) -> None:
        for listener in self._listeners:
            await listener(grant)

    def _forget(self, grant: Grant) -> None:
        self._live.pop(grant.id, None)
        self._events.publish(Notice("grant.over", self._clock.now(), grant.request))
