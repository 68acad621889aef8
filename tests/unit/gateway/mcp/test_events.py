import pytest

from assent.core.faults import OutsideFault
from assent.gateway.mcp.events import PING, Cutter, event


def cut(data: bytes, step: int, most: int = 1_000) -> list[bytes]:
    cutter = Cutter(most)
    return [one for at in range(0, len(data), step) for one in cutter.feed(data[at : at + step])]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1_000])
def test_a_stream_is_cut_into_its_messages_wherever_it_is_cut_on_the_way(step: int) -> None:
    stream = (
        event(b'{"a":1}') + PING + b"id: 7\r\nevent: message\r\ndata: two\r\ndata:lines\r\n\r\n"
    )
    stream += b"event: other\ndata: no\n\ndata: last\n\n"
    assert cut(stream, step) == [b'{"a":1}', b"two\nlines", b"last"]


@pytest.mark.parametrize("data", [b"data: " + b"x" * 2_000, b"data: " + b"x" * 600 + b"\n"])
def test_an_event_that_is_too_large_ends_it(data: bytes) -> None:
    with pytest.raises(OutsideFault):
        cut(data * 2, 100)
