"""Passes a permitted request on to its target, and what comes of it back, as it comes."""

import asyncio
import codecs
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict

from assent.content.json_masking import JsonMasks
from assent.core.enforcement import Enforcement
from assent.core.faults import ForbiddenFault, OperatorFault, OutsideFault, PeerFault
from assent.core.frame import OutputFrame
from assent.core.secret import Secret
from assent.gateway.http.bodies import Body
from assent.gateway.http.headers import Place, to_client
from assent.gateway.http.limits import LimitReached, Meter
from assent.gateway.http.masked import masked_answer, passes_unread
from assent.gateway.http.upstreams import Upstream, Upstreams, away
from assent.gateway.http.visits import Flight
from assent.gateway.sessions import Attempt, GatewaySession
from assent.protocols.http.reading import Reading

TOO_LARGE = "too-large"
_NOTHING = Enforcement()
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Passage:
    """A permitted request on its way. headers: for the target. place: where the client sees it.

    masks: what is done to its answer.
    """

    request: web.BaseRequest
    session: GatewaySession
    attempt: Attempt
    flight: Flight
    reading: Reading
    body: Body
    headers: CIMultiDict[str]
    place: Place
    masks: JsonMasks

    @property
    def enforcement(self) -> Enforcement:
        """What its permit obliges to."""
        return self.attempt.permitted.enforcement or _NOTHING


async def pass_on(passage: Passage, upstreams: Upstreams, upstream: Upstream) -> web.StreamResponse:
    """Return the answer once all of it was sent. The attempt has been told what came of it.

    Raises OutsideFault where the target is away, or its answer cannot be passed as is obliged.
    """
    timeout = passage.enforcement.timeout
    sent = Meter(passage.session, passage.attempt)
    error = ""
    try:
        async with asyncio.timeout(timeout.total_seconds() if timeout else None):
            response = await _asked(passage, upstreams, upstream)
            try:
                error = "broken"
                answer = await _answered(passage, response, sent)
            finally:
                response.close()
        error = str(response.status) if response.status >= 400 else ""
        passage.attempt.finish(bytes=sent.bytes, error=error)
        return answer
    except LimitReached as fault:
        error = TOO_LARGE
        return _break_off(passage, TOO_LARGE, str(fault))
    except (OutsideFault, PeerFault) as fault:
        # Of a PeerFault it is the target's answer that does not fit, not what the client sent.
        error = fault.code
        return _break_off(passage, fault.code, fault.detail)
    except OperatorFault as fault:
        error = fault.code
        raise
    except (aiohttp.ClientError, TimeoutError) as fault:
        said = away(upstream.target, fault)
        error = said.code
        return _break_off(passage, said.code, said.detail)
    finally:
        if error:
            passage.attempt.finish(bytes=sent.bytes, error=error)
        else:
            # The client hung up, or was cut, before the target said anything.
            passage.attempt.lose()


async def _asked(
    passage: Passage, upstreams: Upstreams, upstream: Upstream
) -> aiohttp.ClientResponse:
    """Return the target's answer, of which only the head has come."""
    url = upstream.url(passage.reading.target)
    method = passage.request.method
    if passage.masks.looks:
        # What is read must be whole, and as it is; a part of it could not be read.
        for name in (hdrs.RANGE, hdrs.IF_RANGE, hdrs.ACCEPT_ENCODING):
            passage.headers.popall(name, None)
        passage.headers[hdrs.ACCEPT_ENCODING] = "identity"
    for is_last in (False, True):
        secrets = await upstreams.credentials(upstream.target)
        headers = _with(passage.headers, secrets)
        if not passage.body.is_whole:
            headers[hdrs.CONTENT_LENGTH] = str(passage.body.length)
        response = await upstream.sender(method).request(
            method, url, headers=headers, data=passage.body.sent(), allow_redirects=False
        )
        if response.status != 401 or is_last or not secrets:
            break
        if not await upstreams.refused(upstream.target, secrets):
            break
        response.close()
    return response


async def _answered(
    passage: Passage, response: aiohttp.ClientResponse, sent: Meter
) -> web.StreamResponse:
    empty = passage.request.method == "HEAD" or response.status in _NO_BODY
    unread = passes_unread(response, passage.masks)
    headers = to_client(response.headers, passage.place, length=unread)
    if not unread:
        # Nobody else may be shown what was masked, or not, for this one.
        headers[hdrs.CACHE_CONTROL] = "no-store"
        headers.popall(hdrs.CONTENT_ENCODING, None)
    if not (unread or empty):
        data = await masked_answer(response, passage.masks)
        pieces = _one(data)
        length: int | None = len(data)
        headers[hdrs.CONTENT_LENGTH] = str(length)
    else:
        pieces = response.content.iter_any()
        length = response.content_length
    if not empty and length is not None:
        # Before its head is sent it can still be said why there is no answer.
        await sent.check(length)
    answer = web.StreamResponse(status=response.status, reason=response.reason, headers=headers)
    await answer.prepare(passage.request)
    passage.flight.answer = answer
    if not empty:
        await _streamed(passage, answer, pieces, sent, response)
    await answer.write_eof()
    return answer


async def _streamed(
    passage: Passage,
    answer: web.StreamResponse,
    pieces: AsyncIterator[bytes],
    sent: Meter,
    response: aiohttp.ClientResponse,
) -> None:
    tape = _tape(passage, response) if passage.enforcement.record_results else None
    async for piece in pieces:
        await sent.check(sent.bytes + len(piece))
        sent.bytes += len(piece)
        if tape is not None:
            tape.add(piece)
            if passage.session.behind:
                await passage.session.ready()
        # Waits where the client is slower than the target.
        await answer.write(piece)
    if tape is not None:
        tape.end()


class Tape:
    """Puts what a client is sent into the recording, before it is sent.

    Text as it is; anything else in base64.
    """

    def __init__(self, passage: Passage, *, text: bool) -> None:
        self._passage = passage
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace") if text else None

    def add(self, data: bytes) -> None:
        """Record a piece. Raises OutsideFault where that is impossible."""
        self._put(self._decoder.decode(data) if self._decoder else b64encode(data).decode())

    def end(self) -> None:
        """Record what is left of the last character."""
        if self._decoder is not None:
            self._put(self._decoder.decode(b"", final=True))

    def _put(self, text: str) -> None:
        attempt, session = self._passage.attempt, self._passage.session
        if text:
            session.record(OutputFrame(attempt.sequence, session.clock.now(), text))


def _tape(passage: Passage, response: aiohttp.ClientResponse) -> Tape:
    kind = response.headers.get(hdrs.CONTENT_TYPE, "")
    plain = hdrs.CONTENT_ENCODING not in response.headers
    is_text = kind.startswith("text/") or "json" in kind or "xml" in kind or "javascript" in kind
    return Tape(passage, text=plain and is_text)


def _with(headers: CIMultiDict[str], secrets: Mapping[str, Secret[str]]) -> CIMultiDict[str]:
    """Return headers with those that the gateway signs in with, instead of a client's."""
    sent = headers.copy()
    for name, value in secrets.items():
        sent[name] = value.reveal()
    return sent


def _break_off(passage: Passage, code: str, detail: str) -> web.StreamResponse:
    """Return what the client hears; where it was sent a part already, end its connection.

    A connection that ends before its time is how HTTP says that something is missing.
    """
    if passage.flight.answer is not None:
        if passage.request.transport is not None:
            passage.request.transport.abort()
        raise ConnectionResetError(detail)
    if code == TOO_LARGE:
        raise ForbiddenFault(code, detail)
    raise OutsideFault(code, detail)


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
