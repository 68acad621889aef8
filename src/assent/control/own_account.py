"""What people do with their own account: password, codes, and where they are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.control.outbox import Outbox
from assent.control.password_rules import check_password
from assent.control.second_factor import BY_CODE, Begun, SecondFactors, Standing
from assent.control.sign_in import Caller, SignIn
from assent.control.sign_ins import NEW_PASSWORD, SignIns
from assent.core.authenticator import AuthenticatorKind
from assent.core.changes import PutNotice
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import DropAuthenticators, PutAuthenticator, PutPassword
from assent.core.ports import PasswordHasher, Store
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind
from assent.core.token import Token

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What somebody sees of their own account. has_password: also one from configuration."""

    subject: Subject
    has_password: bool
    may_set_password: bool
    standing: Standing
    sign_ins: Sequence[Token]


class OwnAccounts:
    """Changes of one's own account. Each needs that one proved a moment ago who one is."""

    def __init__(
        self,
        *,
        store: Store,
        sign_in: SignIn,
        sign_ins: SignIns,
        second_factors: SecondFactors,
        hasher: PasswordHasher,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._sign_in = sign_in
        self._second_factors = second_factors
        self._hasher = hasher
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self.sign_ins = sign_ins
        sign_in.proving.when_code_refused(self._warn_of_code)

    async def of(self, caller: Caller) -> OwnAccount:
        """Return what the caller sees of their account."""
        subject = caller.subject
        return OwnAccount(
            subject,
            await self._store.password_hash(subject.id) is not None,
            self._may_set_password(subject),
            await self._second_factors.of(subject.id),
            await self.sign_ins.of(subject.id),
        )

    async def set_password(
        self, caller: Caller, new: Secret[str], old: Secret[str] | None = None
    ) -> int:
        """Set the caller's password, and end their other sign-ins; return how many those were.

        old: what it was; without it they must have proved a moment ago who they are. Raises
        ForbiddenFault, ConflictFault `weak-password`, `described-elsewhere`.
        """
        subject = self._person(caller)
        if not self._may_set_password(subject):
            words = f"your password is not kept here but by `{subject.source}`; change it there"
            raise ConflictFault("described-elsewhere", words)
        if old is None:
            caller.check_fresh(self._clock.now())
        else:
            name, address = subject.name, caller.address
            _, attempt = await self._sign_in.proving.password(name, old, address, EntryKind.STEP_UP)
            self._sign_in.proving.succeeded(attempt)
        check_password(new, subject.name)
        hashed = await self._hasher.hash(new)
        ending, ended, count = await self.sign_ins.ending(
            subject.id, subject.id, NEW_PASSWORD, caller
        )
        entry = self._entry(EntryKind.AUTHENTICATOR_ADDED, caller, "password")
        told = self._told(subject.id, "your password was changed", caller)
        changes = (PutPassword(subject.id, hashed), *ending, told)
        await self._store.commit(changes, (entry, *ended))
        self.sign_ins.ended(ended)
        return count

    async def begin_generator(self, caller: Caller) -> Begun:
        """Return a new generator of codes, to be shown once; its first code confirms it.

        Raises ForbiddenFault `step-up-needed`, ConflictFault where there is one.
        """
        subject = self._person(caller)
        caller.check_fresh(self._clock.now())
        if await self._store.password_hash(subject.id) is None:
            words = "codes are asked for beside a password, and you have none"
            raise ConflictFault("no-password", words)
        if await self._second_factors.is_on(subject.id):
            words = "you have an app for codes already; remove it before you add another"
            raise ConflictFault("generator-exists", words)
        begun, changes = self._second_factors.begin(subject.id, subject.name)
        await self._store.commit(changes, ())
        return begun

    async def confirm_generator(self, caller: Caller, code: str) -> Sequence[Secret[str]]:
        """Let the generator count from now on; return recovery codes, to be shown once.

        Raises ForbiddenFault, ConflictFault `wrong-code`.
        """
        subject = self._person(caller)
        caller.check_fresh(self._clock.now())
        confirmed = await self._second_factors.confirmed(subject.id, code)
        if confirmed is None:
            words = "this is not the code of now; look at the app again, and at your clock"
            raise ConflictFault("wrong-code", words)
        codes, changes = await self._second_factors.new_codes(subject.id)
        await self._store.commit(
            (
                PutAuthenticator(confirmed),
                *changes,
                self._told(subject.id, "an app for codes was added to your account", caller),
            ),
            (
                self._entry(EntryKind.AUTHENTICATOR_ADDED, caller, "totp"),
                self._entry(EntryKind.AUTHENTICATOR_ADDED, caller, "recovery-code", len(codes)),
            ),
        )
        await self._sign_in.stepped_up(caller, BY_CODE)
        return codes

    async def remove_generator(self, caller: Caller) -> None:
        """Ask for no codes any more; recovery codes go as well. Raises ForbiddenFault."""
        subject = self._person(caller)
        caller.check_fresh(self._clock.now())
        if not await self._second_factors.is_on(subject.id):
            raise ConflictFault("no-generator", "you have no app for codes")
        told = self._told(subject.id, "the app for codes was removed from your account", caller)
        entry = self._entry(EntryKind.AUTHENTICATOR_REMOVED, caller, "totp")
        await self._store.commit((DropAuthenticators(subject.id), told), (entry,))

    async def new_recovery_codes(self, caller: Caller) -> Sequence[Secret[str]]:
        """Return ten new recovery codes; those before do not count any more.

        Raises ForbiddenFault, ConflictFault where there is no generator that they stand in for.
        """
        subject = self._person(caller)
        caller.check_fresh(self._clock.now())
        if not await self._second_factors.is_on(subject.id):
            words = "recovery codes stand in for an app for codes; add one first"
            raise ConflictFault("no-generator", words)
        codes, changes = await self._second_factors.new_codes(subject.id)
        told = self._told(subject.id, "new recovery codes were made for your account", caller)
        kind = AuthenticatorKind.RECOVERY_CODE.value
        entry = self._entry(EntryKind.AUTHENTICATOR_ADDED, caller, kind, len(codes))
        await self._store.commit((*changes, told), (entry,))
        return codes

    def _may_set_password(self, subject: Subject) -> bool:
        return subject.source == LOCAL and self._sign_in.rules.local_passwords

    def _person(self, caller: Caller) -> Subject:
        if caller.subject.kind is not SubjectKind.HUMAN:
            words = f"`{caller.subject.name}` is not a person; only people do this"
            raise ForbiddenFault("not-a-person", words)
        return caller.subject

    async def _warn_of_code(self, subject: Subject, address: str) -> None:
        """Tell somebody, once a day, that a code was wrong behind their right password."""
        now = self._clock.now()
        notice = self._outbox.notice(
            "account.code-refused",
            to=[subject.id],
            headline="a wrong code came after your right password",
            lines=(f"from {address}", "if that was not you, change your password now"),
            link="/account",
            key=f"account.code-refused:{subject.id}:{now:%Y-%m-%d}",
        )
        await self._store.commit((notice,), ())

    def _told(self, subject: SubjectId, headline: str, caller: Caller) -> PutNotice:
        return told_of_account(
            self._outbox, subject, headline, f"from {caller.address}", str(self._clock.now())
        )

    def _entry(self, kind: EntryKind, caller: Caller, what: str, count: int = 1) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts={"about": caller.subject.id, "authenticator": what, "count": count},
            payload={"address": caller.address},
        )


def told_of_account(
    outbox: Outbox, subject: SubjectId, headline: str, line: str, when: str
) -> PutNotice:
    """Return the notice that tells somebody what was done to their account. when: tells it apart
    from the same thing done at another time.
    """
    return outbox.notice(
        "account.changed",
        to=[subject],
        headline=headline,
        lines=(line, "if that was not you, tell whoever runs Assent at once"),
        link="/account",
        key=f"account.changed:{subject}:{headline}:{when}",
    )
