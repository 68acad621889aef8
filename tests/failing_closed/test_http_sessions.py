"""Failing closed: sessions over HTTP that are cut while they are opened, sockets and bodies."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import hdrs
from multidict import CIMultiDict

from assent.control.live import Patience
from assent.core.evidence import Connection
from assent.core.faults import OutsideFault
from assent.core.plugins import Refused
from assent.gateway.http.bodies import IN_MEMORY, Bodies
from assent.gateway.http.sockets import pass_socket
from assent.gateway.http.visits import Visits
from builders import NOON, FixedClock


class Opening:
    """A session whose opening ends when a test says so, or when it is nudged."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.live: Any = None
        self.ended: list[str] = []
        self.may = asyncio.Event()

    async def open(self, *_: object, patience: Patience, **__: object) -> Any:
        """Open it."""
        patience.nudge = self.may.set
        await self.may.wait()
        self.live = SimpleNamespace()
        return self.live

    async def end(self, reason: str) -> None:
        """Count it as ended."""
        self.ended.append(reason)


class Parts:
    """Makes them. clock: that stands."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOON)
        self.begun: list[Opening] = []

    def begin(self, client: Any) -> Opening:
        """Return a new one."""
        self.begun.append(Opening(client))
        return self.begun[-1]


async def entering(
    meanwhile: Callable[[Visits, Opening], Any],
) -> tuple[object, Opening, Visits]:
    """Return what comes of entering, where something happens while the session is opened."""
    parts, unused = Parts(), cast(Any, None)
    visits = Visits(cast(Any, parts), unused)
    subject = SimpleNamespace(id="sub_1")
    caller: Any = SimpleNamespace(token_digest="one", subject=subject)
    target: Any = SimpleNamespace(id="tgt_1")
    until = parts.clock.now() + timedelta(seconds=30)
    asked = asyncio.ensure_future(
        visits.enter(caller, target, Connection("127.0.0.1", "test"), until)
    )
    while not parts.begun:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    await meanwhile(visits, parts.begun[0])
    return await asyncio.wait_for(asked, 10), parts.begun[0], visits


async def test_a_session_that_was_cut_while_it_was_opened_is_entered_by_nobody_and_ends() -> None:
    async def cut(visits: Visits, opening: Opening) -> None:
        opening.client.cut("its access was revoked")
        opening.may.set()

    entered, opening, visits = await entering(cut)
    assert isinstance(entered, Refused)
    assert entered.message == "its access was revoked"
    await visits.stop("bye")
    assert opening.ended == ["its access was revoked"]


async def test_a_gateway_that_stops_leaves_no_session_that_was_being_opened() -> None:
    async def stop(visits: Visits, opening: Opening) -> None:
        await visits.stop("bye")
        assert opening.ended == ["bye"]

    entered, _, _ = await entering(stop)
    assert isinstance(entered, Refused)
    assert entered.message == "bye"


class Attempt:
    """Notes what came of it."""

    def __init__(self) -> None:
        self.over: list[str] = []

    def finish(self, *, bytes: int = 0, error: str = "") -> None:
        """It ended."""
        self.over.append(error)

    def lose(self, *, released: bool = True) -> None:
        """Nobody knows."""
        self.over.append(f"lost, {released=}")


async def socket(ws_connect: Callable[..., Any], credentials: Callable[..., Any]) -> Attempt:
    """Return the attempt of a socket that was permitted, after opening it failed."""
    attempt = Attempt()
    passage: Any = SimpleNamespace(
        attempt=attempt,
        masks=SimpleNamespace(looks=False),
        request=SimpleNamespace(headers=CIMultiDict()),
        reading=SimpleNamespace(target="/chat"),
        headers=CIMultiDict(),
    )
    upstream: Any = SimpleNamespace(
        target=SimpleNamespace(name="wiki"),
        client=SimpleNamespace(ws_connect=ws_connect),
        url=lambda path: path,
    )
    upstreams: Any = SimpleNamespace(credentials=credentials)
    passing = asyncio.ensure_future(pass_socket(passage, upstreams, upstream))
    await asyncio.sleep(0)
    passing.cancel()
    with pytest.raises((asyncio.CancelledError, OutsideFault)):
        await passing
    return attempt


async def never(*_: object, **__: object) -> Any:
    """Wait for ever."""
    await asyncio.Event().wait()


async def nothing(*_: object) -> dict[str, Any]:
    """Sign in with nothing."""
    return {}


async def test_a_socket_whose_client_leaves_while_it_opens_is_said_to_be_lost_at_once() -> None:
    assert (await socket(never, nothing)).over == ["lost, released=True"]


async def test_a_socket_whose_target_cannot_be_signed_in_at_has_ended_with_that() -> None:
    async def away(*_: object) -> dict[str, Any]:
        raise OutsideFault("token-server-away", "it does not answer")

    assert (await socket(never, away)).over == ["token-server-away"]


async def body_of(data: bytes, kind: str, piece: int) -> Any:
    """Return what is read of a body that comes in pieces."""
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)]

    async def readany() -> bytes:
        return pieces.pop(0) if pieces else b""

    request: Any = SimpleNamespace(
        can_read_body=True,
        headers=CIMultiDict({hdrs.CONTENT_TYPE: kind}),
        content=SimpleNamespace(readany=readany),
        version=(1, 1),
    )
    bodies = Bodies()
    body = await bodies.read(request)
    bodies.done(body)
    return body


@pytest.mark.parametrize("piece", [70_000, 333_333])
async def test_a_part_far_behind_in_a_long_body_is_seen(piece: int) -> None:
    far = b'--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--'
    # Wherever a piece ends.
    for more in range(0, len(far), 7):
        data = b"x" * (2 * IN_MEMORY + more) + far
        body = await body_of(data, "multipart/form-data; boundary=b", piece)
        assert not body.is_whole
        assert body.names_method
    assert not (await body_of(data, "application/octet-stream", piece)).names_method
