"""The outbox: what people should hear is kept with the state it tells of, and delivered after.

A notice is a change like any other: who commits a state commits its notice, so neither is ever
without the other.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import structlog

from assent.control.delivering import Channels, Delivering
from assent.control.sign_in import Caller
from assent.core.changes import PutDelivery, PutNotice
from assent.core.clock import Clock
from assent.core.faults import Fault, MissingFault
from assent.core.ids import GrantId, Ids, NoticeId, RequestId, SubjectId
from assent.core.notice import Delivery, Notice
from assent.core.ports import Store
from assent.core.role import Permission

LOOK_S = 0.5
"""How often it is looked for what is due."""
_LONGEST_LINE = 500
_MOST_LINES = 20
_MOST_DEAD = 500

_log = structlog.get_logger("outbox")


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A notice that a channel could not be brought."""

    notice: Notice
    delivery: Delivery


class Outbox:
    """Makes notices, and brings those that are kept to where they are for."""

    def __init__(
        self,
        *,
        store: Store,
        channels: Channels,
        delivering: Delivering,
        clock: Clock,
        ids: Ids,
        public_url: str,
    ) -> None:
        self._store = store
        self._channels = channels
        self._delivering = delivering
        self._clock = clock
        self._ids = ids
        self._public_url = public_url.rstrip("/")

    def notice(
        self,
        topic: str,
        *,
        to: Sequence[SubjectId],
        headline: str,
        lines: Sequence[str] = (),
        link: str = "",
        request: RequestId | None = None,
        grant: GrantId | None = None,
        loud: bool = False,
        key: str = "",
        thread: str = "",
    ) -> PutNotice:
        """Return a notice for the caller's own commit; nothing is told before that is durable.

        link: a path below the public URL, or a whole one; by default the request's page. thread:
        by default the request or the grant. key: by default the topic, the thread and what is
        said to whom, so that the same words in one thread are told once; name one where they
        may be said again.
        """
        link = link or (f"/requests/{request}" if request else "")
        thread = thread or request or grant or ""
        said = "\n".join((headline, *lines, *sorted(to)))
        identity = NoticeId(self._ids.mint("notice"))
        about = thread or identity
        notice = Notice(
            topic=topic,
            at=self._clock.now(),
            request=request,
            grant=grant,
            id=identity,
            key=key or f"{topic}:{about}:{sha256(said.encode()).hexdigest()[:16]}",
            to=tuple(dict.fromkeys(to)),
            headline=_one_line(headline),
            lines=tuple(_one_line(line) for line in lines[:_MOST_LINES]),
            link=f"{self._public_url}{link}" if link.startswith("/") else link,
            loud=loud,
            thread=thread,
        )
        return PutNotice(notice, self._channels.of(loud=loud))

    def only_while(self, topic: str, check: Callable[[Notice], bool]) -> None:
        """Tell notices of this topic only while `check` says that they still hold."""
        self._delivering.only_while(topic, check)

    async def run(self) -> None:
        """Deliver what is due until cancelled. A fault of the outside is logged and tried again."""
        async with asyncio.TaskGroup() as tasks:

            def start(notice: Notice, delivery: Delivery) -> None:
                tasks.create_task(self._delivering.send(notice, delivery))

            while True:
                try:
                    await self._delivering.due(start)
                except Fault as fault:
                    _log.warning("outbox-failed", code=fault.code)
                except Exception:
                    # A fault of ours here must not take the sessions with it.
                    _log.exception("outbox-broke")
                await asyncio.sleep(LOOK_S)

    async def deliver(self) -> None:
        """Deliver all that is due now, and wait for it. Raises OutsideFault (the store)."""
        async with asyncio.TaskGroup() as tasks:
            await self._delivering.due(
                lambda notice, delivery: tasks.create_task(self._delivering.send(notice, delivery))
            )

    async def dead(self, caller: Caller) -> Sequence[Undelivered]:
        """Return what was given up, newest first. Raises ForbiddenFault."""
        caller.check(Permission.READ_HEALTH)
        found = await self._store.dead_deliveries(limit=_MOST_DEAD)
        return [Undelivered(notice, delivery) for notice, delivery in found]

    async def retry(self, caller: Caller, notice: NoticeId) -> Sequence[Undelivered]:
        """Try a notice again on every channel where it was given up; return them as they are now.

        Raises ForbiddenFault, MissingFault.
        """
        caller.check(Permission.CHANGE_SETTINGS)
        now = self._clock.now()
        again = [
            replace(item, delivery=replace(item.delivery, attempts=0, due_at=now, error=""))
            for item in await self.dead(caller)
            if item.delivery.notice == notice
        ]
        if not again:
            words = f"no notice `{notice[:60]}` was given up; see `assent notices dead`"
            raise MissingFault("no-such-notice", words)
        await self._store.commit([PutDelivery(item.delivery) for item in again], ())
        return again


def _one_line(text: str) -> str:
    """Return text as one bounded line: no break, nothing invisible that moves a cursor."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
