"""Steering: people pause, resume, downgrade and cut the sessions that are open now.

What takes something away is done at once, and what gives something back once the log has it. So
a log that is away never keeps anybody from stopping a session.
"""

from enum import StrEnum

from assent.control import steered
from assent.control.directory import Directory
from assent.control.live import LiveSession, LiveSessions, Pause
from assent.control.outbox import Outbox
from assent.control.revocation import cut
from assent.control.seeing import SessionViews, is_theirs
from assent.control.sign_in import Caller
from assent.control.standing import lowered
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import EntryId, Ids, SessionId
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.session import Session

_LONGEST_REASON = 500


class Steer(StrEnum):
    """What can be done to an open session from outside.

    PAUSE: what is attempted next waits. RESUME: it goes on. DOWNGRADE: it may only read, until its
    end. CUT: it is over.
    """

    PAUSE = "pause"
    RESUME = "resume"
    DOWNGRADE = "downgrade"
    CUT = "cut"


_DID = {
    Steer.PAUSE: "paused your session",
    Steer.RESUME: "resumed your session",
    Steer.DOWNGRADE: "lets you only read in your session",
    Steer.CUT: "ended your session",
}


class Steering:
    """Steers sessions for those who may: `sessions.steer`, owners of the target, their person."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        views: SessionViews,
        live: LiveSessions,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._views = views
        self._live = live
        self._outbox = outbox
        self._clock = clock
        self._ids = ids

    def may(self, caller: Caller, session: Session, how: Steer) -> bool:
        """Return whether this person may do that to the session now.

        Nobody loosens on their own behalf: one's own session, and those of one's agents, one
        resumes only where one has paused it oneself.
        """
        own = is_theirs(self._directory, caller.subject.id, session.subject)
        if own and how is Steer.RESUME:
            live = self._live.get(session.id)
            paused_by = live.stopped.by if live is not None and live.stopped is not None else None
            return caller.may(Permission.ASK) and paused_by == caller.subject.id
        if caller.may(Permission.STEER) or (own and caller.may(Permission.ASK)):
            return True
        owners = self._directory.target(session.target).owners
        return caller.may(Permission.ANSWER) and bool(caller.subject.groups & owners)

    def open_now(self, session: SessionId) -> LiveSession | None:
        """Return a session of which the caller knows that they may see it, None when it is over."""
        return self._live.get(session)

    def fingerprint(self) -> int:
        """Return a number that is another one when something shown of open sessions has changed."""
        return hash(
            tuple(
                (
                    live.session.id,
                    live.so_far.actions,
                    live.standing.kind,
                    live.holding,
                    live.level,
                    live.pause is None,
                    live.session.ends_at,
                )
                for live in self._live
            )
        )

    async def look(self, caller: Caller, session: SessionId) -> LiveSession:
        """Return a session as it is now. Raises MissingFault, ConflictFault where it is over."""
        await self._views.get(caller, session)
        return self._open(session)

    async def steer(
        self, caller: Caller, session: SessionId, how: Steer, because: str
    ) -> LiveSession:
        """Do that to an open session, and tell its client and its person why.

        Raises MissingFault, ForbiddenFault, ConflictFault where it is over or so already, and
        OutsideFault where the log cannot take it: what takes something away is done all the same.
        """
        found = await self._views.get(caller, session)
        self._check(caller, found, how)
        because = " ".join(because.split())[:_LONGEST_REASON]
        if not because:
            raise ConflictFault("no-reason", f"say why you {how} this session: its client is told")
        live = self._open(session)
        _check_state(live, how)
        if how is not Steer.RESUME:
            self._take_away(caller, live, how, because)
        stopped = live.stopped
        await self._say(caller, live, how, because)
        if how is Steer.RESUME and live.stopped is stopped:
            live.stopped = None
            live.nudged.set()
            live.say(steered.resumed(live, caller.subject.name, because))
            live.told_watchers()
        return live

    def _open(self, session: SessionId) -> LiveSession:
        live = self._live.get(session)
        if live is None:
            raise ConflictFault("session-ended", f"session `{session[:60]}` has ended already")
        return live

    def _check(self, caller: Caller, session: Session, how: Steer) -> None:
        if self.may(caller, session, how):
            return
        if how is Steer.RESUME and is_theirs(self._directory, caller.subject.id, session.subject):
            words = "somebody else paused your session, and somebody else has to resume it"
            raise ForbiddenFault("not-your-own", words)
        words = f"only the target's owners and `security` can {how} it"
        raise ForbiddenFault("not-yours", words)

    def _take_away(self, caller: Caller, live: LiveSession, how: Steer, because: str) -> None:
        name, now = caller.subject.name, self._clock.now()
        # Nothing is given back on facts from before, and nothing is reused.
        self._live.changes += 1
        live.epoch.bump()
        if how is Steer.PAUSE:
            live.stopped = Pause(caller.subject.id, name, because, now)
            live.say(steered.paused(live, live.stopped))
        elif how is Steer.DOWNGRADE:
            live.obliged = (*live.obliged, steered.ONLY_READS)
            live.standing = lowered(live.standing, live.obliged)
            live.say(steered.downgraded(live, name, because))
        else:
            cut(live, now, f"{name} ended this session: {because}")
        live.nudged.set()
        live.told_watchers()

    async def _say(self, caller: Caller, live: LiveSession, how: Steer, because: str) -> None:
        session, name = live.session, caller.subject.name
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.SESSION_STEERED,
            at=self._clock.now(),
            subject=caller.subject.id,
            target=session.target,
            session=session.id,
            facts={"how": how.value, "of": session.subject},
            payload={"because": because},
        )
        notice = self._outbox.notice(
            "session.steered",
            to=(session.subject,),
            headline=f"{name} {_DID[how]} on {live.target.name}",
            lines=(because,),
            link=f"/sessions/{session.id}",
            thread=session.id,
            key=f"session.steered:{entry.id}",
        )
        told = () if session.subject == caller.subject.id else (notice,)
        await self._store.commit(told, (entry,))


def _check_state(live: LiveSession, how: Steer) -> None:
    """Raise ConflictFault where it is so already."""
    if how is Steer.PAUSE and live.stopped is not None:
        raise ConflictFault("paused-already", f"{live.stopped.name} has paused it already")
    if how is Steer.RESUME and live.stopped is None:
        unwatched = live.unwatched
        words = "the session is not paused" + (f": {unwatched.because}" if unwatched else "")
        raise ConflictFault("not-paused", words)
    if how is Steer.DOWNGRADE and live.only_reads:
        raise ConflictFault("only-reads-already", "only reading is permitted in it already")
