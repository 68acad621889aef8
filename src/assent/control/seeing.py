"""What people see of sessions."""

from collections.abc import Mapping, Sequence

from assent.control.directory import Directory
from assent.control.reading import Readers, with_reason
from assent.control.sign_in import NEEDS_REASON, Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids, SessionId, SubjectId
from assent.core.ports import Recorder, Store
from assent.core.role import Permission
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
        payload=with_reason(caller),
    )


def is_theirs(directory: Directory, subject: SubjectId, of: SubjectId) -> bool:
    """Return whether a session of `of` is this person's own, or one of an agent of theirs."""
    if subject == of:
        return True
    try:
        acts = directory.subject(of)
    except MissingFault:
        # Somebody who is not there any more.
        return False
    return subject in (acts.on_behalf_of, acts.owner)


class SessionViews:
    """Lists sessions and plays their recordings for those who may."""

    def __init__(
        self,
        *,
        store: Store,
        recorder: Recorder,
        directory: Directory,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._readers = Readers(store=store, clock=clock, ids=ids)

    async def list(
        self, caller: Caller, open_only: bool, everybody: bool, with_canary: bool = False
    ) -> Sequence[Session]:
        """Return the caller's sessions and their agents', or everybody's for those who oversee.

        The newest come first.

        with_canary: also the gateway's own.
        """
        if everybody:
            caller.check(Permission.READ_ACCESS)
            await self._readers.read(caller, "sessions")
            but = None if with_canary else self._directory.own
            return await self._store.sessions(None, open_only, but=but)
        found = list(await self._store.sessions(caller.subject.id, open_only))
        for one in self._directory.subjects():
            if one.id != caller.subject.id and caller.subject.id in (one.on_behalf_of, one.owner):
                found += await self._store.sessions(one.id, open_only)
        return sorted(found, key=lambda one: one.opened_at, reverse=True)

    async def seen(self, caller: Caller) -> Sequence[Session]:
        """Return the newest of all sessions that this person may see, also of targets they own."""
        if caller.oversees:
            return await self.list(caller, False, True)
        if not any(caller.subject.groups & one.owners for one in self._directory.targets()):
            return await self.list(caller, False, False)
        await self._readers.read(caller, "sessions")
        found = await self._store.sessions(None, False, but=self._directory.own)
        return [one for one in found if self._may_see(caller, one)]

    async def get(self, caller: Caller, session: SessionId) -> Session:
        """Return the session. Raises MissingFault when there is none this person may see."""
        found = await self._store.session(session)
        if found is None or not self._may_see(caller, found):
            raise MissingFault("no-such-session", f"there is no session `{session[:60]}` for you")
        return found

    async def frames(self, caller: Caller, session: SessionId) -> Sequence[Mapping[str, Json]]:
        """Return the frames recorded so far, in order; who reads another one's is in the log."""
        found = await self.get(caller, session)
        is_own = is_theirs(self._directory, caller.subject.id, found.subject)
        if caller.asks_reason and not is_own:
            return ()
        self.check_frames(caller, found)
        frames = await self._recorder.frames(session)
        if frames and found.subject != caller.subject.id:
            said: dict[str, Json] = {"from": 1, "to": len(frames)}
            entry = read_entry(self._ids, self._clock, caller, found, said)
            await self._store.commit((), (entry,))
        return frames

    def check_frames(self, caller: Caller, session: Session) -> None:
        """Raise ForbiddenFault unless this person may see what was done in a session they see."""
        if is_theirs(self._directory, caller.subject.id, session.subject):
            return
        if caller.asks_reason:
            raise ForbiddenFault("reason-needed", NEEDS_REASON)
        if not caller.subject.groups & self._directory.target(session.target).owners:
            caller.check(Permission.WATCH)

    def _may_see(self, caller: Caller, session: Session) -> bool:
        owners = self._directory.target(session.target).owners
        return (
            is_theirs(self._directory, caller.subject.id, session.subject)
            or caller.oversees
            or bool(caller.subject.groups & owners)
        )
