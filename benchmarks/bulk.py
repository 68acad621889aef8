"""A client that asks one thing and throws the answer away, as fast as a socket can be read."""

import socket
import struct
import time

from assent.core.secret import Secret
from assent.protocols.postgres.scram import ScramClient
from benchmarks.roads import Road

_CHUNK = 1 << 20


def read_all(road: Road, query: str) -> tuple[int, float]:
    """Return how many bytes answered `query`, and in how many seconds."""
    with socket.create_connection(("127.0.0.1", road.port)) as connection:
        _sign_in(connection, road)
        text = query.encode() + b"\x00"
        began = time.perf_counter()
        connection.sendall(b"Q" + struct.pack("!I", len(text) + 4) + text)
        buffer = bytearray(_CHUNK)
        size = 0
        tail = b""
        while True:
            count = connection.recv_into(buffer)
            if not count:
                raise RuntimeError(f"the road {road.name} hung up")
            size += count
            tail = (tail + bytes(buffer[max(0, count - 6) : count]))[-6:]
            if tail[:5] == b"Z\x00\x00\x00\x05" and size > 1000:
                return size, time.perf_counter() - began


def _sign_in(connection: socket.socket, road: Road) -> None:
    """Speak protocol 3.0 up to the first ReadyForQuery, with SCRAM-SHA-256."""
    scram = ScramClient(Secret(road.password), "benchmark-nonce-not-secret")
    startup = b"user\x00%b\x00database\x00%b\x00\x00" % (
        road.user.encode(),
        road.database.encode(),
    )
    body = struct.pack("!I", 196608) + startup
    connection.sendall(struct.pack("!I", len(body) + 4) + body)
    stream = connection.makefile("rb", buffering=0)
    while True:
        header = _exactly(stream, 5)
        kind, length = header[:1], struct.unpack("!I", header[1:])[0] - 4
        content = _exactly(stream, length)
        if kind == b"E":
            raise RuntimeError(f"the road {road.name} refuses: {content!r}")
        if kind == b"Z":
            return
        if kind == b"R":
            _authenticate(connection, scram, struct.unpack("!I", content[:4])[0], content[4:])


def _authenticate(
    connection: socket.socket, scram: ScramClient, request: int, content: bytes
) -> None:
    if request == 10:
        first = scram.first()
        answer = b"SCRAM-SHA-256\x00" + struct.pack("!I", len(first)) + first
    elif request == 11:
        answer = scram.final(content)
    elif request == 12:
        return scram.verify(content)
    elif request == 0:
        return None
    else:
        raise RuntimeError(f"authentication {request} is not for this client")
    connection.sendall(b"p" + struct.pack("!I", len(answer) + 4) + answer)
    return None


def _exactly(stream: socket.SocketIO, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += stream.read(count - len(data)) or b""
    return data
