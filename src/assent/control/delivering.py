"""Brings kept notices to their channels: at least once each, and no channel waits for another.

A notice is told again only where the process stopped between the channel's answer and the commit
that says so, or where the channel took it and did not answer in time.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from assent.control.directory import Directory
from assent.control.events import Events
from assent.core.changes import PutDelivery
from assent.core.clock import Clock
from assent.core.faults import Fault, MissingFault, OperatorFault
from assent.core.ids import NoticeId
from assent.core.notice import Delivery, Notice
from assent.core.ports import Notifier, Store
from assent.core.subject import Subject

PAGES = "pages"
"""The channel that is always there: whoever has a page open hears it."""
SEND_WITHIN_S = 10.0
"""How long a channel may take for one notice."""
MOST_TRIES = 24
GIVE_UP_AFTER = timedelta(hours=24)
REST = timedelta(seconds=30)
"""How long a channel that did not answer in time is left alone."""
_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 3_600.0
_AT_ONCE = 4
_MOST_DUE = 1_000
_LONGEST_ERROR = 300

_log = structlog.get_logger("outbox")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Channels:
    """By what people hear of things.

    ordinary: names of those for what is not loud, None for all of them.
    """

    notifiers: Mapping[str, Notifier] = field(default_factory=dict)
    ordinary: frozenset[str] | None = None

    def of(self, *, loud: bool) -> tuple[str, ...]:
        """Return the names of the channels that a notice goes to."""
        chosen = sorted(
            name
            for name in self.notifiers
            if loud or self.ordinary is None or name in self.ordinary
        )
        return (PAGES, *chosen)


def channels(
    notifiers: Iterable[Notifier] = (), ordinary: Collection[str] | None = None
) -> Channels:
    """Return the channels of these notifiers, each by its name."""
    by_name = {notifier.name: notifier for notifier in notifiers}
    return Channels(by_name, None if ordinary is None else frozenset(ordinary))


def spread(notice: NoticeId, channel: str, attempts: int) -> float:
    """Return a number from 0 to below 1 that differs between notices, channels and attempts."""
    digest = sha256(f"{notice} {channel} {attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def wait_after(attempts: int, luck: float) -> timedelta:
    """Return how long to wait after so many failed attempts: doubling, then within its half."""
    most = min(_FIRST_WAIT_S * 2 ** min(attempts - 1, 20), _LONGEST_WAIT_S)
    return timedelta(seconds=most * (0.5 + luck / 2))


class Delivering:
    """Sends what is due. jitter: notice, channel, attempts → 0 to below 1, as `spread`."""

    def __init__(
        self,
        *,
        store: Store,
        channels: Channels,
        directory: Directory,
        events: Events,
        clock: Clock,
        jitter: Callable[[NoticeId, str, int], float] = spread,
        within_s: float = SEND_WITHIN_S,
    ) -> None:
        self._store = store
        self._channels = channels
        self._directory = directory
        self._events = events
        self._clock = clock
        self._jitter = jitter
        self._within_s = within_s
        self._checks: dict[str, Callable[[Notice], bool]] = {}
        self._in_flight: dict[_Key, str] = {}
        # What a channel took and the store does not know yet: it is not sent again for that.
        self._taken: dict[_Key, Delivery] = {}
        self._resting: dict[str, datetime] = {}

    def only_while(self, topic: str, check: Callable[[Notice], bool]) -> None:
        """Tell notices of this topic only while `check` says that they still hold."""
        self._checks[topic] = check

    async def due(self, start: Callable[[Notice, Delivery], object]) -> None:
        """Call `start` with everything that is to be sent now. Raises OutsideFault (the store)."""
        now = self._clock.now()
        over: list[Delivery] = []
        for notice, delivery in await self._store.due_deliveries(now, limit=_MOST_DUE):
            settled = self._without_sending(notice, delivery, now)
            if settled is not None:
                over.append(settled)
            elif self._may_start(notice, delivery):
                self._in_flight[_key(delivery)] = notice.thread
                start(notice, delivery)
        if over:
            await self._store.commit([PutDelivery(delivery) for delivery in over], ())

    async def send(self, notice: Notice, delivery: Delivery) -> None:
        """Send one notice on one channel, and keep what came of it."""
        key = _key(delivery)
        try:
            after = self._taken.get(key) or await self._sent(notice, delivery)
            if after.delivered_at is not None:
                self._taken[key] = after
            await self._store.commit((PutDelivery(after),), ())
            self._taken.pop(key, None)
        except Fault as fault:
            # It stays due; what a channel took meanwhile is not sent again.
            _log.warning("delivery-not-kept", notice=delivery.notice, code=fault.code)
        finally:
            self._in_flight.pop(key, None)

    def _without_sending(
        self, notice: Notice, delivery: Delivery, now: datetime
    ) -> Delivery | None:
        """Return what became of a delivery that needs no sending (now), None for any other."""
        if _key(delivery) in self._in_flight or _key(delivery) in self._taken:
            return None
        if delivery.channel == PAGES:
            self._events.publish(notice)
            return _delivered(delivery, now, "")
        if delivery.channel not in self._channels.notifiers:
            return _dead(delivery, f"there is no channel `{delivery.channel[:80]}` any more")
        if not self._holds(notice):
            return _delivered(delivery, now, "")
        rests_until = self._resting.get(delivery.channel)
        if rests_until is not None and now < rests_until:
            return replace(delivery, due_at=rests_until)
        return None

    def _may_start(self, notice: Notice, delivery: Delivery) -> bool:
        """Return whether the channel has room, and nothing of that thread is on its way there.

        One of a thread at a time: each changes the message that the one before it left.
        """
        key = _key(delivery)
        if key in self._in_flight:
            return False
        at_channel = [
            thread for (_, channel), thread in self._in_flight.items() if channel == key[1]
        ]
        return len(at_channel) < _AT_ONCE and not (notice.thread and notice.thread in at_channel)

    def _holds(self, notice: Notice) -> bool:
        check = self._checks.get(notice.topic)
        return check is None or check(notice)

    async def _sent(self, notice: Notice, delivery: Delivery) -> Delivery:
        people = self._people(notice)
        if notice.to and not people:
            return _delivered(delivery, self._clock.now(), "")  # Nobody is left to be told.
        try:
            async with asyncio.timeout(self._within_s):
                earlier = await self._earlier(notice, delivery.channel)
                notifier = self._channels.notifiers[delivery.channel]
                reference = await notifier.send(notice, people, earlier)
        except TimeoutError:
            self._resting[delivery.channel] = self._clock.now() + REST
            return self._failed(notice, delivery, f"no answer within {self._within_s:.0f} s")
        except OperatorFault as fault:
            return _dead(replace(delivery, attempts=delivery.attempts + 1), fault.detail)
        except Fault as fault:
            return self._failed(notice, delivery, fault.detail)
        except Exception as fault:
            # A fault of ours in one channel must not end the others, nor lose the notice.
            _log.exception("channel-broke", channel=delivery.channel)
            return self._failed(notice, delivery, f"it broke ({type(fault).__name__})")
        self._resting.pop(delivery.channel, None)
        return _delivered(delivery, self._clock.now(), reference)

    def _people(self, notice: Notice) -> Sequence[Subject]:
        """Return whom to tell, as they are now: who was disabled hears nothing more."""
        found = []
        for who in notice.to:
            with suppress(MissingFault):
                found.append(self._directory.subject(who))
        return [person for person in found if not person.disabled]

    async def _earlier(self, notice: Notice, channel: str) -> str:
        if not notice.thread:
            return ""
        before = await self._store.delivered(notice.thread, channel)
        if any(notice.id is not None and one.notice > notice.id for one in before):
            # It comes late, and must not take the place of what is newer.
            return ""
        return before[0].reference if before else ""

    def _failed(self, notice: Notice, delivery: Delivery, error: str) -> Delivery:
        now, attempts = self._clock.now(), delivery.attempts + 1
        tried = replace(delivery, attempts=attempts)
        if attempts >= MOST_TRIES or now - notice.at >= GIVE_UP_AFTER:
            return _dead(tried, error)
        luck = self._jitter(delivery.notice, delivery.channel, attempts)
        due_at = now + wait_after(attempts, luck)
        return replace(tried, due_at=due_at, error=error[:_LONGEST_ERROR])


def _key(delivery: Delivery) -> _Key:
    return delivery.notice, delivery.channel


def _delivered(delivery: Delivery, now: datetime, reference: str) -> Delivery:
    return replace(
        delivery,
        attempts=delivery.attempts + 1,
        due_at=None,
        delivered_at=now,
        reference=reference[:_LONGEST_ERROR],
        error="",
    )


def _dead(delivery: Delivery, error: str) -> Delivery:
    _log.warning("notice-dead", notice=delivery.notice, channel=delivery.channel)
    return replace(delivery, due_at=None, delivered_at=None, error=error[:_LONGEST_ERROR])
