"""How people come in by a link: the very first one, who is invited, and who lost their keys."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assent.control.directory import Directory
from assent.control.invitations import FIRST, RECOVERY, Invitations
from assent.control.local_person import PersonChange, administrators, changed, check_name
from assent.control.outbox import Outbox
from assent.control.own_account import LOCAL, told_of_account
from assent.control.password_rules import check_password
from assent.control.people import People
from assent.control.sign_in import SignIn
from assent.core.authenticator import Invitation
from assent.core.changes import Change, RevokeDeviceKey
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import EntryId, Ids, InvitationId, SubjectId
from assent.core.people_changes import (
    DropAuthenticators,
    DropTokens,
    PutPassword,
    UseInvitation,
)
from assent.core.ports import PasswordHasher, Store
from assent.core.role import Role
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import Token


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a link is for. subject: None for the first administrator, who says who they are."""

    invitation: Invitation
    subject: Subject | None

    @property
    def purpose(self) -> str:
        """Return `first-administrator`, `invitation` or `recovery`."""
        return self.invitation.purpose


class Welcoming:
    """The one way in which a link is used."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        people: People,
        sign_in: SignIn,
        invitations: Invitations,
        hasher: PasswordHasher,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        lock: asyncio.Lock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._people = people
        self._sign_in = sign_in
        self._invitations = invitations
        self._hasher = hasher
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._lock = lock
        # A link for the first administrator is made at a start, so there is hardly ever a second.
        self._first_ids: dict[InvitationId, SubjectId] = {}

    async def first_link(self) -> Secret[str] | None:
        """Return the link for the first administrator; None where there is an administrator.

        An earlier one does not count any more.
        """
        if administrators(self._directory):
            return None
        link, change, entry = self._invitations.make(FIRST, None, None)
        await self._store.commit((change,), (entry,))
        return link

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
        with_changes: Callable[[Subject], tuple[Sequence[Change], Sequence[Entry]]] | None = None,
    ) -> Subject:
        """Use a link up; return who has come in, and can be signed in at once.

        name, display_name: of the first administrator, who is added. password: with which they
        sign in from now on; with_changes: what else, given who they are, they sign in with, such
        as a passkey. One of the two has to be there. Raises MissingFault, ConflictFault.
        """
        async with self._lock:
            welcome = await self.welcome(secret)
            subject = self.coming(welcome, name, display_name)
            further, noted = with_changes(subject) if with_changes else ((), ())
            if password is None and not further:
                raise ConflictFault("no-authenticator", "set a password or add a passkey")
            hashed = await self._hashed(password, subject) if password is not None else None
            used = UseInvitation(welcome.invitation.id, self._clock.now())
            changes: list[Change] = [used]
            gone: Sequence[Token] = ()
            if welcome.purpose == RECOVERY:
                gone = await self._store.tokens(subject.id)
                changes += await self._forgotten(subject)
            changes += [PutPassword(subject.id, hashed), *further]
            what = "password" if password is not None else "passkey"
            facts: dict[str, str | int] = {"about": subject.id, "authenticator": what, "count": 1}
            entry = self._entry(EntryKind.AUTHENTICATOR_ADDED, subject.id, facts)
            if welcome.subject is None:
                return await self._people.put(
                    subject, None, with_changes=changes, with_entries=(entry, *noted)
                )
            if welcome.purpose == RECOVERY:
                headline, by = (
                    "a recovery link was used for your account",
                    "all else was signed out",
                )
                now = str(self._clock.now())
                told = told_of_account(self._outbox, subject.id, headline, by, now)
                changes.append(told)
            await self._store.commit(changes, (entry, *noted))
            self._sign_in.bonds.end(one.id for one in gone)
        return subject

    def coming(self, welcome: Welcome, name: str, display_name: str) -> Subject:
        """Return who comes in by a link; the first administrator as they say that they are.

        Whoever makes a passkey first and comes in with it then is the same subject both times.
        Raises ConflictFault for a name that cannot be.
        """
        if welcome.subject is not None:
            return welcome.subject
        id = self._first_ids.setdefault(welcome.invitation.id, self._people.new_id())
        return self._first(id, name, display_name)

    async def _hashed(self, password: Secret[str], subject: Subject) -> str:
        if not self._sign_in.rules.local_passwords:
            raise ConflictFault("no-passwords", "passwords do not count here; add a passkey")
        check_password(password, subject.name)
        return await self._hasher.hash(password)

    def _first(self, id: SubjectId, name: str, display_name: str) -> Subject:
        check_name(name)
        now = self._clock.now()
        subject = Subject(
            id,
            name,
            display_name=name,
            since=now,
            verified_at=now,
            roles=frozenset({Role.ADMINISTRATOR}),
            source=LOCAL,
        )
        return changed(subject, PersonChange(display_name=display_name or name))

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
        if administrators(self._directory):
            words = "there is an administrator already; ask them to invite you"
            raise MissingFault("invitation-over", words)

    def _entry(self, kind: EntryKind, by: SubjectId, facts: dict[str, str | int]) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=self._clock.now(),
            subject=by,
            facts={**facts},
        )
