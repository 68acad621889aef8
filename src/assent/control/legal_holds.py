"""Legal holds: orders that nothing may be erased or pruned, until they are lifted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assent.control.audit_actions import HOLD, AuditActions, Order, Ordered
from assent.control.directory import Directory
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.changes import PutLegalHold
from assent.core.clock import Clock
from assent.core.data_key import LegalHold
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import EntryId, Ids, LegalHoldId, SubjectId
from assent.core.ports import Store
from assent.core.role import Permission

EVERYBODY = "everybody"


class LegalHolds:
    """Places and lifts holds, each an action that is decided on."""

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
        self._actions = actions
        self._clock = clock
        self._ids = ids
        actions.carry_out(HOLD, self._carry_out)

    async def place(
        self, caller: Caller, name: str | None, because: str, ticket: str = ""
    ) -> Ordered:
        """Hold what is kept of a person, or with None of everybody.

        Raises MissingFault, ForbiddenFault, ConflictFault.
        """
        about = "" if name is None else _named(self._directory, name)
        whom = EVERYBODY if name is None else f"`{name}`"
        details = {"what": "place", "about": about}
        text = f"place a legal hold: nothing that is kept of {whom} may be erased, nothing pruned"
        return await self._actions.order(caller, HOLD, text, details, reason=because, ticket=ticket)

    async def lift(self, caller: Caller, hold: str, because: str, ticket: str = "") -> Ordered:
        """Lift a hold. Raises MissingFault, ForbiddenFault, ConflictFault."""
        found = await self._standing(LegalHoldId(hold))
        whom = self._whom(found)
        text = f"lift legal hold `{found.id}` on {whom}: it may be erased and pruned again"
        details = {"what": "lift", "hold": found.id}
        return await self._actions.order(caller, HOLD, text, details, reason=because, ticket=ticket)

    async def all(self, caller: Caller) -> Sequence[LegalHold]:
        """Return all holds, lifted ones too, newest first. Raises ForbiddenFault."""
        caller.check(Permission.READ_LOG)
        return await self._store.legal_holds()

    async def _standing(self, hold: LegalHoldId) -> LegalHold:
        for found in await self._store.legal_holds():
            if found.id == hold:
                if not found.stands:
                    raise ConflictFault("legal-hold-lifted", f"`{hold}` was lifted before")
                return found
        raise MissingFault("no-such-hold", f"there is no legal hold `{hold[:80]}`")

    def _whom(self, hold: LegalHold) -> str:
        return EVERYBODY if hold.subject is None else called(self._directory, hold.subject)

    async def _carry_out(self, order: Order) -> Mapping[str, Json]:
        details, by = order.action.details, order.action.subject
        now = self._clock.now()
        if details["what"] == "place":
            about = SubjectId(details["about"]) if details["about"] else None
            name = LegalHoldId(self._ids.mint("legal_hold"))
            hold = LegalHold(name, about, order.reason, by, now)
        else:
            standing = await self._standing(LegalHoldId(details["hold"]))
            hold = replace(standing, lifted_by=by, lifted_at=now)
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LEGAL_HOLD_PLACED if hold.stands else EntryKind.LEGAL_HOLD_LIFTED,
            at=now,
            subject=by,
            request=order.request,
            facts={"about": hold.subject, "decision": order.decision, "hold": hold.id},
            payload={"because": order.reason},
        )
        words = f"{hold.id} {'placed' if hold.stands else 'lifted'}"
        await order.keep((PutLegalHold(hold),), (entry,), words)
        return {"hold": hold.id, "stands": hold.stands}


async def refuse_held(store: Store, subject: SubjectId | None) -> None:
    """Raise ConflictFault while a hold stands on a subject or on everybody; None: on anybody."""
    for hold in await store.legal_holds():
        if hold.stands and (subject is None or hold.subject in (None, subject)):
            raise ConflictFault(
                "legal-hold",
                f"legal hold `{hold.id}` stands; `assent audit lift {hold.id}` lifts it, "
                "if policies let you",
            )


def called(directory: Directory, subject: SubjectId) -> str:
    """Return the name of a subject for people, its id where nobody knows its name any more."""
    try:
        return f"`{directory.subject(subject).name}`"
    except MissingFault:
        return f"`{subject}`"


def _named(directory: Directory, name: str) -> SubjectId:
    found = directory.subject_named(name)
    if found is None:
        raise MissingFault("no-such-person", f"there is no person `{name[:80]}`")
    return found.id
