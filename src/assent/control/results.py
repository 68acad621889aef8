"""What came of an action that was permitted: kept in the log, and in what waited for it."""

from collections.abc import Sequence

from assent.control import entries
from assent.control.holding import Holding
from assent.control.live import LiveSession
from assent.control.session_words import done
from assent.control.spending import Spending
from assent.control.watching import Watching
from assent.core.action import Action
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.frame import ResultFrame
from assent.core.ids import Ids, RequestId
from assent.core.ports import Store


class Results:
    """Keeps how actions ended, well or badly, and what they spent."""

    def __init__(
        self,
        *,
        store: Store,
        holding: Holding,
        spending: Spending,
        watching: Watching,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._holding = holding
        self._spending = spending
        self._watching = watching
        self._clock = clock
        self._ids = ids

    async def finish(
        self, live: LiveSession, action: Action, request: str, frame: ResultFrame
    ) -> None:
        """Keep in the log what came of an action that was decided singly."""
        self._watching.finished(live, action, well=not frame.error)
        facts: dict[str, Json] = {
            "bytes": frame.bytes,
            "duration_us": frame.duration_us,
            "outcome": "error" if frame.error else "done",
            "rows": frame.rows,
            **live.keeping.end(action.id),
        }
        if frame.error:
            facts["error"] = frame.error[:5]
        words = f"failed: {frame.error}" if frame.error else done(frame.rows)
        spent = self._spending.result(action.id, frame.rows, frame.bytes)
        await self.settle(action, request, facts, words, spent)

    async def abandon(
        self, live: LiveSession, action: Action, request: str, *, released: bool
    ) -> None:
        """Keep in the log that a permitted action has no known end: the connection broke first.

        released: whether it had gone up; then it ran at most once, otherwise it did not run.
        """
        facts: dict[str, Json] = {"outcome": "unknown" if released else "not-run"}
        live.keeping.end(action.id)
        request_id = RequestId(request) if request else None
        entry = entries.result(self._ids, action, self._clock.now(), request_id, facts)
        spent = self._spending.lost(action.id, released=released)
        if request_id is not None:
            if spent:
                await self._store.commit(spent, ())
            await self._holding.lose(request_id, entry, released=released)
        else:
            await self._store.commit(spent, (entry,))

    def not_sent(self, action: Action) -> None:
        """Let go of an action that was permitted and could not be sent: it has no result."""
        self._spending.result(action.id, 0, 0)

    def ran(self, live: LiveSession, frame: ResultFrame) -> None:
        """Count what came of a statement of an open session."""
        self._watching.ran(live, frame)

    async def settle(
        self,
        action: Action,
        request: str,
        facts: dict[str, Json],
        words: str,
        spent: Sequence[Change] = (),
    ) -> None:
        """Keep what came of an action, and settle the request that it waited in, if it did."""
        request_id = RequestId(request) if request else None
        entry = entries.result(self._ids, action, self._clock.now(), request_id, facts)
        if request_id is not None:
            if spent:
                await self._store.commit(spent, ())
            await self._holding.complete(request_id, words, entry)
        else:
            await self._store.commit(spent, (entry,))
