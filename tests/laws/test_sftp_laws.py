"""Laws of the SFTP relay: nothing a peer sends raises, and each request is answered once."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as some

from assent.protocols.ssh.sftp import Moves, SftpRelay
from assent.protocols.ssh.sftp_wire import Kind, Status, number, packet, status, string

GREETING = packet(Kind.INIT, number(3))
WELCOME = packet(Kind.VERSION, number(3))

names = some.sampled_from(
    [b"", b".", b"..", b"a", b"a/..", b"/etc/shadow", b"../x", b"\xff", b"a/"]
)
handles = some.sampled_from([b"\0\0\0\0", b"\0\0\0\1", b"x", b""])
attributes = some.sampled_from([number(0), number(4) + number(0o4755), number(1) + bytes(8)])


def _one(kind: int, *parts: some.SearchStrategy[bytes]) -> some.SearchStrategy[tuple[int, bytes]]:
    return some.tuples(*parts).map(lambda found: (kind, b"".join(found)))


flags = some.integers(0, 0x7F).map(number)
requests = some.one_of(
    _one(Kind.OPEN, names.map(string), flags, attributes),
    _one(Kind.CLOSE, handles.map(string)),
    _one(Kind.READ, handles.map(string), some.just(bytes(8) + number(10))),
    _one(Kind.WRITE, handles.map(string), some.just(bytes(8)), some.just(string(b"data"))),
    _one(Kind.RENAME, names.map(string), names.map(string)),
    _one(Kind.SYMLINK, names.map(string), names.map(string)),
    *(_one(kind, names.map(string)) for kind in (Kind.STAT, Kind.LSTAT, Kind.REMOVE)),
    _one(Kind.OPENDIR, names.map(string)),
    _one(Kind.READDIR, handles.map(string)),
    _one(Kind.SETSTAT, names.map(string), attributes),
    _one(Kind.FSETSTAT, handles.map(string), attributes),
    _one(Kind.EXTENDED, some.just(string(b"limits@openssh.com"))),
    _one(Kind.EXTENDED, some.just(string(b"nobody@knows"))),
    some.tuples(some.integers(0, 255), some.binary(max_size=20)),
)


def packets(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return kind, number and rest of each packet."""
    found, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        body = data[place + 4 : place + 4 + length]
        assert len(body) == length, "a packet was cut"
        found.append((body[0], int.from_bytes(body[1:5]), body[5:]))
        place += 4 + length
    return found


def answered(kind: int, id: int, body: bytes, given_out: int) -> bytes:
    """Return what a server that agrees to everything says."""
    if kind in (Kind.OPEN, Kind.OPENDIR):
        return packet(Kind.HANDLE, number(id), string(number(given_out)))
    if kind == Kind.REALPATH:
        path = body[4:].lstrip(b"/")
        return packet(
            Kind.NAME, number(id), number(1), string(b"/home/" + path), string(b""), number(0)
        )
    if kind == Kind.READ:
        return packet(Kind.DATA, number(id), string(b"data"))
    return status(id, Status.OK, "")


@given(some.lists(some.binary(max_size=60), max_size=10), some.lists(some.booleans(), max_size=10))
def test_no_bytes_of_any_side_raise(chunks: list[bytes], sides: list[bool]) -> None:
    relay = SftpRelay()
    relay.from_client(GREETING)
    relay.from_target(WELCOME)
    for chunk, from_client in zip(chunks, sides, strict=False):
        (relay.from_client if from_client else relay.from_target)(chunk)
    relay.end()


@settings(deadline=None)
@given(
    some.lists(requests, max_size=25),
    some.lists(some.booleans(), min_size=25, max_size=25),
    some.integers(1, 50),
)
def test_each_request_is_answered_once_and_nothing_unasked_reaches_the_server(
    asked: list[tuple[int, bytes]], permits: list[bool], size: int
) -> None:
    relay = SftpRelay()
    relay.from_client(GREETING)
    relay.from_target(WELCOME)
    whole = b"".join(
        packet(kind, number(id), body) for id, (kind, body) in enumerate(asked, start=1)
    )
    answers: Counter[int] = Counter()
    released: list[int] = []
    given_out = 0
    refused: set[int] = set()

    def work(moves: Moves) -> None:
        nonlocal given_out
        answers.update(id for _, id, _ in packets(bytes(moves.to_client)))
        for kind, id, body in packets(bytes(moves.to_target)):
            released.append(id)
            given_out += kind in (Kind.OPEN, Kind.OPENDIR)
            work(relay.from_target(answered(kind, id, body, given_out)))
        for question in moves.questions:
            if permits[question.ticket % len(permits)]:
                work(relay.permit(question.ticket, look_again=question.ticket % 2 == 0))
            else:
                refused.add(question.ticket)
                work(relay.refuse(question.ticket, "no"))

    for place in range(0, len(whole), size):
        work(relay.from_client(whole[place : place + size]))
    assert not relay.broken
    assert answers == Counter(range(1, len(asked) + 1))
    own = [id for id in released if id > len(asked)]
    assert max(Counter(released).values(), default=1) == 1
    assert len(own) <= 4 * len(asked)
    assert all(one.ticket not in refused for one in relay.end())


@given(some.integers(1, 40), some.integers(1, 3_000))
def test_bytes_of_files_pass_as_they_are_however_they_are_cut(count: int, size: int) -> None:
    relay = SftpRelay()
    relay.from_client(GREETING)
    relay.from_target(WELCOME)
    flags = number(2 | 8)
    moves = relay.from_client(packet(Kind.OPEN, number(1), string(b"/a"), flags, number(0)))
    (asked,) = packets(bytes(moves.to_target))
    named = packet(Kind.NAME, number(asked[1]), number(1), string(b"/a"), string(b""), number(0))
    (question,) = relay.from_target(named).questions
    relay.permit(question.ticket)
    relay.from_target(packet(Kind.HANDLE, number(1), string(b"h")))
    written = b"".join(
        packet(Kind.WRITE, number(id + 2), string(b"h"), bytes(8), string(bytes(id)))
        for id in range(count)
    )
    sent = b"".join(
        bytes(relay.from_client(written[place : place + size]).to_target)
        for place in range(0, len(written), size)
    )
    assert sent == written
    relay.from_client(packet(Kind.CLOSE, number(1), string(b"h")))
    (ended,) = relay.from_target(status(1, Status.OK, "")).ended
    assert ended.bytes == sum(range(count))
