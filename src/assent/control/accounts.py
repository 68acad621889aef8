"""Local people: added, invited, changed and disabled by administrators, and the very first one."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assent.control.directory import Directory
from assent.control.invitations import FIRST, INVITED, RECOVERY, Invitations
from assent.control.outbox import Outbox
from assent.control.own_account import LOCAL, told_of_account
from assent.control.password_rules import check_password
from assent.control.people import People
from assent.control.sign_in import Caller, SignIn
from assent.control.sign_ins import BY_ADMINISTRATOR, SignIns
from assent.core.authenticator import Invitation
from assent.core.changes import Change, RevokeDeviceKey
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import (
    DropAuthenticators,
    DropTokens,
    PutPassword,
    UseInvitation,
)
from assent.core.ports import PasswordHasher, Store
from assent.core.role import Permission, Role
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}", re.ASCII)
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+:-]{0,62}", re.ASCII)
_LONGEST_LINE = 200
_MOST_GROUPS = 100
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to be different; None for what stays."""

    display_name: str | None = None
    email: str | None = None
    time_zone: str | None = None
    groups: frozenset[str] | None = None
    roles: frozenset[Role] | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody and the link that lets them in, to be shown once."""

    subject: Subject
    link: Secret[str]


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a link is for. subject: None for the first administrator, who says who they are."""

    invitation: Invitation
    subject: Subject | None

    @property
    def purpose(self) -> str:
        """Return `first-administrator`, `invitation` or `recovery`."""
        return self.invitation.purpose


