"""Sessions that go on only while somebody else looks: `@watched_by` of the permit of their opening.

The groups of one permit are alternatives; several permits are each to be satisfied. Nobody counts
in a session of their own, nor of an agent of theirs.
"""

import structlog

from assent.control.directory import Directory
from assent.control.live import LiveSession, Pause
from assent.control.outbox import Outbox
from assent.control.seeing import is_theirs
from assent.core.faults import Fault, MissingFault
from assent.core.ids import SubjectId
from assent.core.ports import Store
from assent.core.role import Permission

_log = structlog.get_logger("four-eyes")


class FourEyes:
    """Counts who watches, and asks for somebody where nobody does."""

    def __init__(self, *, store: Store, directory: Directory, outbox: Outbox) -> None:
        self._store = store
        self._directory = directory
        self._outbox = outbox

    async def ask(self, live: LiveSession, pause: Pause) -> None:
        """Tell those who may watch that something waits for that, once a session.

        Where that cannot be kept it still waits; its client knows whom to ask.
        """
        session = live.session
        to = tuple(
            one.id
            for one in self._directory.subjects()
            if one.groups & pause.groups
            and (one.groups & live.target.owners or self._directory.may(one, Permission.WATCH))
            and not one.disabled
            and not is_theirs(self._directory, one.id, session.subject)
        )
        if not to:
            return
        notice = self._outbox.notice(
            "session.unwatched",
            to=to,
            headline=f"{live.subject.name} waits on {live.target.name} until somebody watches",
            lines=(pause.because,),
            link=f"/sessions/{session.id}",
            thread=session.id,
            loud=True,
        )
        try:
            await self._store.commit((notice,), ())
        except Fault as fault:
            _log.error("not-told", session=session.id, code=fault.code)


def looks(directory: Directory, live: LiveSession, watcher: object, by: SubjectId) -> None:
    """Count that somebody watches, in the groups that they are in now."""
    if is_theirs(directory, by, live.session.subject):
        return
    try:
        groups = directory.subject(by).groups
    except MissingFault:
        groups = frozenset()
    _counted(live, {**live.watching, watcher: groups})


def looks_away(live: LiveSession, watcher: object) -> None:
    """Count that they do so no more."""
    _counted(live, {key: groups for key, groups in live.watching.items() if key is not watcher})


def _counted(live: LiveSession, watching: dict[object, frozenset[str]]) -> None:
    before = live.unwatched
    live.watching = watching
    after = live.unwatched
    if (before is None) == (after is None):
        return
    # Nothing that was decided before serves again unseen.
    live.epoch.bump()
    live.nudged.set()
    if after is None:
        live.say((f"your session on `{live.target.name}` is watched now, and goes on",))
    else:
        words = f"nobody watches your session on `{live.target.name}` any more: {after.because}"
        live.say((words, "what runs already goes on; what you send next waits for that"))
