"""Erasing a person: the keys are destroyed under which all that people wrote of them is sealed.

Leaves, hashes, checkpoints and proofs stay, and so do pseudonymous ids, types and outcomes.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from assent.audit.sealing import key_of
from assent.control.audit_actions import ERASE, AuditActions, Order, Ordered
from assent.control.directory import Directory
from assent.control.legal_holds import refuse_held
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.changes import DestroyDataKeys
from assent.core.clock import Clock
from assent.core.data_key import DataKey
from assent.core.entry import Entry, EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import DataKeyId, EntryId, Ids, SubjectId
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.subject import Subject

_PAGE = 1_000
_MOST_NAMED = 1_000

REMAINS = (
    "ids without a name, kinds, times, digests and outcomes of the entries, which the proofs need",
    "what others wrote of them, sealed under keys of their own: reasons, comments, answers",
    "their name in the configuration, until you take it out there",
    "copies in backups of the database and of recordings, until you delete these",
)
"""What erasing leaves, in words."""


class Redaction:
    """Erases people, each time by an action that is decided on."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        actions: AuditActions,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._actions = actions
        self._before: list[Callable[[SubjectId], Awaitable[None]]] = []
        self._listeners: list[Callable[[SubjectId], Awaitable[None]]] = []
        actions.carry_out(ERASE, self._carry_out)

    def before_erased(self, listener: Callable[[SubjectId], Awaitable[None]]) -> None:
        """Await `listener` before keys are destroyed, to seal what is not sealed under them yet.

        Nobody is erased where it raises.
        """
        self._before.append(listener)

    def when_erased(self, listener: Callable[[SubjectId], Awaitable[None]]) -> None:
        """Await `listener` after somebody was erased, to forget what it keeps of them."""
        self._listeners.append(listener)

    async def erase(self, caller: Caller, name: str, reason: str, ticket: str = "") -> Ordered:
        """Erase a person, or open the request that it needs.

        Raises MissingFault, ForbiddenFault, ConflictFault while a legal hold stands on them.
        """
        subject = self._named(name)
        await refuse_held(self._store, subject.id)
        text = (
            f"erase `{name}`: destroy the keys of all that the log and the recordings keep of "
            "them, for ever; proofs stay good"
        )
        return await self._actions.order(
            caller, ERASE, text, {"about": subject.id}, reason=reason, ticket=ticket
        )

    async def keys(self, caller: Caller, name: str | None) -> Sequence[DataKey]:
        """Return the data keys of a person, None for those of nobody, newest first.

        Raises ForbiddenFault, MissingFault.
        """
        caller.check(Permission.READ_LOG)
        return await self._store.data_keys(None if name is None else self._named(name).id)

    def _named(self, name: str) -> Subject:
        found = self._directory.subject_named(name)
        if found is None:
            raise MissingFault("no-such-person", f"there is no person `{name[:80]}`")
        return found

    async def _carry_out(self, order: Order) -> Mapping[str, Json]:
        about = SubjectId(order.action.details["about"])
        await refuse_held(self._store, about)
        for listener in self._before:
            await listener(about)
        keys = tuple(each.id for each in await self._store.data_keys(about, live_only=True))
        older = await self._unsealed(about)
        names = list(older.values())
        # No leaf holds more ids than fit.
        parts = [names[start : start + _MOST_NAMED] for start in range(0, len(names), _MOST_NAMED)]
        said = [
            self._entry(order, about, keys if at == 0 else (), part)
            for at, part in enumerate(parts or [[]])
        ]
        destroy = DestroyDataKeys(keys, self._clock.now(), about, tuple(older))
        await order.keep((destroy,), said, f"{len(keys)} keys destroyed")
        for listener in self._listeners:
            await listener(about)
        return {
            "deleted": len(older),
            "entry": said[0].id,
            "keys": len(keys),
            "remains": list(REMAINS),
        }

    def _entry(
        self, order: Order, about: SubjectId, keys: Sequence[DataKeyId], older: Sequence[EntryId]
    ) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.PAYLOAD_REDACTED,
            at=self._clock.now(),
            subject=order.action.subject,
            request=order.request,
            facts={
                "about": about,
                "decision": order.decision,
                "entries": list(older),
                "keys": list(keys),
            },
            payload={"reason": order.reason},
        )

    async def _unsealed(self, about: SubjectId) -> Mapping[int, EntryId]:
        """Return the entries about a subject whose payloads are of the older form, by index."""
        found: dict[int, EntryId] = {}
        start = await self._store.minimum()
        while page := await self._store.entries(start, _PAGE):
            for stored in page:
                if stored.payload is None:
                    continue
                if key_of(stored.payload) is not None:
                    return found  # From here on all are sealed.
                leaf = json.loads(stored.leaf)
                if leaf["subject"] == about:
                    found[stored.index] = EntryId(leaf["id"])
            start += len(page)
        return found
