"""What ends with a sign-in that an identity provider ended: session credentials, open sessions."""

from contextlib import suppress

import structlog

from assent.control.continuous import Continuous
from assent.control.directory import Directory
from assent.control.live import LiveSessions
from assent.control.revocation import cut
from assent.core.changes import EndCredential
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, Fault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.ports import Store
from assent.core.session import Credential

_BECAUSE = "your identity provider signed you out"

_log = structlog.get_logger("sign-out")


class SignedOut:
    """Ends what rests on sign-ins that are over."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        live: LiveSessions,
        continuous: Continuous,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._live = live
        self._continuous = continuous
        self._clock = clock
        self._ids = ids

    async def hear(self, subject: SubjectId, everywhere: bool) -> None:
        """Hear that somebody was signed out; everywhere: they are signed in nowhere any more.

        Then their sessions are cut, and what could open new ones ends; else they are decided again.
        """
        if not everywhere:
            self._continuous.touched(_BECAUSE, subject=subject)
            return
        now = self._clock.now()
        for live in self._live.of(subject):
            cut(live, now, f"your session on `{live.target.name}` was ended: {_BECAUSE}")
        try:
            await self._end_credentials(subject)
        except Fault as fault:
            # They are good for a few minutes only.
            _log.warning("credentials-not-ended", subject=subject, code=fault.code)

    async def _end_credentials(self, subject: SubjectId) -> None:
        for target in self._directory.targets():
            for credential in await self._store.credentials(subject, target.id, self._clock.now()):
                # One that says only who somebody is lasts longer than a sign-in, as it should.
                if credential.grant is not None:
                    with suppress(ConflictFault):  # It ended by itself meanwhile.
                        await self._end(credential)

    async def _end(self, credential: Credential) -> None:
        now = self._clock.now()
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.CREDENTIAL_ENDED,
            at=now,
            subject=credential.subject,
            target=credential.target,
            facts={"credential": credential.id},
        )
        await self._store.commit((EndCredential(credential.id, now),), (entry,))
