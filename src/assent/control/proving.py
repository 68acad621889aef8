"""Whether a password and a code are somebody's: limited, counted, and the same work for all."""

from collections.abc import Awaitable, Callable

from assent.control.attempt_limits import CODES, PASSWORDS, Attempt, AttemptLimits, network_of
from assent.control.directory import Directory
from assent.control.refusals import Refusals
from assent.control.second_factor import SecondFactors
from assent.control.sign_in_rules import SignInRules
from assent.control.turns import Turns
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import ForbiddenFault, TooManyFault
from assent.core.ids import SubjectId
from assent.core.people_changes import PutPassword
from assent.core.ports import PasswordHasher, Store
from assent.core.secret import Secret
from assent.core.subject import Subject

REFUSED = "the name or the password is wrong"
_NOBODY = SubjectId("sub_nobody")


class Proving:
    """Checks passwords and codes. Strangers and those who were here before wait in two lines."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        hasher: PasswordHasher,
        second_factors: SecondFactors,
        refusals: Refusals,
        rules: SignInRules,
        clock: Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._hasher = hasher
        self._second_factors = second_factors
        self._refusals = refusals
        self._rules = rules
        self._passwords = AttemptLimits(PASSWORDS, clock)
        self._codes = AttemptLimits(CODES, clock)
        # A check takes tens of milliseconds of several cores: a flood must not have them all.
        self._turns = {True: Turns(at_once=1, waiting=64), False: Turns(at_once=2, waiting=32)}
        self._when_refused: list[Callable[[SubjectId], None]] = []
        self._when_code_refused: list[Callable[[Subject, str], Awaitable[None]]] = []

    def when_refused(self, listener: Callable[[SubjectId], None]) -> None:
        """Call `listener` after every refused password or code of somebody who is known."""
        self._when_refused.append(listener)

    def when_code_refused(self, listener: Callable[[Subject, str], Awaitable[None]]) -> None:
        """Await `listener`, with an address, after a wrong code behind a right password."""
        self._when_code_refused.append(listener)

    async def password(
        self, name: str, password: Secret[str], address: str, wanted: EntryKind
    ) -> tuple[Subject, Attempt]:
        """Return whose password it is. Raises ForbiddenFault, TooManyFault, OutsideFault.

        The attempt that is returned is forgiven already; `succeeded` forgives those before it.
        """
        if not self._rules.local_passwords:
            words = "passwords do not count here; sign in with a passkey or your identity provider"
            raise ForbiddenFault("no-passwords", words)
        subject = self._directory.subject_named(name)
        attempt = await self._begin(self._passwords, name, subject, address, wanted)
        # An unknown name costs the same work, so that time does not tell names apart.
        kept = await self._store.password_hash(subject.id if subject else _NOBODY)
        try:
            async with self._turns[attempt.acquainted].one():
                proved = await self._hasher.verify(kept if subject else None, password)
        except Exception:
            self._passwords.forgive(attempt)
            raise
        if subject is None or subject.disabled or not proved:
            raise self._refused(subject, address, wanted)
        self._passwords.forgive(attempt)
        if kept is not None and subject.source != "configuration":
            await self._renew(subject, kept, password)
        return subject, attempt

    async def code(self, subject: Subject, code: str, address: str, wanted: EntryKind) -> str:
        """Return as what a code counts. Raises ForbiddenFault, TooManyFault, OutsideFault."""
        attempt = await self._begin(self._codes, subject.name, subject, address, wanted)
        method = await self._second_factors.check(subject.id, code)
        if method is None:
            for listener in self._when_code_refused:
                await listener(subject, address)
            raise self._refused(subject, address, wanted, "the code is wrong, or was used before")
        self._codes.forgive(attempt, all_of_them=True)
        return method

    def succeeded(self, attempt: Attempt) -> None:
        """Forget what failed before a sign-in that is whole: the password, and the code if any."""
        self._passwords.forgive(attempt, all_of_them=True)

    async def _begin(
        self,
        limits: AttemptLimits,
        name: str,
        subject: Subject | None,
        address: str,
        wanted: EntryKind,
    ) -> Attempt:
        network, id = network_of(address), subject.id if subject else _NOBODY
        acquainted = await self._store.knows_network(id, network)
        try:
            return limits.begin(name, network, known=subject is not None, acquainted=acquainted)
        except TooManyFault as fault:
            self._refusals.count(subject.id if subject else None, wanted, fault.code, address)
            raise

    def _refused(
        self, subject: Subject | None, address: str, wanted: EntryKind, words: str = REFUSED
    ) -> ForbiddenFault:
        if subject is not None:
            for listener in self._when_refused:
                listener(subject.id)
        known = subject.id if subject else None
        self._refusals.count(known, wanted, "sign-in-refused", address)
        return ForbiddenFault("sign-in-refused", words)

    async def _renew(self, subject: Subject, kept: Secret[str], password: Secret[str]) -> None:
        """Hash a password anew where less work was asked when it was set."""
        if self._hasher.is_outdated(kept):
            hashed = await self._hasher.hash(password)
            await self._store.commit((PutPassword(subject.id, hashed),), ())
