"""The walk over the target's messages."""

import random

import pytest

from assent.protocols.postgres.messages import frame
from assent.protocols.postgres.target_stream import TargetStream


def rows(sizes: list[int]) -> bytes:
    return b"".join(frame(b"D", bytes(size)) for size in sizes)


@pytest.mark.parametrize("sizes", [[8] * 500, [8, 9] * 100, [8] * 40 + [9] * 40 + [0] * 9, []])
@pytest.mark.parametrize("cut", [1, 7, 64, 1000, 10**6])
def test_every_cut_finds_the_same(sizes: list[int], cut: int) -> None:
    data = rows(sizes) + frame(b"C", b"SELECT 1\0") + rows(sizes) + frame(b"Z", b"I")
    stream = TargetStream()
    found: list[tuple[str, int, bytes]] = []
    passed = b""
    for at in range(0, len(data), cut):
        found += [
            (chr(message.kind), stream.position + message.end, message.body)
            for message in stream.walk(data[at : at + cut])
        ]
        passed += stream.data[: stream.passed]
    first = len(data) - len(rows(sizes)) - 6
    assert found == [("C", first, b"SELECT 1\0"), ("Z", len(data), b"I")]
    assert passed == data
    assert stream.at_boundary


def test_rows_of_any_sizes_are_jumped_over_exactly() -> None:
    luck = random.Random(7)
    for _ in range(200):
        sizes = [luck.choice([4, 4, 4, 5, 300]) for _ in range(luck.randrange(200))]
        data = rows(sizes) + frame(b"Z", b"I")
        assert [message.end for message in TargetStream().walk(data)] == [len(data)]


def test_an_error_too_large_to_keep_passes_unread() -> None:
    stream = TargetStream()
    found = stream.walk(frame(b"E", bytes(100_000))[:50])
    assert [(message.kind, message.body) for message in found] == [(69, b"")]
    assert stream.passed == 50
    assert not stream.at_boundary


def test_bytes_inside_of_rows_are_never_taken_for_messages() -> None:
    evil = frame(b"D", frame(b"Z", b"I") * 20)
    assert TargetStream().walk(evil * 50) == []
