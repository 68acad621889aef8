"""What people see of sessions, and how they end one."""

from collections.abc import Mapping, Sequence

from assent.control.directory import Directory
from assent.control.live import LiveSessions
from assent.control.revocation import cut
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids, SessionId
from assent.core.ports import Recorder, Store
from assent.core.session import Session


def read_entry(
    ids: Ids, clock: Clock, caller: Caller, session: Session, facts: Mapping[str, Json]
) -> Entry:
    """Return the entry that says somebody read the recording of a session of another one."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.RECORDING_READ,
        at=clock.now(),
        subject=caller.subject.id,
        target=session.target,
        session=session.id,
        facts={**facts, "of": session.subject},
    )


class SessionViews:
    """Lists sessions, plays their recordings, and cuts them for those who may."""

    def __init__(
        self,
        *,
        store: Store,
        recorder: Recorder,
        directory: Directory,
        live: LiveSessions,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._directory = directory
        self._live = live
        self._clock = clock
        self._ids = ids

    async def list(
        self, caller: Caller, open_only: bool, everybody: bool, with_canary: bool = False
    ) -> Sequence[Session]:
        """Return the caller's sessions, or everybody's for those who oversee; newest first.

        with_canary: also the gateway's own.
        """
        if everybody and not caller.oversees:
            raise ForbiddenFault("not-yours", "only `security` and `auditors` see everybody's")
        if everybody:
            but = None if with_canary else self._directory.own
            return await self._store.sessions(None, open_only, but=but)
        return await self._store.sessions(caller.subject.id, open_only)

    async def get(self, caller: Caller, session: SessionId) -> Session:
        """Return the session. Raises MissingFault when there is none this person may see."""
        found = await self._store.session(session)
        if found is None or not self._may_see(caller, found):
            raise MissingFault("no-such-session", f"there is no session `{session[:60]}` for you")
        return found

    async def frames(self, caller: Caller, session: SessionId) -> Sequence[Mapping[str, Json]]:
        """Return the frames recorded so far, in order; who reads another one's is in the log."""
        found = await self.get(caller, session)
        frames = await self._recorder.frames(session)
        if frames and found.subject != caller.subject.id:
            said: dict[str, Json] = {"from": 1, "to": len(frames)}
            entry = read_entry(self._ids, self._clock, caller, found, said)
            await self._store.commit((), (entry,))
        return frames

    async def cut(self, caller: Caller, session: SessionId, because: str) -> Session:
        """End an open session now: its own person, the target's owners, `security`.

        Raises MissingFault, ForbiddenFault, ConflictFault when it has ended already.
        """
        found = await self.get(caller, session)
        owners = self._directory.target(found.target).owners
        if found.subject != caller.subject.id and not caller.subject.groups & {"security", *owners}:
            raise ForbiddenFault("not-yours", "only the target's owners and `security` can cut it")
        live = self._live.get(session)
        if live is None:
            raise ConflictFault("session-ended", f"session `{session}` has ended already")
        words = f"{caller.subject.name} ended this session: {because[:500] or 'no reason given'}"
        cut(live, self._clock.now(), words)
        return found

    def _may_see(self, caller: Caller, session: Session) -> bool:
        owners = self._directory.target(session.target).owners
        return (
            session.subject == caller.subject.id
            or caller.oversees
            or bool(caller.subject.groups & owners)
        )
