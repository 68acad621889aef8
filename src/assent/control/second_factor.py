"""What is asked for beside a password: a code of an app, or a recovery code where that is gone."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.control import recovery_codes
from assent.control.turns import Turns
from assent.core.authenticator import Authenticator, AuthenticatorKind
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.ids import AuthenticatorId, Ids, SubjectId
from assent.core.people_changes import DropAuthenticators, PutAuthenticator, UseAuthenticator
from assent.core.ports import CodeGenerators, PasswordHasher, Store
from assent.core.secret import Secret

BY_CODE = "password+totp"
BY_RECOVERY_CODE = "password+recovery-code"
LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody has. generator: None for none that is confirmed. codes_left: recovery codes."""

    generator: Authenticator | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A generator that waits for its first code. secret, uri: shown once, never readable again."""

    secret: Secret[str]
    uri: Secret[str]


class SecondFactors:
    """Keeps and checks them. Who may add and remove them, `own_account` and `accounts` say."""

    def __init__(
        self,
        *,
        store: Store,
        hasher: PasswordHasher,
        generators: CodeGenerators,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._generators = generators
        self._clock = clock
        self._ids = ids
        self._turns = Turns(at_once=1, waiting=64)

    async def of(self, subject: SubjectId) -> Standing:
        """Return what somebody has."""
        all_of_them = await self._store.authenticators(subject)
        generators = [one for one in all_of_them if one.kind is AuthenticatorKind.TOTP]
        confirmed = [one for one in generators if one.confirmed_at is not None]
        codes = [one for one in all_of_them if one.kind is AuthenticatorKind.RECOVERY_CODE]
        left = sum(one.used_at is None for one in codes)
        return Standing(confirmed[-1] if confirmed else None, left)

    async def is_on(self, subject: SubjectId) -> bool:
        """Return whether a password alone does not let somebody in."""
        return (await self.of(subject)).generator is not None

    async def check(self, subject: SubjectId, code: str) -> str | None:
        """Use a code up, and return as what it counts; None for a wrong or a used one."""
        text = code.strip()[:LONGEST_CODE]
        if len(digits := text.replace(" ", "")) == 6 and digits.isdecimal():
            return await self._check_generator(subject, digits)
        return await self._check_recovery_code(subject, text)

    async def _check_generator(self, subject: SubjectId, code: str) -> str | None:
        now, found = self._clock.now(), (await self.of(subject)).generator
        if found is None:
            return None
        step = self._generators.step_of(found.secret, found.id, code, now)
        used = step is not None and await self._used(UseAuthenticator(found.id, now, step))
        return BY_CODE if used else None

    async def _check_recovery_code(self, subject: SubjectId, text: str) -> str | None:
        code = recovery_codes.plain(text)
        if code is None:
            return None
        found = next(
            (
                one
                for one in await self._store.authenticators(subject)
                if one.kind is AuthenticatorKind.RECOVERY_CODE
                and one.used_at is None
                and one.name == code[0]
            ),
            None,
        )
        kept = Secret(found.secret.decode("ascii")) if found else None
        async with self._turns.one():
            right = await self._hasher.verify(kept, Secret(code))
        if found is None or not right:
            return None
        used = await self._used(UseAuthenticator(found.id, self._clock.now()))
        return BY_RECOVERY_CODE if used else None

    async def _used(self, change: UseAuthenticator) -> bool:
        try:
            await self._store.commit((change,), ())
        except ConflictFault:
            return False
        return True

    def begin(self, subject: SubjectId, account: str) -> tuple[Begun, Sequence[Change]]:
        """Return a new generator, and the changes that keep it; it counts once it is confirmed."""
        id = AuthenticatorId(self._ids.mint("authenticator"))
        secret, sealed = self._generators.make(id)
        kept = Authenticator(id, subject, AuthenticatorKind.TOTP, sealed, self._clock.now())
        changes = (DropAuthenticators(subject, AuthenticatorKind.TOTP), PutAuthenticator(kept))
        return Begun(secret, self._generators.uri(secret, account)), changes

    async def confirmed(self, subject: SubjectId, code: str) -> Authenticator | None:
        """Return the generator that waits, as its first code confirms it; None for a wrong one."""
        now = self._clock.now()
        for waiting in await self._store.authenticators(subject):
            if waiting.kind is not AuthenticatorKind.TOTP or waiting.confirmed_at is not None:
                continue
            digits = code.replace(" ", "")[:LONGEST_CODE]
            step = self._generators.step_of(waiting.secret, waiting.id, digits, now)
            if step is not None:
                return Authenticator(
                    waiting.id,
                    subject,
                    waiting.kind,
                    waiting.secret,
                    waiting.created_at,
                    confirmed_at=now,
                    last_step=step,
                )
        return None

    async def new_codes(self, subject: SubjectId) -> tuple[Sequence[Secret[str]], Sequence[Change]]:
        """Return ten recovery codes, to be shown once, and the changes that keep them alone."""
        now, codes = self._clock.now(), []
        changes: list[Change] = [DropAuthenticators(subject, AuthenticatorKind.RECOVERY_CODE)]
        for number in range(recovery_codes.HOW_MANY):
            code = recovery_codes.new_code(number, self._ids)
            plain = recovery_codes.plain(code)
            assert plain is not None
            async with self._turns.one():
                hashed = await self._hasher.hash(Secret(plain))
            kept = Authenticator(
                AuthenticatorId(self._ids.mint("authenticator")),
                subject,
                AuthenticatorKind.RECOVERY_CODE,
                hashed.encode("ascii"),
                now,
                name=str(number),
            )
            codes.append(Secret(code))
            changes.append(PutAuthenticator(kept))
        return codes, changes
