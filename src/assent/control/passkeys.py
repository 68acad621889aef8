"""Passkeys: made by whoever is known already, and from then on enough to sign in and to confirm.

They are `DeviceKey`s of kind `webauthn`. What a passkey signs is a challenge of ours, good
once and for one purpose, or the message of an approval; that is `control/signing.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from assent.audit.approval_signatures import WEBAUTHN, decoded_any, encoded
from assent.control.device_keys import DeviceKeys, DraftedKey
from assent.control.directory import Directory
from assent.control.passkey_challenges import PasskeyChallenges
from assent.control.sign_in import TOKEN_LASTS_FOR, Caller, SignIn
from assent.control.warnings import Warnings
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.device_key import ApprovalSignature, DeviceKey
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.passkey import PresentedPasskey, RelyingParty
from assent.core.people_changes import PutDeviceDetails
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.security_event import SecurityEvent
from assent.core.subject import Subject
from assent.core.token import Token, TokenKind

METHOD = "passkey"
LONGEST_CREDENTIAL = 16_384
"""Of a browser's answer, in characters."""
_ENROL, _SIGN_IN, _STEP_UP = "enrol", "sign-in", "step-up"
# Who has no account, whose passkey was revoked and who is disabled hear the same.
_REFUSED = "this passkey is not good here; sign in another way, or ask an administrator"


@dataclass(frozen=True, slots=True)
class Signer:
    """What a person's browser needs to let a passkey sign. known: by the id of its key."""

    rp_id: str
    known: Mapping[str, Mapping[str, str]]


