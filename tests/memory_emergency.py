"""Break-glass for tests of the doors: permitted to everybody but carl, its reviews are real."""

from datetime import timedelta
from typing import Any, cast

from assent.control.break_glass import Broken
from assent.control.reviews import Reviews
from assent.control.session_credentials import Opened
from assent.control.sign_in import Caller
from assent.control.timers import Timers
from assent.control.warnings import Warnings
from assent.core.changes import PutGrant
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import CredentialId, GrantId
from assent.core.ports import Store
from assent.core.request import Request
from assent.core.secret import Secret


def reviews_of(made: Any) -> Reviews:
    """Return the reviews of a memory plane that has everything but them."""
    store = cast(Store, made.store)
    return Reviews(
        store=store,
        directory=made.directory,
        delegations=made.delegations,
        warnings=Warnings(store, made.clock),
        outbox=made.outbox,
        timers=Timers(store=store, clock=made.clock),
        clock=made.clock,
        ids=made.ids,
    )


class FakeBreakGlass:
    """Mints at once, but for carl, whom no policy lets."""

    def __init__(self, made: Any, reviews: Reviews) -> None:
        self._made = made
        self._reviews = reviews

    async def take(
        self,
        caller: Caller,
        target_name: str,
        lasts_for: timedelta | None,
        reason: str,
        ticket: str = "",
        connections: int = 1,
    ) -> Broken | Request:
        target = self._made.directory.target_named(target_name)
        if target is None:
            raise MissingFault("no-such-target", f"there is no target `{target_name[:80]}`")
        if len(reason.strip()) < 10:
            raise ConflictFault("reason", "say why, in 10 characters at least")
        if caller.subject.name == "carl":
            raise ForbiddenFault("denied", "no policy permits `access.break-glass`")
        if caller.subject.name == "dora":
            return cast(Request, await self._made.ask(caller))
        now = self._made.clock.now()
        grant = Grant(
            GrantId(self._made.ids.mint("grant")),
            caller.subject.id,
            target.id,
            now,
            now + timedelta(minutes=30),
            reason=reason,
            kind=GrantKind.BREAK_GLASS,
        )
        found = self._reviews.owed(grant, target, ())
        changes, entries = self._reviews.opening(grant, found)
        await self._made.store.commit((PutGrant(grant), *changes), entries)
        opened = Opened(
            caller.subject.name,
            Secret("s3cret"),
            target.name,
            target,
            grant.ends_at,
            grant,
            connections,
            CredentialId("crd_1"),
        )
        return Broken(opened, found)
