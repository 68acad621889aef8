"""What administrators do about people: invite, change, disable, suspend and let in again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.control.directory import Directory
from assent.control.invitations import INVITED, RECOVERY, Invitations
from assent.control.local_person import PersonChange, administrators, changed, check_name
from assent.control.outbox import Outbox
from assent.control.own_account import LOCAL, told_of_account
from assent.control.people import People
from assent.control.sign_in import Caller
from assent.control.sign_ins import BY_ADMINISTRATOR, SignIns
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import (
    DropAuthenticators,
)
from assent.core.ports import Store
from assent.core.role import Permission, Role
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody and the link that lets them in, to be shown once."""

    subject: Subject
    link: Secret[str]


class Accounts:
    """The one way in which local people come, change and go."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        people: People,
        sign_ins: SignIns,
        invitations: Invitations,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        lock: asyncio.Lock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._people = people
        self._sign_ins = sign_ins
        self._invitations = invitations
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._lock = lock

    def people(self, caller: Caller) -> Sequence[Subject]:
        """Return everybody, by name. Raises ForbiddenFault."""
        caller.check(Permission.READ_PEOPLE)
        return sorted(self._directory.subjects(), key=lambda one: one.name)

    def person(self, caller: Caller, name: str) -> Subject:
        """Return somebody. Raises ForbiddenFault, MissingFault."""
        caller.check(Permission.READ_PEOPLE)
        return self._find(name)

    async def invite(self, caller: Caller, name: str, wanted: PersonChange) -> Invited:
        """Add somebody, and return the link with which they come in.

        Raises ForbiddenFault, ConflictFault for what cannot be.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        check_name(name)
        now = self._clock.now()
        subject = Subject(
            self._people.new_id(),
            name,
            display_name=name,
            since=now,
            verified_by=caller.subject.name,
            verified_at=now,
            source=LOCAL,
        )
        async with self._lock:
            if self._directory.subject_named(name) is not None:
                words = f"there is somebody called `{name}`; `assent people recover` lets them in"
                raise ConflictFault("name-taken", words)
            subject = changed(subject, wanted)
            link, change, entry = self._invitations.make(INVITED, subject.id, caller.subject.id)
            kept = await self._people.put(
                subject, caller.subject.id, with_changes=(change,), with_entries=(entry,)
            )
        return Invited(kept, link)

    async def change(
        self, caller: Caller, name: str, wanted: PersonChange, reason: str = ""
    ) -> Subject:
        """Return somebody as they are from now on.

        Raises ForbiddenFault, MissingFault, ConflictFault `own-account`, `last-administrator`.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        async with self._lock:
            before = self._find_local(name)
            after = changed(before, wanted)
            if before.id == caller.subject.id and _rights(before) != _rights(after):
                words = "nobody changes their own roles and groups; ask another administrator"
                raise ConflictFault("own-account", words)
            self._check_administrators(after)
            return await self._people.put(after, caller.subject.id, reason=reason)

    async def disable(self, caller: Caller, name: str, reason: str = "") -> Subject:
        """Return somebody to whom nothing is permitted any more; open sessions are cut.

        Whom another source describes is suspended: that is kept here, and no source lifts it.
        Raises ForbiddenFault, MissingFault, ConflictFault `own-account`, `last-administrator`.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        async with self._lock:
            before = self._find(name)
            self._check_administrators(replace(before, disabled=True))
            if before.id == caller.subject.id:
                words = "nobody disables themselves; ask another administrator"
                raise ConflictFault("own-account", words)
            by = caller.subject.id
            if before.source != LOCAL:
                return await self._people.suspend(before, by, suspended=True, reason=reason)
            return await self._people.disable(before, by, reason)

    async def enable(self, caller: Caller, name: str, reason: str = "") -> Subject:
        """Return somebody who may come in again, as far as it is for us to say.

        Raises ForbiddenFault, MissingFault, ConflictFault `own-account`, and
        `described-elsewhere` where only their source keeps them out.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        async with self._lock:
            before, by = self._find(name), caller.subject.id
            if before.id == by:
                raise ConflictFault("own-account", "nobody enables themselves")
            if before.suspended:
                before = await self._people.suspend(before, by, suspended=False, reason=reason)
            if before.source != LOCAL and before.disabled:
                words = f"`{before.name}` is disabled by `{before.source}`; enable them there"
                raise ConflictFault("described-elsewhere", words)
            if not before.disabled:
                return before
            return await self._people.put(replace(before, disabled=False), by, reason=reason)

    async def recover(self, caller: Caller, name: str, reason: str = "") -> Invited:
        """Return a link with which somebody sets anew how they sign in.

        Until it is used all stays as it is. Raises ForbiddenFault, MissingFault, ConflictFault.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        subject = self._find(name)
        if subject.id == caller.subject.id:
            words = "use a recovery code of yours, or ask another administrator for a link"
            raise ConflictFault("own-account", words)
        if subject.source != LOCAL or subject.kind is not SubjectKind.HUMAN or subject.disabled:
            words = f"`{name}` is no person who is kept here and enabled; they need no link of ours"
            raise ConflictFault("described-elsewhere", words)
        link, change, entry = self._invitations.make(
            RECOVERY, subject.id, caller.subject.id, reason
        )
        by = f"{caller.subject.name} made it; who has the link can sign in as you"
        headline = "a link was made to set anew how you sign in"
        told = told_of_account(self._outbox, subject.id, headline, by, str(self._clock.now()))
        await self._store.commit((change, told), (entry,))
        return Invited(subject, link)

    async def drop_second_factor(self, caller: Caller, name: str) -> Subject:
        """Ask somebody for no codes any more: they lost what made them. They are told.

        Raises ForbiddenFault, MissingFault, ConflictFault `own-account`.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        subject = self._find(name)
        if subject.id == caller.subject.id:
            words = "remove your own app for codes at `/account`"
            raise ConflictFault("own-account", words)
        by, now = f"{caller.subject.name} did it", str(self._clock.now())
        headline = "your app for codes and your recovery codes were removed"
        told = told_of_account(self._outbox, subject.id, headline, by, now)
        entry = self._entry(
            EntryKind.AUTHENTICATOR_REMOVED,
            caller.subject.id,
            {"about": subject.id, "authenticator": "totp", "count": 1},
        )
        await self._store.commit((DropAuthenticators(subject.id), told), (entry,))
        return subject

    async def end_sign_ins(self, caller: Caller, name: str, reason: str = "") -> int:
        """End all sign-ins of somebody, who is told; return how many there were.

        Raises ForbiddenFault, MissingFault.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        subject = self._find(name)
        changes, entries, count = await self._sign_ins.ending(
            subject.id, caller.subject.id, BY_ADMINISTRATOR, reason=reason
        )
        by, now = f"{caller.subject.name} did it", str(self._clock.now())
        told = told_of_account(self._outbox, subject.id, "you were signed out everywhere", by, now)
        await self._store.commit((*changes, *([told] if count else ())), entries)
        self._sign_ins.ended(entries)
        return count

    def _check_administrators(self, after: Subject) -> None:
        """Raise ConflictFault where a change of somebody would leave no administrator."""
        others = [one for one in administrators(self._directory) if one.id != after.id]
        is_one = any(one.id == after.id for one in administrators(self._directory))
        if is_one and not others and not self._directory.may(after, Permission.CHANGE_PEOPLE):
            words = "they are the last administrator; make somebody else one first"
            raise ConflictFault("last-administrator", words)

    def _find(self, name: str) -> Subject:
        found = self._directory.subject_named(name)
        if found is None or self._directory.is_own(found.id):
            words = f"there is nobody called `{name[:80]}`; see `assent people list`"
            raise MissingFault("no-such-person", words)
        return found

    def _find_local(self, name: str) -> Subject:
        found = self._find(name)
        if found.source != LOCAL:
            words = f"`{found.name}` is described by `{found.source}`; change them there"
            raise ConflictFault("described-elsewhere", words)
        return found

    def _entry(self, kind: EntryKind, by: SubjectId, facts: dict[str, str | int]) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=self._clock.now(),
            subject=by,
            facts={**facts},
        )


def _rights(subject: Subject) -> tuple[frozenset[str], frozenset[Role]]:
    return subject.groups, subject.roles