class Passkeys:
    """Makes passkeys known, and takes them as proof of who somebody is."""

    def __init__(
        self,
        *,
        party: RelyingParty,
        store: Store,
        directory: Directory,
        sign_in: SignIn,
        device_keys: DeviceKeys,
        warnings: Warnings,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._party = party
        self._store = store
        self._directory = directory
        self._sign_in = sign_in
        self._device_keys = device_keys
        self._warnings = warnings
        self._clock = clock
        self._ids = ids
        self._challenges = PasskeyChallenges(clock, ids)
        device_keys.when_signed(self._signed)

    @property
    def problem(self) -> str:
        """Return why there are no passkeys here and what to do; empty where there are."""
        return self._party.problem

    @property
    def rp_id(self) -> str:
        """Return the host that passkeys are made for."""
        return self._party.rp_id

    async def mine(self, subject: SubjectId) -> Sequence[DeviceKey]:
        """Return somebody's passkeys, revoked ones too, oldest first."""
        keys = await self._store.device_keys(subject)
        return tuple(key for key in keys if key.kind == WEBAUTHN)

    async def signer(self, caller: Caller) -> Signer:
        """Return with which passkeys the caller can sign."""
        good = await self._good(caller.subject.id)
        return Signer(self._party.rp_id, {key.id: key.details for key in good})

    # New ones

    async def begin_enrolment(self, caller: Caller) -> dict[str, Json]:
        """Return what the caller's browser makes a passkey with.

        Raises ForbiddenFault for whoever has not just confirmed who they are.
        """
        await self._device_keys.check_fresh(caller)
        return await self.begin_for(caller.subject, caller.token_digest)

    async def enrol(self, caller: Caller, name: str, credential: str) -> DeviceKey:
        """Return the caller's new passkey. credential: the browser's answer, JSON."""
        await self._device_keys.check_fresh(caller)
        return await self.enrol_for(caller.subject, caller.token_digest, name, credential)

    async def begin_for(
        self, subject: Subject, whose: str, *, anew: bool = False
    ) -> dict[str, Json]:
        """Return what a passkey of `subject` is made with; whoever calls this knows who it is.

        whose: what proved it, such as the digest of an invitation. anew: whether those that there
        are will count no more, so that one may be made where one is. Raises ConflictFault.
        """
        self._check_usable()
        good = () if anew else await self._good(subject.id)
        challenge = self._challenges.new(_ENROL, whose)
        return self._party.creation_options(subject, challenge, [key.details for key in good])

    async def enrol_for(
        self, subject: Subject, whose: str, name: str, credential: str
    ) -> DeviceKey:
        """Return the new passkey of `subject`; `whose` as it was with `begin_for`."""
        public_key, details = self._made(whose, credential)
        return await self._device_keys.keep(subject, name, WEBAUTHN, public_key, details)

    def drafted_for(self, subject: Subject, whose: str, name: str, credential: str) -> DraftedKey:
        """Return the new passkey of `subject`, to be kept with what lets them in."""
        public_key, details = self._made(whose, credential)
        return self._device_keys.drafted(subject, name, WEBAUTHN, public_key, details)

    def _made(self, whose: str, credential: str) -> tuple[str, dict[str, str]]:
        """Return the public key of what a browser made, and what is kept beside it."""
        self._check_usable()
        challenge = self._party.challenge_of(credential)
        self._challenges.check(challenge, _ENROL, whose)
        made = self._party.made(credential, challenge)
        self._challenges.use(challenge, _ENROL, whose)
        return encoded(made.public_key), {
            "protection": "authenticator",
            "credential_id": made.credential_id,
            "rp_id": self._party.rp_id,
            "sign_count": str(made.sign_count),
            "transports": " ".join(made.transports),
            "aaguid": made.aaguid,
            "backed_up": "true" if made.backed_up else "false",
        }

    # Used ones

    def begin_sign_in(self, whose: str) -> dict[str, Json]:
        """Return what a browser signs in with. whose: what only this browser has."""
        self._check_usable()
        return self._party.request_options(self._challenges.new(_SIGN_IN, whose), ())

    async def sign_in(
        self,
        whose: str,
        credential: str,
        address: str,
        user_agent: str = "",
        lasts_for: timedelta = TOKEN_LASTS_FOR,
        with_changes: Sequence[Change] = (),
    ) -> tuple[Secret[str], Token]:
        """Return a bearer token of whoever the passkey is of; it counts as a step-up too.

        credential: the browser's answer, JSON. with_changes: kept in the same unit. Raises
        ForbiddenFault, ConflictFault for a challenge that is over.
        """
        given = self._given(credential, _SIGN_IN, whose, address)
        subject = self._claimed(given)
        key = await self._checked(subject, given, EntryKind.LOGIN, address)
        self._challenges.use(given.challenge, _SIGN_IN, whose)
        holder = self._directory.subject(key.subject)
        token, kept = await self._sign_in.issue(
            holder,
            TokenKind.BROWSER,
            METHOD,
            lasts_for=lasts_for,
            address=address,
            user_agent=user_agent,
            with_changes=with_changes,
        )
        caller = await self._sign_in.authenticate(token, address, "web")
        await self._sign_in.stepped_up(caller, METHOD)
        return token, kept

    async def begin_step_up(self, caller: Caller) -> dict[str, Json]:
        """Return what the caller confirms with who they are. Raises ConflictFault for none."""
        self._check_usable()
        good = await self._good(caller.subject.id)
        if not good:
            words = "you have no passkey; make one on the page `/account/passkeys`"
            raise ConflictFault("no-passkey", words)
        challenge = self._challenges.new(_STEP_UP, caller.token_digest)
        return self._party.request_options(challenge, [key.details for key in good])

    async def step_up(self, caller: Caller, credential: str) -> None:
        """Take a passkey as a fresh proof of who the caller is."""
        given = self._given(credential, _STEP_UP, caller.token_digest, caller.address)
        await self._checked(caller.subject, given, EntryKind.STEP_UP, caller.address)
        self._challenges.use(given.challenge, _STEP_UP, caller.token_digest)
        await self._sign_in.stepped_up(caller, METHOD)

    def _given(self, credential: str, purpose: str, whose: str, address: str) -> PresentedPasskey:
        """Return an answer that is to a challenge of ours and was given here."""
        self._check_usable()
        given = self._party.presented(credential)
        self._challenges.check(given.challenge, purpose, whose)
        try:
            self._party.check_place(given)
        except ForbiddenFault as fault:
            self._sign_in.refusals.count(None, METHOD, fault.code, address)
            raise
        return given

    def _claimed(self, given: PresentedPasskey) -> Subject | None:
        try:
            return self._directory.subject(SubjectId(given.user))
        except MissingFault:
            return None

    async def _checked(
        self, subject: Subject | None, given: PresentedPasskey, wanted: EntryKind, address: str
    ) -> DeviceKey:
        """Return the key of that person which signed. Raises ForbiddenFault, the same for all."""
        try:
            return await self._found(subject, given, address)
        except ForbiddenFault as fault:
            known = subject.id if subject else None
            self._sign_in.refusals.count(known, f"{wanted.value} by {METHOD}", fault.code, address)
            if fault.code == "passkey-copied":
                raise
            raise ForbiddenFault("sign-in-refused", _REFUSED) from fault

    async def _found(
        self, subject: Subject | None, given: PresentedPasskey, address: str
    ) -> DeviceKey:
        if subject is None or subject.disabled or given.user not in ("", subject.id):
            raise ForbiddenFault("not-theirs", _REFUSED)
        async with self._device_keys.lock_of(subject.id):
            good = await self._good(subject.id)
            key = next(
                (one for one in good if one.details["credential_id"] == given.credential_id), None
            )
            if key is None:
                raise ForbiddenFault("no-such-passkey", _REFUSED)
            self._party.check(given, bytes_of(key))
            await self._count(key, given.sign_count, address)
        return key

    async def _signed(self, key: DeviceKey, signature: ApprovalSignature, address: str) -> None:
        if key.kind == WEBAUTHN:
            said = decoded_any(signature.assertion["authenticator_data"], "the data")
            await self._count(key, int.from_bytes(said[33:37]), address)

    async def _count(self, key: DeviceKey, sign_count: int, address: str) -> None:
        """Remember how often a passkey signed.

        Raises ForbiddenFault where it signed less often than it had before: there are two of it
        (WebAuthn Level 3, section 6.1.1).
        """
        before = int(key.details.get("sign_count", "0"))
        if sign_count == before == 0:
            return
        if sign_count <= before:
            await self._warn(key, address)
            words = f"passkey `{key.name}` signed {before} times and now says {sign_count}"
            to_do = "it may have been copied: revoke it on `/account/passkeys` and make a new one"
            raise ForbiddenFault("passkey-copied", f"{words}; {to_do}")
        details = {**key.details, "sign_count": str(sign_count)}
        await self._store.commit((PutDeviceDetails(key.id, details),), ())

    async def _warn(self, key: DeviceKey, address: str) -> None:
        now = self._clock.now()
        event = SecurityEvent(
            # Not a compromise: an authenticator that counts badly must not end all that is open.
            "account-credential-change-required",
            key.subject,
            now,
            "passkey",
            reason=f"passkey {key.id} signed less often than it had before",
        )
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.SECURITY_EVENT,
            at=now,
            facts={"type": event.type, "about": key.subject, "key": key.id},
            payload={"reason": event.reason, "address": address},
        )
        await self._warnings.warn(event, (entry,))

    async def _good(self, subject: SubjectId) -> Sequence[DeviceKey]:
        """Return somebody's passkeys that are good here, oldest first."""
        return [
            key
            for key in await self.mine(subject)
            if key.revoked_at is None and key.details.get("rp_id") == self._party.rp_id
        ]

    def _check_usable(self) -> None:
        if self._party.problem:
            raise ConflictFault("no-passkeys-here", self._party.problem)


def bytes_of(key: DeviceKey) -> bytes:
    """Return the COSE key of a passkey."""
    return decoded_any(key.public_key, "the public key")
