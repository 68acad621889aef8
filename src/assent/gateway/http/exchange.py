"""The road of one request: who, in which session, what it does, whether it may, and on."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import hdrs, web
from multidict import CIMultiDict

from assent.content.json_masking import JsonMasks
from assent.content.patterns import OwnPattern
from assent.control.live import Patience
from assent.control.reach import Reach
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.plugins import RefusalKind, Refused
from assent.core.resource import Target
from assent.gateway.http.bodies import Bodies, Body
from assent.gateway.http.callers import Callers
from assent.gateway.http.headers import Place, say, to_target
from assent.gateway.http.passing import Passage, pass_on
from assent.gateway.http.preferences import wishes
from assent.gateway.http.sockets import is_upgrade, pass_socket
from assent.gateway.http.target_routes import TargetRoutes
from assent.gateway.http.upstreams import Upstreams
from assent.gateway.http.visits import Flight, Visit, Visits
from assent.gateway.sessions import Attempt
from assent.gateway.waited import Waited
from assent.protocols.http import reading as http_reading
from assent.protocols.http.reading import Reading, read_request

_SETTLED_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. path, query: raw, where the target has them.

    public: the origin that the client uses. prefix: of the path there. until: how long it stays.
    keep_authorization: that header is the target's. body: None where it is still to be read.
    """

    request: web.BaseRequest
    caller: Caller
    target: Target
    path: str
    query: str
    public: str
    prefix: str
    until: datetime
    keep_authorization: bool
    body: Body | None = None
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What was not done. body: what came with it, for a form that is sent again."""

    refused: Refused
    body: Body | None = None


class Exchanges:
    """Answers requests of who is known, at targets that are known.

    patterns: the operator's own, of what values of labels look like.
    """

    def __init__(
        self,
        *,
        visits: Visits,
        callers: Callers,
        upstreams: Upstreams,
        routes: TargetRoutes,
        waited: Waited,
        clock: Clock,
        reach: Reach,
        patterns: tuple[OwnPattern, ...] = (),
    ) -> None:
        self._reach = reach
        self._visits = visits
        self._callers = callers
        self._upstreams = upstreams
        self._routes = routes
        self._waited = waited
        self._clock = clock
        self._bodies = Bodies()
        self._patterns = patterns

    async def answer(self, asked: Asked) -> web.StreamResponse | Held:
        """Return the target's answer, sent, or why it was not asked. Raises Fault."""
        target, caller = asked.target, asked.caller
        key: Hashable = (caller.subject.id, target.id)
        refused = await self._waited.ended(key, caller)
        if refused is not None:
            return Held(refused)
        visit = await self._visits.enter(
            caller,
            target,
            self._callers.connection_of(asked.request),
            asked.until,
            wishes(asked.request),
        )
        if isinstance(visit, Refused):
            self._waited.told(key, visit)
            return Held(visit)
        with visit.flight() as flight:
            try:
                return await self._within(asked, visit, flight)
            except asyncio.CancelledError:
                # Cancelled by the cut of its session, or because its client hung up.
                if not flight.cut_with:
                    raise
                return _cut(asked, flight)

    async def _within(
        self, asked: Asked, visit: Visit, flight: Flight
    ) -> web.StreamResponse | Held:
        request, target = asked.request, asked.target
        upstream = await self._upstreams.of(target)
        routes = await self._routes.of(target)
        opens_socket = is_upgrade(request)
        body = asked.body or await self._bodies.read(request)
        try:
            headers = to_target(request.headers, keep_authorization=asked.keep_authorization)
            if asked.content_type:
                headers[hdrs.CONTENT_TYPE] = asked.content_type
            reading = read_request(
                routes,
                request.method,
                asked.path,
                asked.query,
                body=_as_read(body, headers),
                headers=headers,
                upgrade=opens_socket,
            )
            attempt = await self._decided(asked, visit, flight, reading, body)
            if isinstance(attempt, Refused):
                return Held(attempt, body if body.is_whole else None)
            place = Place(upstream.origin, upstream.base, asked.public, asked.prefix)
            address = self._callers.address_of(request)
            say(headers, place, address=address, subject=asked.caller.subject.name)
            session = visit.opened
            masks = JsonMasks(reading.route, attempt.permitted.enforcement, self._patterns)
            passage = Passage(
                request, session, attempt, flight, reading, body, headers, place, masks
            )
            passes = pass_socket if opens_socket else pass_on
            return await passes(passage, self._upstreams, upstream)
        finally:
            self._bodies.done(body)

    async def _decided(
        self, asked: Asked, visit: Visit, flight: Flight, reading: Reading, body: Body
    ) -> Attempt | Refused:
        """Return that it may be done, or why not. Where it is held, the client waits in here."""
        # What is too long to be shown is bound all the same.
        parameters = () if body.is_whole else (f"sha256:{body.digest}",)
        key = (asked.caller.subject.id, asked.target.id, reading.text, parameters)
        refused = await self._waited.ended(key, asked.caller)
        if refused is not None:
            return refused
        patience = Patience(asked.until)
        asking = asyncio.ensure_future(
            visit.opened.attempt(
                reading.statement,
                reading.text,
                parameters,
                shape=self._shape(reading),
                patience=patience,
            )
        )
        try:
            answer = await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(_not_sent)
            if flight.cut_with:
                return await _set_aside(asking)
            # Whoever hangs up may have been too impatient only: what is held waits on without
            # them, and the same, sent again, goes on with it.
            patience.until = self._clock.now()
            patience.nudge()
            raise
        if isinstance(answer, Refused):
            self._waited.told(key, answer)
        return answer

    def _shape(self, reading: Reading) -> Hashable | None:
        """Return what a decision serves again for: values count where some policy asks for them."""
        by_value = self._reach.asks_for_values(reading.statement)
        return reading.shape if by_value else reading.shape_of_names


def _as_read(body: Body, headers: CIMultiDict[str]) -> http_reading.Body:
    return http_reading.Body(
        body.head,
        ", ".join(headers.getall(hdrs.CONTENT_TYPE, ())),
        ", ".join(headers.getall(hdrs.CONTENT_ENCODING, ())),
        body.is_whole,
        body.length,
        body.names_method,
    )


async def _set_aside(asking: "asyncio.Task[Attempt | Refused]") -> Refused:
    """Return what is said of something held whose session is over: that it waits on, if it does.

    Raises CancelledError where nothing more is known than that its session was cut.
    """
    _uncancelled()
    await asyncio.wait({asking}, timeout=_SETTLED_WITHIN_S)
    if asking.done() and asking.exception() is None:
        answer = asking.result()
        if isinstance(answer, Refused) and answer.kind is RefusalKind.UNAVAILABLE:
            return answer
    raise asyncio.CancelledError


def _uncancelled() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


def _not_sent(asking: "asyncio.Task[Attempt | Refused]") -> None:
    if not asking.cancelled() and asking.exception() is None:
        answer = asking.result()
        if isinstance(answer, Attempt):
            answer.lose(released=False)


def _cut(asked: Asked, flight: Flight) -> Held:
    """Return what is heard of a request whose session was cut under it.

    What was begun to be sent just ends: that is how HTTP says that something is missing.
    """
    _uncancelled()
    if flight.answer is not None:
        if asked.request.transport is not None:
            asked.request.transport.abort()
        raise ConnectionResetError(flight.cut_with)
    return Held(Refused(RefusalKind.UNAVAILABLE, flight.cut_with))
