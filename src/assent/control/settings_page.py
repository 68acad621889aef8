"""How this installation is set up, and the few things that can be tried out from afar.

Nothing here changes the configuration: it is a file of the operator's, read once at the start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from assent.control.audit_actions import Ordered
from assent.control.custody import Custody
from assent.control.exporting import Standing
from assent.control.external_sign_in import ExternalSignIn
from assent.control.log_status import LogReport
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.faults import Fault, MissingFault, TooManyFault
from assent.core.notice import Delivery, Notice
from assent.core.ports import Notifier, Store
from assent.core.role import Permission

TRIED_EVERY = timedelta(seconds=15)
TRIED_WITHIN_S = 10.0
_MOST_DEAD = 100

_log = structlog.get_logger("settings")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the file. value: as it was read, `hidden` for what must not be shown.

    is_set: whether the file says it; otherwise it is what holds without.
    """

    key: str
    value: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class SettingSection:
    """One section of the file. name: such as `[server]`. words: what it is about."""

    name: str
    words: str
    settings: tuple[Setting, ...]

    @property
    def is_set(self) -> bool:
        """Whether the file says anything of it."""
        return any(one.is_set for one in self.settings)


@dataclass(frozen=True, slots=True)
class CertificateState:
    """A certificate that is shown to others. ends_at: None where it cannot be read."""

    name: str
    subject: str
    ends_at: datetime | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """Something that is shipped or used. licence: as it says itself."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class Described:
    """What the edges say of how they were built.

    master_key: what kind it is, and where. store: what kind, and where; never a password.
    channels: name of a notifier → its kind. methods: how people sign in here, and whether.
    """

    version: str = ""
    sections: Sequence[SettingSection] = ()
    master_key: str = ""
    store: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    methods: Sequence[tuple[str, bool, str]] = ()
    scim: bool = False
    retention: str = ""
    certificates: Callable[[], Sequence[CertificateState]] = tuple
    libraries: Callable[[], Sequence[Library]] = tuple


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying something. problem: empty where it went well."""

    name: str
    at: datetime
    took_ms: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A notifier. dead: how many of its last notices were given up. tried: None for not yet."""

    name: str
    kind: str
    dead: int
    last_error: str
    tried: Tried | None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """An identity provider. tried: None for not yet."""

    name: str
    display_name: str
    tried: Tried | None


@dataclass(frozen=True, slots=True)
class SettingsReport:
    """All of it."""

    at: datetime
    described: Described
    channels: Sequence[Channel]
    exporters: Sequence[Standing]
    providers: Sequence[ProviderState]
    log: LogReport
    certificates: Sequence[CertificateState]
    libraries: Sequence[Library]


class SettingsPage:
    """Shows it and tries it. described: set by the edges, which alone know the file."""

    def __init__(
        self,
        *,
        store: Store,
        notifiers: Sequence[Notifier],
        providers: ExternalSignIn,
        custody: Custody,
        clock: Clock,
    ) -> None:
        self._store = store
        self._notifiers = {one.name: one for one in notifiers}
        self._providers = providers
        self._custody = custody
        self._clock = clock
        self._tried: dict[str, Tried] = {}
        self._began: dict[str, datetime] = {}
        self.described = Described()

    async def report(self, caller: Caller) -> SettingsReport:
        """Return how it is set up. Raises ForbiddenFault, OutsideFault."""
        caller.check(Permission.READ_HEALTH)
        dead = [one for _, one in await self._store.dead_deliveries(limit=_MOST_DEAD)]
        return SettingsReport(
            at=self._clock.now(),
            described=self.described,
            channels=[self._channel(name, dead) for name in self._notifiers],
            exporters=await self._custody.exporting.standing(caller),
            providers=[
                ProviderState(name, one.display_name or name, self._tried.get(f"oidc {name}"))
                for name, one in self._providers.providers.items()
            ],
            log=await self._custody.status.report(caller),
            certificates=await asyncio.to_thread(self.described.certificates),
            libraries=await asyncio.to_thread(self.described.libraries),
        )

    async def try_channel(self, caller: Caller, name: str) -> Tried:
        """Send a notice to the caller by one channel, and return what came of it.

        Raises ForbiddenFault, MissingFault, TooManyFault where it was tried a moment ago.
        """
        caller.check(Permission.CHANGE_SETTINGS)
        notifier = self._notifiers.get(name)
        if notifier is None:
            raise MissingFault("no-such-channel", f"there is no channel `{name[:80]}`")
        who = caller.subject
        notice = Notice(
            topic="settings.tried",
            at=self._clock.now(),
            to=(who.id,),
            headline="this is a test: Assent can reach you here",
            lines=(f"{who.name} tried the channel `{name}` on the page Settings",),
            link="/settings#notifiers",
            # So that it goes out also where the channel is for other groups than the caller's.
            loud=True,
        )

        return await self._try(f"channel {name}", name, lambda: notifier.send(notice, [who], ""))

    async def try_provider(self, caller: Caller, name: str) -> Tried:
        """Ask an identity provider what it says of itself, and return what came of it.

        Raises as `try_channel`.
        """
        caller.check(Permission.CHANGE_SETTINGS)
        provider = self._providers.provider(name)
        return await self._try(f"oidc {name}", name, provider.check)

    async def rotate(self, caller: Caller, reason: str) -> Ordered:
        """Rotate the key of the log, or open the request that this needs. Raises as that does."""
        caller.check(Permission.CHANGE_SETTINGS)
        return await self._custody.rotation.rotate(caller, reason)

    async def _try(self, key: str, name: str, work: Callable[[], Awaitable[object]]) -> Tried:
        now = self._clock.now()
        before = self._began.get(key)
        if before is not None and now - before < TRIED_EVERY:
            seconds = int(TRIED_EVERY.total_seconds())
            words = f"`{name[:80]}` was tried a moment ago; try again in {seconds} seconds"
            raise TooManyFault(words, seconds)
        self._began[key] = now
        problem = ""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(TRIED_WITHIN_S):
                await work()
        except TimeoutError:
            problem = f"no answer within {TRIED_WITHIN_S:.0f} s"
        except Fault as fault:
            problem = fault.detail
        except Exception as fault:
            # A channel that breaks is what this is for; the page must say so.
            _log.exception("try-broke", what=key)
            problem = f"it broke ({type(fault).__name__}); look at what the server prints"
        tried = Tried(name, now, round(1000 * (loop.time() - began)), problem)
        self._tried[key] = tried
        return tried

    def _channel(self, name: str, dead: Sequence[Delivery]) -> Channel:
        kind = self.described.channels.get(name, "")
        own = [one for one in dead if one.channel == name]
        error = own[0].error if own else ""
        return Channel(name, kind, len(own), error, self._tried.get(f"channel {name}"))