class Accounts:
    """The one way in which local people come, change and go."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        people: People,
        sign_in: SignIn,
        sign_ins: SignIns,
        invitations: Invitations,
        hasher: PasswordHasher,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._people = people
        self._sign_in = sign_in
        self._sign_ins = sign_ins
        self._invitations = invitations
        self._hasher = hasher
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        # What is checked of all of them still holds when one of them is changed.
        self._lock = asyncio.Lock()

    def administrators(self) -> Sequence[Subject]:
        """Return the people who are administrators and not disabled."""
        return [
            one
            for one in self._directory.subjects()
            if one.kind is SubjectKind.HUMAN and self._directory.may(one, Permission.CHANGE_PEOPLE)
        ]

    def people(self, caller: Caller) -> Sequence[Subject]:
        """Return everybody, by name. Raises ForbiddenFault."""
        caller.check(Permission.READ_PEOPLE)
        return sorted(self._directory.subjects(), key=lambda one: one.name)

    def person(self, caller: Caller, name: str) -> Subject:
        """Return somebody. Raises ForbiddenFault, MissingFault."""
        caller.check(Permission.READ_PEOPLE)
        return self._find(name)

    async def first_link(self) -> Secret[str] | None:
        """Return the link for the first administrator; None where there is an administrator.

        An earlier one does not count any more.
        """
        if self.administrators():
            return None
        link, change, entry = self._invitations.make(FIRST, None, None)
        await self._store.commit((change,), (entry,))
        return link

    async def invite(self, caller: Caller, name: str, wanted: PersonChange) -> Invited:
        """Add somebody, and return the link with which they come in.

        Raises ForbiddenFault, ConflictFault for what cannot be.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        _check_name(name)
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
            subject = _changed(subject, wanted)
            link, change, entry = self._invitations.make(INVITED, subject.id, caller.subject.id)
            kept = await self._people.put(
                subject, caller.subject.id, with_changes=(change,), with_entries=(entry,)
            )
        return Invited(kept, link)

    async def change(self, caller: Caller, name: str, wanted: PersonChange) -> Subject:
        """Return somebody as they are from now on.

        Raises ForbiddenFault, MissingFault, ConflictFault `own-account`, `last-administrator`.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        async with self._lock:
            before = self._find_local(name)
            after = _changed(before, wanted)
            if before.id == caller.subject.id and _rights(before) != _rights(after):
                words = "nobody changes their own roles and groups; ask another administrator"
                raise ConflictFault("own-account", words)
            self._check_administrators(after)
            return await self._people.put(after, caller.subject.id)

    async def disable(self, caller: Caller, name: str) -> Subject:
        """Return somebody to whom nothing is permitted any more; open sessions are cut.

        Raises ForbiddenFault, MissingFault, ConflictFault `last-administrator`.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        async with self._lock:
            after = replace(self._find_local(name), disabled=True)
            self._check_administrators(after)
            return await self._people.put(after, caller.subject.id)

    async def enable(self, caller: Caller, name: str) -> Subject:
        """Return somebody who may come in again. Raises ForbiddenFault, MissingFault."""
        caller.check(Permission.CHANGE_PEOPLE)
        async with self._lock:
            before = self._find_local(name)
            if before.id == caller.subject.id:
                raise ConflictFault("own-account", "nobody enables themselves")
            return await self._people.put(replace(before, disabled=False), caller.subject.id)

    async def recover(self, caller: Caller, name: str) -> Invited:
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
        link, change, entry = self._invitations.make(RECOVERY, subject.id, caller.subject.id)
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

    async def end_sign_ins(self, caller: Caller, name: str) -> int:
        """End all sign-ins of somebody, who is told; return how many there were.

        Raises ForbiddenFault, MissingFault.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        subject = self._find(name)
        changes, entries, count = await self._sign_ins.ending(
            subject.id, caller.subject.id, BY_ADMINISTRATOR
        )
        by, now = f"{caller.subject.name} did it", str(self._clock.now())
        told = told_of_account(self._outbox, subject.id, "you were signed out everywhere", by, now)
        await self._store.commit((*changes, *([told] if count else ())), entries)
        return count

    async def welcome(self, secret: Secret[str]) -> Welcome:
        """Return what a link is for. Raises MissingFault where it is over."""
        invitation = await self._invitations.find(secret)
        if invitation.purpose == FIRST:
            self._check_is_first()
            return Welcome(invitation, None)
        assert invitation.subject is not None
        subject = self._directory.subject(invitation.subject)
        if subject.disabled:
            raise MissingFault("invitation-over", f"`{subject.name}` is disabled; ask for help")
        return Welcome(invitation, subject)

    async def accept(
        self,
        secret: Secret[str],
        *,
        name: str = "",
        display_name: str = "",
        password: Secret[str] | None = None,
        with_changes: Callable[[Subject], Sequence[Change]] | None = None,
    ) -> Subject:
        """Use a link up; return who has come in, and can be signed in at once.

        name, display_name: of the first administrator, who is added. password: with which they
        sign in from now on; with_changes: what else, given who they are, they sign in with, such
        as a passkey. One of the two has to be there. Raises MissingFault, ConflictFault.
        """
        async with self._lock:
            welcome = await self.welcome(secret)
            subject = welcome.subject or self._first(name, display_name)
            further = with_changes(subject) if with_changes else ()
            if password is None and not further:
                raise ConflictFault("no-authenticator", "set a password or add a passkey")
            hashed = await self._hashed(password, subject) if password is not None else None
            used = UseInvitation(welcome.invitation.id, self._clock.now())
            changes: list[Change] = [used]
            if welcome.purpose == RECOVERY:
                changes += await self._forgotten(subject)
            changes += [PutPassword(subject.id, hashed), *further]
            what = "password" if password is not None else "passkey"
            facts: dict[str, str | int] = {"about": subject.id, "authenticator": what, "count": 1}
            entry = self._entry(EntryKind.AUTHENTICATOR_ADDED, subject.id, facts)
            if welcome.subject is None:
                return await self._people.put(
                    subject, None, with_changes=changes, with_entries=(entry,)
                )
            if welcome.purpose == RECOVERY:
                headline, by = (
                    "a recovery link was used for your account",
                    "all else was signed out",
                )
                now = str(self._clock.now())
                told = told_of_account(self._outbox, subject.id, headline, by, now)
                changes.append(told)
            await self._store.commit(changes, (entry,))
        return subject

    async def _hashed(self, password: Secret[str], subject: Subject) -> str:
        if not self._sign_in.rules.local_passwords:
            raise ConflictFault("no-passwords", "passwords do not count here; add a passkey")
        check_password(password, subject.name)
        return await self._hasher.hash(password)

    def _first(self, name: str, display_name: str) -> Subject:
        _check_name(name)
        now = self._clock.now()
        subject = Subject(
            self._people.new_id(),
            name,
            display_name=name,
            since=now,
            verified_at=now,
            roles=frozenset({Role.ADMINISTRATOR}),
            source=LOCAL,
        )
        return _changed(subject, PersonChange(display_name=display_name or name))

    async def _forgotten(self, subject: Subject) -> list[Change]:
        """Return what makes nothing count with which somebody signed in before."""
        now = self._clock.now()
        keys = await self._store.device_keys(subject.id)
        passkeys = [one for one in keys if one.kind == "webauthn" and one.revoked_at is None]
        return [
            DropTokens(subject.id),
            DropAuthenticators(subject.id),
            *(RevokeDeviceKey(one.id, now) for one in passkeys),
        ]

    def _check_is_first(self) -> None:
        if self.administrators():
            words = "there is an administrator already; ask them to invite you"
            raise MissingFault("invitation-over", words)

    def _check_administrators(self, after: Subject) -> None:
        """Raise ConflictFault where a change of somebody would leave no administrator."""
        others = [one for one in self.administrators() if one.id != after.id]
        is_one = any(one.id == after.id for one in self.administrators())
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


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        words = "a name has letters, digits and `._@+-`, 128 at most, and begins with none of those"
        raise ConflictFault("bad-name", words)


def _changed(subject: Subject, wanted: PersonChange) -> Subject:
    """Return the subject as it is wanted. Raises ConflictFault."""
    lines = (wanted.display_name, wanted.time_zone)
    if any(text and (len(text) > _LONGEST_LINE or not text.isprintable()) for text in lines):
        words = f"a text has at most {_LONGEST_LINE} characters that can be printed"
        raise ConflictFault("bad-text", words)
    if wanted.email and not _EMAIL.fullmatch(wanted.email):
        raise ConflictFault("bad-email", f"`{wanted.email[:80]}` is no address for mail")
    if wanted.time_zone:
        try:
            ZoneInfo(wanted.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            words = f"`{wanted.time_zone[:80]}` is no time zone; write one as `Europe/Berlin`"
            raise ConflictFault("bad-time-zone", words) from None
    groups = subject.groups if wanted.groups is None else wanted.groups
    if len(groups) > _MOST_GROUPS or any(not _GROUP.fullmatch(one) for one in groups):
        words = f"a group has letters, digits and `._@+:-`, 63 at most; {_MOST_GROUPS} groups"
        raise ConflictFault("bad-group", words)
    return replace(
        subject,
        display_name=subject.display_name if wanted.display_name is None else wanted.display_name,
        email=subject.email if wanted.email is None else wanted.email,
        time_zone=subject.time_zone if wanted.time_zone is None else wanted.time_zone,
        groups=groups,
        roles=subject.roles if wanted.roles is None else wanted.roles,
    )
