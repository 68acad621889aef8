"""What the store answers, each question one statement and so one snapshot."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from assent.audit.tree import Frontier
from assent.core.entry import Checkpoint
from assent.core.ids import EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.core.label import Label
from assent.core.ports import StoredEntry
from assent.core.request import Request, RequestState
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Credential, Session, SessionState
from assent.core.subject import Subject
from assent.stores import codec, rows, tables
from assent.stores.audit_reading import AuditReading
from assent.stores.effect_reading import EffectReading
from assent.stores.exporting import Exporting
from assent.stores.fetching import bounded
from assent.stores.grant_reading import GrantReading
from assent.stores.keyring import Keyring
from assent.stores.log import read_frontier
from assent.stores.opening import opened
from assent.stores.people_reading import PeopleReading
from assent.stores.pins import PinReading
from assent.stores.proofs import Proofs
from assent.stores.recall import Recall
from assent.stores.rows import Row
from assent.stores.workflow_reading import WorkflowReading

_MOST_CREDENTIALS = 64
MOST_LABELS = 100_000


class Reading(
    Recall,
    GrantReading,
    WorkflowReading,
    PeopleReading,
    AuditReading,
    EffectReading,
    PinReading,
    Proofs,
    Exporting,
):
    """The reading half of the Store port. limit: above 10,000 it counts as that."""

    keyring: Keyring

    async def request(self, request: RequestId) -> Request | None:
        found = await self._requests(
            select(tables.requests.c.id).where(tables.requests.c.id == request)
        )
        return found[0] if found else None

    async def requests(
        self,
        states: Sequence[RequestState] = (),
        subject: SubjectId | None = None,
        session: SessionId | None = None,
        limit: int = 100,
    ) -> Sequence[Request]:
        columns = tables.requests.c
        wanted = select(columns.id)
        if states:
            wanted = wanted.where(columns.state.in_([state.value for state in states]))
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        if session is not None:
            wanted = wanted.where(columns.session_id == session)
        newest = wanted.order_by(columns.created_at.desc(), columns.id.desc())
        return await self._requests(newest.limit(bounded(limit)))

    async def _requests(self, wanted: Select[Any]) -> list[Request]:
        request, approval = tables.requests.c, tables.approvals.c
        statement = (
            select(tables.requests, *(column.label(f"a_{column.name}") for column in approval))
            .outerjoin_from(tables.requests, tables.approvals, approval.request_id == request.id)
            .where(request.id.in_(wanted))
            .order_by(request.created_at.desc(), request.id.desc(), approval.arrival)
        )
        return await self._grouped(statement, _request_with_approvals)

    async def session(self, session: SessionId) -> Session | None:
        wanted = select(tables.sessions).where(tables.sessions.c.id == session)
        return await self._one(wanted, rows.session_of)

    async def sessions(
        self,
        subject: SubjectId | None = None,
        open_only: bool = False,
        limit: int = 100,
        but: SubjectId | None = None,
    ) -> Sequence[Session]:
        columns = tables.sessions.c
        wanted = select(tables.sessions)
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        if open_only:
            wanted = wanted.where(columns.state == SessionState.OPEN.value)
        if but is not None:
            wanted = wanted.where(columns.subject_id != but)
        newest = wanted.order_by(columns.opened_at.desc(), columns.id.desc())
        return await self._all(newest.limit(bounded(limit)), rows.session_of)

    async def credentials(
        self, subject: SubjectId, target: TargetId, valid_at: datetime
    ) -> Sequence[Credential]:
        columns = tables.credentials.c
        usable = select(tables.credentials).where(
            columns.subject_id == subject,
            columns.target_id == target,
            columns.expires_at > valid_at,
            columns.connections_left > 0,
        )
        newest = usable.order_by(columns.expires_at.desc(), columns.id.desc())
        return await self._all(newest.limit(_MOST_CREDENTIALS), rows.credential_of)

    async def subjects(self) -> Sequence[Subject]:
        wanted = select(tables.subjects.c.body).order_by(tables.subjects.c.name)
        return await self._all(wanted, lambda row: codec.decode_subject(row["body"]))

    async def targets(self) -> Sequence[Target]:
        wanted = select(tables.targets.c.body).order_by(tables.targets.c.name)
        return await self._all(wanted, lambda row: codec.decode_target(row["body"]))

    async def labels(self, target: TargetId | None = None) -> Sequence[Label]:
        columns = tables.labels.c
        wanted = select(tables.labels)
        if target is not None:
            wanted = wanted.where(columns.target_id == target)
        ordered = wanted.order_by(columns.target_id, columns.name, columns.label)
        return await self._all(ordered.limit(MOST_LABELS), rows.label_of)

    async def password_hash(self, subject: SubjectId) -> Secret[str] | None:
        wanted = select(tables.subjects.c.password_hash).where(tables.subjects.c.id == subject)
        found = await self._rows(wanted)
        if not found or found[0]["password_hash"] is None:
            return None
        return Secret(found[0]["password_hash"])

    async def entries(self, start: int = 0, limit: int = 256) -> Sequence[StoredEntry]:
        index = tables.entries.c.leaf_index
        return await self._opened(_stored(limit).where(index >= start))

    async def entry(self, entry: EntryId) -> StoredEntry | None:
        found = await self._opened(_stored(1).where(tables.entries.c.id == entry))
        return found[0] if found else None

    async def entries_about(
        self,
        request: RequestId | None = None,
        session: SessionId | None = None,
        limit: int = 200,
    ) -> Sequence[StoredEntry]:
        columns = tables.entries.c
        names = []
        if request is not None:
            names.append(columns.request_id == request)
        if session is not None:
            names.append(columns.session_id == session)
        if not names:
            return []
        return await self._opened(_stored(limit).where(or_(*names)))

    async def leaves_of(
        self, session: SessionId, start: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        """Return index and leaf of entries that name a session, in order, from index `start`."""
        columns = tables.entries.c
        wanted = (
            select(columns.leaf_index, columns.leaf)
            .where(columns.session_id == session, columns.leaf_index >= start)
            .order_by(columns.leaf_index)
            .limit(limit)
        )
        return await self._all(wanted, lambda row: (int(row["leaf_index"]), bytes(row["leaf"])))

    async def _opened(self, wanted: Select[Any]) -> Sequence[StoredEntry]:
        return await opened(await self._all(wanted, rows.entry_of), self.keyring)

    async def checkpoint(self) -> Checkpoint | None:
        newest = select(tables.checkpoints).order_by(tables.checkpoints.c.size.desc()).limit(1)
        return await self._one(newest, rows.checkpoint_of)

    async def checkpoints(self) -> Sequence[Checkpoint]:
        """Return all checkpoints, the smallest first."""
        wanted = select(tables.checkpoints).order_by(tables.checkpoints.c.size)
        return await self._all(wanted, rows.checkpoint_of)

    async def _frontier(self) -> Frontier:
        return await self._ask(read_frontier)


def _request_with_approvals(found: Sequence[Row]) -> Request:
    approvals = [
        rows.approval_of({name[2:]: value for name, value in row.items() if name[:2] == "a_"})
        for row in found
        if row["a_id"] is not None
    ]
    return rows.request_of(found[0], approvals)


def _stored(limit: int) -> Select[Any]:
    entry, payload = tables.entries.c, tables.payloads.c
    return (
        select(entry.leaf_index, entry.leaf, payload.body.label("payload"))
        .outerjoin_from(tables.entries, tables.payloads, payload.leaf_index == entry.leaf_index)
        .order_by(entry.leaf_index)
        .limit(bounded(limit))
    )
