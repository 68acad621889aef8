"""Personal credentials: a password for a day that says who somebody is, and gives nothing.

Whoever connects with one has no access by that: it is asked for then (`control.arriving`).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from assent.control.directory import Directory
from assent.control.sign_in import Caller
from assent.control.verifiers import Verifiers
from assent.core.changes import EndCredential, PutCredential
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import CredentialId, EntryId, Ids, SubjectId
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Credential

LASTS_FOR = timedelta(hours=8)
LONGEST = timedelta(hours=12)
"""A working day: nobody signs in less often than that."""
MOST_CONNECTIONS = 1_000
MOST_EACH = 5
"""Usable ones of one person for one target."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A personal credential. password: shown once, None where it is not new."""

    credential: Credential
    target: Target
    user: str
    password: Secret[str] | None = None


class PersonalCredentials:
    """Mints, lists and ends them; each person only their own."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        verifiers: Verifiers,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._verifiers = verifiers
        self._clock = clock
        self._ids = ids

    async def mint(
        self, caller: Caller, target_name: str, lasts_for: timedelta | None, connections: int
    ) -> Minted:
        """Return a new one, with its password. Raises MissingFault, ConflictFault."""
        lasts_for = lasts_for or LASTS_FOR
        if not timedelta(seconds=1) <= lasts_for <= LONGEST:
            hours = LONGEST // timedelta(hours=1)
            raise ConflictFault("duration", f"ask for a second at least and {hours} h at most")
        if not 1 <= connections <= MOST_CONNECTIONS:
            raise ConflictFault("connections", f"ask for 1 to {MOST_CONNECTIONS} connections")
        target = self._target(target_name)
        if len(await self._usable(caller.subject.id, target)) >= MOST_EACH:
            raise ConflictFault(
                "too-many-credentials",
                f"{MOST_EACH} credentials of yours for `{target.name}` can be used already; "
                "end one with `assent credentials revoke`",
            )
        now = self._clock.now()
        password = Secret(self._ids.token(24))
        verifier = self._verifiers.make(caller.subject.name, password)
        credential = Credential(
            id=CredentialId(self._ids.mint("credential")),
            subject=caller.subject.id,
            target=target.id,
            grant=None,
            stored_key=verifier.stored_key.hex(),
            server_key=verifier.server_key.hex(),
            expires_at=now + lasts_for,
            connections_left=connections,
            minted_from=caller.address,
            minted_at=now,
            device=caller.holds,
            certified=caller.holds is not None and caller.certified,
        )
        entry = self._entry(EntryKind.CREDENTIAL_MINTED, credential)
        await self._store.commit((PutCredential(credential),), (entry,))
        return Minted(credential, target, caller.subject.name, password)

    async def list(self, caller: Caller) -> Sequence[Minted]:
        """Return the caller's that can still be used, by target, newest first."""
        return [
            Minted(credential, target, caller.subject.name)
            for target in self._directory.targets()
            for credential in await self._usable(caller.subject.id, target)
        ]

    async def revoke(self, caller: Caller, name: str) -> Sequence[Minted]:
        """End the one of that id, or all for the target of that name; return what was ended.

        What is open goes on: it rests on a grant. Raises MissingFault.
        """
        ended = []
        for minted in await self.list(caller):
            if name not in (minted.credential.id, minted.target.name):
                continue
            await self._end(minted.credential)
            ended.append(minted)
        if not ended:
            raise MissingFault(
                "no-such-credential",
                f"there is no credential `{name[:80]}` of yours; see `assent credentials list`",
            )
        return ended

    async def end_all(self, subject: SubjectId) -> None:
        """End all of somebody's: whoever holds one may not be them. Raises OutsideFault."""
        for target in self._directory.targets():
            for credential in await self._usable(subject, target):
                with suppress(ConflictFault):  # It ended by itself meanwhile.
                    await self._end(credential)

    async def _end(self, credential: Credential) -> None:
        change = EndCredential(credential.id, self._clock.now())
        entry = self._entry(EntryKind.CREDENTIAL_ENDED, credential)
        await self._store.commit((change,), (entry,))

    async def _usable(self, subject: SubjectId, target: Target) -> Sequence[Credential]:
        now = self._clock.now()
        found = await self._store.credentials(subject, target.id, now)
        return [credential for credential in found if credential.grant is None]

    def _target(self, name: str) -> Target:
        target = self._directory.target_named(name)
        if target is None:
            raise MissingFault(
                "no-such-target", f"there is no target `{name[:80]}`; see `assent targets`"
            )
        return target

    def _entry(self, kind: EntryKind, credential: Credential) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=self._clock.now(),
            subject=credential.subject,
            target=credential.target,
            facts={
                "connections": credential.connections_left,
                "credential": credential.id,
                "device": credential.device,
                "personal": True,
            },
        )
