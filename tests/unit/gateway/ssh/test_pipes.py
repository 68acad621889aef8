"""Two ends of channels, coupled: nothing overtakes, nothing is lost, and nobody is flooded."""

from typing import Any, cast

import pytest

from assent.gateway.ssh.pipes import End, Stream


class Channel:
    """A channel that writes down what it is told. Held back while it is paused, as asyncssh is."""

    def __init__(self, end: End) -> None:
        self.end = end
        self.sent: list[tuple[bytes, int | None]] = []
        self.waiting: list[bytes] = []
        self.paused = self.closed = self.said_end = False
        end.begin(cast(Any, self))

    def comes(self, data: bytes) -> None:
        """Hear bytes from the peer."""
        self.waiting.append(data)
        self._deliver()

    def _deliver(self) -> None:
        while self.waiting and not self.paused:
            self.end.data_received(self.waiting.pop(0), None)

    def write(self, data: bytes, datatype: int | None = None) -> None:
        self.sent.append((data, datatype))

    def write_eof(self) -> None:
        self.said_end = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        self._deliver()

    def close(self) -> None:
        self.closed = True

    @property
    def text(self) -> bytes:
        return b"".join(data for data, _ in self.sent)


@pytest.fixture
def ends() -> tuple[Channel, Channel]:
    return Channel(Stream()), Channel(Stream())


def test_what_was_kept_goes_first(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    for number in range(30):
        near.comes(bytes([number]) * 32_768)
    assert near.paused
    near.end.couple(far.end)
    near.comes(b"last")
    assert not near.paused
    assert far.text == b"".join(bytes([n]) * 32_768 for n in range(30)) + b"last"


def test_who_takes_no_more_stops_the_reading_of_the_other(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    near.end.couple(far.end)
    far.end.pause_writing()
    assert near.paused
    near.end.brake("recorder")
    far.end.resume_writing()
    assert near.paused
    near.end.release("recorder")
    assert not near.paused


def test_an_end_of_one_way_leaves_the_other_open(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    near.end.eof_received()
    near.end.couple(far.end)
    assert far.said_end
    far.comes(b"answer")
    assert near.text == b"answer"


def test_a_stream_that_closes_closes_the_other(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    near.end.couple(far.end)
    near.end.connection_lost(None)
    assert far.closed


async def test_a_relay_reads_what_comes_until_the_end(ends: tuple[Channel, Channel]) -> None:
    near, _ = ends
    near.comes(b"one")
    near.comes(b"two")
    assert await near.end.read() == b"onetwo"
    near.end.eof_received()
    assert await near.end.read() == b""
    near.end.connection_lost(None)
    await near.end.drain()


def test_what_comes_too_late_is_dropped(ends: tuple[Channel, Channel]) -> None:
    near, _ = ends
    near.closed = True
    near.end.write(b"late")
    near.end.write_eof()
    assert near.sent == []
