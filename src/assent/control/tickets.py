"""Tickets: whether what somebody named asks them for this, as the issue tracker has it.

Only `open` is a verified need. A tracker that is away, or that was not configured, verifies
nothing.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from assent.content.patterns import Pattern, own
from assent.core.clock import Clock
from assent.core.faults import ConflictFault, Fault
from assent.core.ports import IssueTracker

OPEN, CLOSED, UNKNOWN, UNAVAILABLE = "open", "closed", "unknown", "unavailable"
LOOK_UP_WITHIN_S = 2.0
_KEPT_FOR = timedelta(seconds=60)
_AWAY_FOR = timedelta(seconds=5)
_MOST_KEPT = 10_000
_LONGEST_TICKET = 200

_log = structlog.get_logger("tickets")


class Tickets:
    """Asks the tracker, and remembers what it said for a minute.

    tracker: None where there is none. pattern: of RE2, what a whole ticket looks like, empty for
    anything. place: where the pattern is written. Raises OperatorFault for a pattern that is none.
    """

    def __init__(
        self,
        tracker: IssueTracker | None,
        clock: Clock,
        *,
        pattern: str = "",
        place: str = "[issue_tracker] pattern",
        within_s: float = LOOK_UP_WITHIN_S,
    ) -> None:
        self._tracker = tracker
        self._clock = clock
        self._written = pattern
        self._pattern: Pattern | None = own(f"\\A(?:{pattern})\\z", place) if pattern else None
        self._within_s = within_s
        self._said: dict[tuple[str, str, str], tuple[str, datetime]] = {}

    def check(self, ticket: str) -> None:
        """Raise ConflictFault `ticket` where a ticket cannot be one."""
        if ticket.strip() and not self._fits(ticket.strip()):
            such_as = f"; it must fit `{self._written}`" if self._written else ""
            words = f"`{ticket.strip()[:80]}` is no ticket{such_as}; name one that is open for you"
            raise ConflictFault("ticket", words)

    async def said(self, ticket: str, subject: str, target: str) -> str:
        """Return `open`, `closed`, `unknown` or `unavailable`; empty where it is not asked.

        subject, target: by name. It may take two seconds where the tracker does.
        """
        ticket = ticket.strip()
        if self._tracker is None or not ticket:
            return ""
        if not self._fits(ticket):
            return UNKNOWN
        key = (ticket, subject, target)
        kept = self._said.get(key)
        if kept is not None and self._clock.now() < kept[1]:
            return kept[0]
        said = await self._asked(self._tracker, ticket, subject, target)
        if len(self._said) >= _MOST_KEPT:
            self._said.clear()
        lasts_for = _AWAY_FOR if said == UNAVAILABLE else _KEPT_FOR
        self._said[key] = (said, self._clock.now() + lasts_for)
        return said

    async def _asked(self, tracker: IssueTracker, ticket: str, subject: str, target: str) -> str:
        try:
            async with asyncio.timeout(self._within_s):
                said = await tracker.look_up(ticket, subject, target)
        except (TimeoutError, Fault) as fault:
            _log.warning("ticket-unavailable", code=getattr(fault, "code", "timeout"))
            return UNAVAILABLE
        return said if said in (OPEN, CLOSED) else UNKNOWN

    def _fits(self, ticket: str) -> bool:
        if len(ticket) > _LONGEST_TICKET or not ticket.isprintable():
            return False
        # UTF-8 has no form for half of a surrogate pair: nothing that fits has one.
        text = ticket.encode("utf-8", "replace")
        return self._pattern is None or self._pattern.search(text) is not None
