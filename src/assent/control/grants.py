"""Grants: issued, seen, revoked; a grant that is over cuts what is open under it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from assent.control import entries
from assent.control.directory import Directory
from assent.control.events import Events
from assent.control.reading import Readers
from assent.control.sign_in import Caller
from assent.control.windows import NO_ZONES, Windows
from assent.core.changes import Change, RevokeGrant
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ForbiddenFault, MissingFault, OutsideFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import GrantId, Ids, RequestId, SubjectId, TargetId
from assent.core.notice import Notice
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.scope import UNLIMITED, Budget, Spent
from assent.workflow.grant import mint, revoke, waits_for_use
from assent.workflow.wishes import ANYTHING, Wish

_AT_ONCE = 500
"""Entries of grants that have expired in one commit."""
_REMEMBERED = 10_000


class Grants:
    """Keeps every grant that is valid now in memory: decisions read them at every action.

    windows: when the hours of grants are open. Found by whose they are and on what, and by when
    they end, so that it does not matter how many others there are.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        events: Events,
        clock: Clock,
        ids: Ids,
        windows: Windows = NO_ZONES,
    ) -> None:
        self._store = store
        self._directory = directory
        self._events = events
        self._clock = clock
        self._ids = ids
        self.windows = windows
        self.readers = Readers(store=store, clock=clock, ids=ids)
        self._live: dict[GrantId, Grant] = {}
        self._of: dict[tuple[SubjectId, TargetId | None], dict[GrantId, None]] = {}
        # When each ends; one that moved or is gone already is left in it and passed over.
        self._ends: list[tuple[datetime, GrantId]] = []
        self._revoked: dict[GrantId, None] = {}
        self._listeners: list[Callable[[Grant], Awaitable[None]]] = []
        self._taken_up: list[Callable[[Grant], None]] = []

    def __len__(self) -> int:
        return len(self._live)

    def when_over(self, listener: Callable[[Grant], Awaitable[None]]) -> None:
        """Await `listener` when a grant was revoked or has expired."""
        self._listeners.append(listener)

    def when_taken_up(self, listener: Callable[[Grant], None]) -> None:
        """Call `listener` when a grant counts from now on, or counts otherwise than before."""
        self._taken_up.append(listener)

    async def recover(self) -> None:
        """Read the grants that are valid now."""
        for grant in await self._store.grants(valid_at=self._clock.now(), limit=100_000):
            self._keep(grant)

    def get(self, grant: GrantId | None) -> Grant | None:
        """Return a grant as it stands, None when it is over (or never was)."""
        return self._live.get(grant) if grant else None

    def valid(self, subject: SubjectId, target: TargetId | None, now: datetime) -> list[Grant]:
        """Return what gives the subject access to the target at `now`.

        What ends last comes first, and before all whose clock still has to start.
        """
        found = [grant for grant in self.resting(subject, target, now) if grant.gives_access(now)]
        return sorted(found, key=waits_for_use)

    def resting(self, subject: SubjectId, target: TargetId | None, now: datetime) -> list[Grant]:
        """Return what open sessions rest on: also a grant whose budget is used up."""
        return [
            grant
            for grant in self.held(subject, target, now)
            if grant.kind in (GrantKind.ACCESS, GrantKind.BREAK_GLASS)
            and self.windows.is_open(grant, now)
        ]

    def held(self, subject: SubjectId, target: TargetId | None, now: datetime) -> list[Grant]:
        """Return the subject's valid grants on the target, of every kind and whatever the hour.

        What ends last comes first.
        """
        found = [self._live[grant] for grant in self._of.get((subject, target), ())]
        return sorted(
            (grant for grant in found if grant.is_valid(now)),
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
        wish: Wish = ANYTHING,
        budget: Budget = UNLIMITED,
        read_only: bool = False,
        kind: GrantKind = GrantKind.ACCESS,
    ) -> Grant:
        """Return a grant from now on, never more than asked, permitted and the target's ceiling."""
        longest_s = self._directory.target(target).longest_grant_s
        return mint(
            GrantId(self._ids.mint("grant")),
            subject,
            target,
            self._clock.now(),
            asked=asked or permitted,
            permitted=permitted,
            ceiling=None if longest_s is None else timedelta(seconds=longest_s),
            wish=wish,
            budget=budget,
            read_only=read_only,
            request=request,
            reason=reason,
            kind=kind,
        )

    def take_up(self, grant: Grant) -> None:
        """Count a grant that was just made durable, unless it was revoked faster than that."""
        if grant.id in self._revoked:
            return
        self._keep(grant)
        self._events.publish(Notice("grant.issued", grant.starts_at, grant.request))
        self._tell_taken_up(grant)

    def begun(self, grant: Grant) -> None:
        """Count a grant whose clock has started, which was just made durable."""
        known = self._live.get(grant.id)
        if known is None or known.began_at is not None:
            return
        self._keep(replace(known, began_at=grant.began_at, ends_at=grant.ends_at))
        self._tell_taken_up(self._live[grant.id])

    def spend(self, grant: GrantId, more: Spent) -> None:
        """Count what is done under a grant; who listens hears when that uses it up."""
        before = self._live.get(grant)
        if before is None:
            return
        after = self._live[grant] = replace(before, spent=before.spent.plus(more))
        if after.spent.over(after.budget) != before.spent.over(before.budget):
            self._tell_taken_up(after)

    def unspend(self, grant: GrantId, less: Spent) -> None:
        """Count no longer what was not done after all."""
        before = self._live.get(grant)
        if before is not None:
            self._live[grant] = replace(before, spent=before.spent.minus(less))

    async def list(self, caller: Caller, everybody: bool) -> Sequence[Grant]:
        """Return the caller's grants, or everybody's for those who oversee; newest first."""
        if everybody:
            caller.check(Permission.READ_ACCESS)
            await self.readers.read(caller, "grants")
            # The canary's would fill the list, and nobody looks for them.
            return await self._store.grants(but=self._directory.own)
        return await self._store.grants(caller.subject.id)

    def counting(self, caller: Caller, everybody: bool) -> Sequence[Grant]:
        """Return the caller's grants that count now, newest first.

        everybody: also those of others that the caller may see: all of them for those who
        oversee, for anybody else those on targets that they own.
        """
        now = self._clock.now()
        found = [
            grant
            for grant in self._live.values()
            if grant.is_valid(now)
            and (grant.subject == caller.subject.id or (everybody and self._may_see(caller, grant)))
        ]
        return sorted(found, key=lambda grant: (grant.starts_at, grant.id), reverse=True)

    def _may_see(self, caller: Caller, grant: Grant) -> bool:
        if self._directory.is_own(grant.subject):
            return False
        return caller.oversees or self.may_revoke(caller, grant)

    def may_revoke(self, caller: Caller, grant: Grant) -> bool:
        """Return whether it is the caller's to end."""
        try:
            owners = self._directory.target(grant.target).owners if grant.target else frozenset()
        except MissingFault:
            owners = frozenset()
        theirs = {grant.subject, grant.delegation.by if grant.delegation else None}
        if caller.subject.id in theirs or caller.may(Permission.REVOKE):
            return True
        # An auditor who is in an owning group only reads.
        return caller.may(Permission.ASK) and bool(caller.subject.groups & owners)

    async def revoke(self, caller: Caller, grant: GrantId, because: str) -> Grant:
        """End a grant for ever and cut what is open under it.

        The holder gives it back; the target's owners, who delegated it, and `security` take it
        away.
        Raises MissingFault, ForbiddenFault, ConflictFault.
        """
        found = self._live.get(grant) or await self._store.grant(grant)
        if found is None:
            raise MissingFault("no-such-grant", f"there is no grant `{grant}`")
        if not self.may_revoke(caller, found):
            raise ForbiddenFault(
                "not-your-grant", "only its holder, the target's owners and `security` can end it"
            )
        return await self._revoke(found, caller.subject.id, because)

    async def give_back(self, caller: Caller, what: str, because: str) -> Sequence[Grant]:
        """Return the caller's own grants, ended: the one of that id, or all on that target.

        Raises MissingFault where there is none.
        """
        now = self._clock.now()
        target = self._directory.target_named(what)
        mine = [
            grant
            for grant in self._live.values()
            if grant.subject == caller.subject.id
            and grant.is_valid(now)
            and (grant.id == what or (target is not None and grant.target == target.id))
        ]
        if not mine:
            words = f"you have no grant `{what[:80]}`, nor any on a target of that name"
            raise MissingFault("no-such-grant", f"{words}; see `assent grants`")
        return [await self._revoke(grant, caller.subject.id, because) for grant in mine]

    async def revoke_by_system(self, grant: GrantId, because: str) -> Grant | None:
        """End a grant for ever since something happened; None when it is over already.

        Raises OutsideFault where that cannot be kept; it ends here all the same.
        """
        found = self._live.get(grant)
        return await self._revoke(found, None, because) if found else None

    async def revoke_with(
        self, grant: Grant, because: str, changes: Sequence[Change], also: Sequence[Entry]
    ) -> Grant:
        """End a grant as `revoke_by_system` does, together with what it ends for."""
        return await self._revoke(grant, None, because, changes, also)

    async def expire(self, now: datetime) -> None:
        """Let go of every grant whose time is over. Validity itself never waits for this."""
        due = self._due(now)
        done = 0
        try:
            for grant in due:
                await self._tell(grant)
            for first in range(0, len(due), _AT_ONCE):
                # Kept in mind until the log has it; nothing is permitted on it meanwhile.
                some = due[first : first + _AT_ONCE]
                expired = [
                    entries.of_grant(self._ids, EntryKind.GRANT_EXPIRED, grant, now, None)
                    for grant in some
                ]
                await self._store.commit((), expired)
                done += len(some)
                for grant in some:
                    self._forget(grant)
        finally:
            for grant in due[done:]:
                heappush(self._ends, (grant.ends_at, grant.id))

    def _due(self, now: datetime) -> Sequence[Grant]:
        due: dict[GrantId, Grant] = {}
        while self._ends and self._ends[0][0] <= now:
            _, grant_id = heappop(self._ends)
            grant = self._live.get(grant_id)
            if grant is not None and grant.ends_at <= now:
                due[grant_id] = grant
        return tuple(due.values())

    async def _revoke(
        self,
        found: Grant,
        by: SubjectId | None,
        because: str,
        changes: Sequence[Change] = (),
        also: Sequence[Entry] = (),
    ) -> Grant:
        now = self._clock.now()
        revoked = revoke(found, now, by, because[:500])
        entry = entries.of_grant(self._ids, EntryKind.GRANT_REVOKED, revoked, now, by)
        change = RevokeGrant(found.id, now, by, revoked.revoked_because)
        try:
            await self._store.commit((*changes, change), (*also, entry))
        except OutsideFault:
            # It ends here and now all the same; whoever asked hears that it is not kept.
            await self._over(revoked)
            raise
        await self._over(revoked)
        return revoked

    def _keep(self, grant: Grant) -> None:
        self._live[grant.id] = grant
        self._of.setdefault((grant.subject, grant.target), {})[grant.id] = None
        heappush(self._ends, (grant.ends_at, grant.id))

    def _tell_taken_up(self, grant: Grant) -> None:
        for listener in self._taken_up:
            listener(grant)

    async def _over(self, grant: Grant) -> None:
        self._revoked[grant.id] = None
        if len(self._revoked) > _REMEMBERED:
            del self._revoked[next(iter(self._revoked))]
        self._forget(grant)
        await self._tell(grant)

    async def _tell(self, grant: Grant) -> None:
        for listener in self._listeners:
            await listener(grant)

    def _forget(self, grant: Grant) -> None:
        self._live.pop(grant.id, None)
        theirs = self._of.get((grant.subject, grant.target), {})
        theirs.pop(grant.id, None)
        if not theirs:
            self._of.pop((grant.subject, grant.target), None)
        self._events.publish(Notice("grant.over", self._clock.now(), grant.request))
