"""Who there is: put, changed and disabled while it runs, by whoever may say so.

Configuration, an administrator, an identity provider by SCIM or at sign-in: all say it here, so
that it stands in the log, and open sessions of whoever is not the same any more are decided again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assent.control.directory import Directory
from assent.core.changes import Change, PutSubject
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import DropTokens
from assent.core.ports import Store
from assent.core.subject import Subject, bounded, in_force

LONGEST_NAME = 128


class People:
    """The one way in which subjects change. Raises ConflictFault for what does not fit."""

    def __init__(self, *, store: Store, directory: Directory, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._lock = asyncio.Lock()

    def new_id(self) -> SubjectId:
        """Return an id for somebody who is not there yet."""
        return SubjectId(self._ids.mint("subject"))

    async def put(
        self,
        subject: Subject,
        by: SubjectId | None,
        *,
        with_changes: Sequence[Change] = (),
        with_entries: Sequence[Entry] = (),
        password_hash: str | None = None,
        suspended: bool | None = None,
        reason: str = "",
    ) -> Subject:
        """Return the subject, as everybody sees them from now on.

        by: whose doing it is, None for an identity provider's. with_changes, with_entries: kept
        in the same unit. suspended: None for what it was, as every source must say. reason: why,
        for the log. Whoever is disabled or suspended is signed out, and what is open is cut;
        what belongs to them, agents and services, follows them in the same unit. Raises
        ConflictFault where another subject has that name, or another source says who they are.
        """
        async with self._lock:
            everybody = {one.id: one for one in self._directory.subjects()}
            before = self._known(subject)
            held = before is not None and before.suspended
            said = replace(subject, suspended=held if suspended is None else suspended)
            said, now = bounded(said, everybody), in_force(said, everybody)
            changes: list[Change] = [PutSubject(said, password_hash), *with_changes]
            if now.disabled and (before is None or not before.disabled):
                changes.append(DropTokens(now.id))
            is_same = before == now and self._directory.said(now.id) == said
            entries = [] if is_same else [self._entry(before, now, by, reason)]
            following = _following(now, everybody)
            for one in following:
                changes.append(PutSubject(one))
                changes += [DropTokens(one.id)] if one.disabled else []
                entries.append(self._entry(everybody[one.id], one, by, reason))
            await self._store.commit(changes, [*entries, *with_entries])
            if entries:
                self._directory.put_subject(said, *following)
        return now

    async def disable(self, subject: Subject, by: SubjectId | None, reason: str = "") -> Subject:
        """Return the subject, to whom nothing is permitted from now on."""
        return await self.put(replace(subject, disabled=True), by, reason=reason)

    async def suspend(
        self, subject: Subject, by: SubjectId, *, suspended: bool, reason: str = ""
    ) -> Subject:
        """Return the subject, stopped here or let go again, whatever their source says of them.

        What the source says is kept as it is, and counts again once they are let go.
        """
        said = self._directory.said(subject.id)
        return await self.put(said, by, suspended=suspended, reason=reason)

    def _known(self, subject: Subject) -> Subject | None:
        """Return the subject as it was. Raises ConflictFault."""
        if not 1 <= len(subject.name) <= LONGEST_NAME or not subject.name.isprintable():
            words = f"a name has 1 to {LONGEST_NAME} characters that can be printed"
            raise ConflictFault("bad-name", words)
        named = self._directory.subject_named(subject.name)
        if named is not None and named.id != subject.id:
            words = f"there is somebody called `{subject.name[:80]}` already"
            raise ConflictFault("name-taken", words)
        known = next((one for one in self._directory.subjects() if one.id == subject.id), None)
        if known is not None and known.source != subject.source:
            words = f"`{known.name}` is described by `{known.source}`; change them there"
            raise ConflictFault("described-elsewhere", words)
        return known

    def _entry(
        self, before: Subject | None, now: Subject, by: SubjectId | None, reason: str
    ) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.PERSON_CHANGED if before else EntryKind.PERSON_ADDED,
            at=self._clock.now(),
            subject=by,
            facts={
                "about": now.id,
                "kind": now.kind.value,
                "source": now.source,
                "disabled": now.disabled,
                "suspended": now.suspended,
                "roles": sorted(role.value for role in self._directory.roles_of(now)),
            },
            payload={
                "name": now.name,
                "groups": sorted(now.groups),
                "groups_before": sorted(before.groups) if before else [],
                **({"reason": reason} if reason else {}),
            },
        )


def _following(subject: Subject, everybody: Mapping[SubjectId, Subject]) -> list[Subject]:
    """Return the agents and services of a subject that are not as they were, now that it is so."""
    now = {**everybody, subject.id: subject}
    theirs = [one for one in everybody.values() if subject.id in (one.on_behalf_of, one.owner)]
    bounds = [(one, bounded(one, now)) for one in theirs]
    return [after for one, after in bounds if after != one]
