"""Credentials that open sessions: made for one grant, for a few minutes and connections."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.control.grants import Grants
from assent.control.sign_in import Caller
from assent.control.token_bonds import TokenBonds
from assent.control.verifiers import Verifiers
from assent.core.changes import PutCredential
from assent.core.clock import Clock, isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.grant import Grant
from assent.core.ids import CredentialId, EntryId, Ids
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Credential
from assent.workflow.wishes import window_text

CREDENTIAL_LASTS_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Opened:
    """A credential for a session, shown once. database: what the client must name.

    credential: its id, which a certificate names in place of the password.
    """

    user: str
    password: Secret[str]
    database: str
    target: Target
    expires_at: datetime
    grant: Grant
    connections: int
    credential: CredentialId


class SessionCredentials:
    """Makes session credentials."""

    def __init__(
        self,
        *,
        store: Store,
        grants: Grants,
        verifiers: Verifiers,
        bonds: TokenBonds,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._grants = grants
        self._verifiers = verifiers
        self._bonds = bonds
        self._clock = clock
        self._ids = ids

    async def under(self, caller: Caller, target: Target, grant: Grant, connections: int) -> Opened:
        """Return a new credential under a grant, durable in the log; its password is shown once."""
        now = self._clock.now()
        password = Secret(self._ids.token(24))
        verifier = self._verifiers.make(caller.subject.name, password)
        credential = Credential(
            id=CredentialId(self._ids.mint("credential")),
            subject=caller.subject.id,
            target=target.id,
            grant=grant.id,
            stored_key=verifier.stored_key.hex(),
            server_key=verifier.server_key.hex(),
            expires_at=min(now + CREDENTIAL_LASTS_FOR, grant.ends_at),
            connections_left=connections,
            minted_from=caller.address,
            minted_at=now,
            device=caller.holds,
            certified=caller.holds is not None and caller.certified,
        )
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.CREDENTIAL_MINTED,
            at=now,
            subject=caller.subject.id,
            target=target.id,
            facts={
                "connections": connections,
                "credential": credential.id,
                "device": credential.device,
                "grant": grant.id,
            },
        )
        # Known before it can be used: nobody opens with it what nobody could end.
        self._bonds.minted(credential.id, caller.token)
        await self._store.commit((PutCredential(credential),), (entry,))
        return Opened(
            caller.subject.name,
            password,
            target.name,
            target,
            credential.expires_at,
            grant,
            connections,
            credential.id,
        )

    def check_open(self, grant: Grant) -> None:
        """Raise ConflictFault while the hours of a grant are not open."""
        now = self._clock.now()
        if grant.window is None or self._grants.windows.is_open(grant, now):
            return
        coming = self._grants.windows.after(grant.window, now)
        when = f"it opens at {isoformat(coming.begins_at)[:19]}Z" if coming else "it never opens"
        raise ConflictFault(
            "window-closed", f"grant `{grant.id}` counts {window_text(grant.window)}; {when}"
        )
