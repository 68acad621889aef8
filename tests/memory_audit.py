"""Who administers the log, without a log: what is ordered is done at once, or waits for `carl`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from assent.control.audit_actions import Ordered
from assent.control.redaction import REMAINS
from assent.control.sign_in import Caller
from assent.core.data_key import DataKey, LegalHold
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import DataKeyId, LegalHoldId, SubjectId
from assent.core.role import Permission

if TYPE_CHECKING:
    from memory_plane import MemoryPlane


class FakeRedaction:
    """Erases everybody who is there, with assent where they who ask do not oversee."""

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane

    async def erase(self, caller: Caller, name: str, reason: str, ticket: str = "") -> Ordered:
        self._known(name)
        if not caller.oversees:
            return Ordered("waiting", {}, await self._plane.ask(caller))
        return Ordered("done", {"entry": "ent_1", "keys": 1, "remains": list(REMAINS)})

    async def keys(self, caller: Caller, name: str | None) -> Sequence[DataKey]:
        caller.check(Permission.READ_LOG)
        subject = None if name is None else self._known(name)
        now = self._plane.clock.now()
        return [
            DataKey(DataKeyId("dek_2"), subject, b"wrapped", "file:0123456789abcdef", now),
            DataKey(DataKeyId("dek_1"), subject, None, "file:0123456789abcdef", now, now),
        ]

    def _known(self, name: str) -> SubjectId:
        found = self._plane.directory.subject_named(name)
        if found is None:
            raise MissingFault("no-such-person", f"there is no person `{name[:80]}`")
        return found.id


class FakeLegalHolds:
    """Places and lifts holds at once, for those who oversee."""

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane
        self.found: dict[str, LegalHold] = {}

    async def place(
        self, caller: Caller, name: str | None, because: str, ticket: str = ""
    ) -> Ordered:
        if not caller.oversees:
            raise ForbiddenFault("denied", "no policy permits it")
        subject = None
        if name is not None:
            found = self._plane.directory.subject_named(name)
            if found is None:
                raise MissingFault("no-such-person", f"there is no person `{name[:80]}`")
            subject = found.id
        now = self._plane.clock.now()
        hold = LegalHoldId(self._plane.ids.mint("legal_hold"))
        self.found[hold] = LegalHold(hold, subject, because, caller.subject.id, now)
        return Ordered("done", {"hold": hold, "stands": True})

    async def lift(self, caller: Caller, hold: str, because: str, ticket: str = "") -> Ordered:
        if hold not in self.found:
            raise MissingFault("no-such-hold", f"there is no legal hold `{hold[:80]}`")
        if not self.found[hold].stands:
            raise ConflictFault("legal-hold-lifted", f"`{hold}` was lifted before")
        now = self._plane.clock.now()
        lifted = replace(self.found[hold], lifted_by=caller.subject.id, lifted_at=now)
        self.found[hold] = lifted
        return Ordered("done", {"hold": hold, "stands": False})

    async def all(self, caller: Caller) -> Sequence[LegalHold]:
        caller.check(Permission.READ_LOG)
        return list(self.found.values())


class FakeRetention:
    """Prunes nothing, and says so."""

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane

    async def prune(
        self, caller: Caller, before: datetime, reason: str, ticket: str = ""
    ) -> Ordered:
        if not caller.oversees:
            raise ForbiddenFault("denied", "no policy permits it")
        if before > self._plane.clock.now():
            raise ConflictFault("too-young", "what happened within a day is kept")
        return Ordered("done", {"entry": "ent_1", "minimum": 256, "entries": 256})
