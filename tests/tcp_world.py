"""A server that speaks lines over TCP, targets of it, and clients that go there by CONNECT."""

import base64
import contextlib
import hashlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway_world import Credential, Gateway

TARGETS = ("echo", "guarded", "closed", "kept", "masked", "bounded")

POLICIES = """
@id("tcp.request") @max_duration("30m")
permit (principal in Group::"engineers", action == Action::"access.request", resource);

@id("tcp.open") @record
permit (principal in Group::"engineers", action == Action::"session.open", resource);

@id("tcp.connect")
permit (principal in Group::"engineers", action == Action::"tcp.connect", resource)
unless { resource == Target::"closed" || resource == Target::"kept" ||
  resource == Target::"masked" || resource == Target::"bounded" };

@id("tcp.kept") @record_results
permit (principal in Group::"engineers", action == Action::"tcp.connect",
  resource == Target::"kept");

@id("tcp.masked") @mask("pii.email: redact")
permit (principal in Group::"engineers", action == Action::"tcp.connect",
  resource == Target::"masked");

@id("tcp.bounded") @max_bytes("100kB")
permit (principal in Group::"engineers", action == Action::"tcp.connect",
  resource == Target::"bounded");

@id("tcp.guarded") @message("streams to `guarded` need a DBA") @hold("5m")
@require("approve: 1 of dba")
forbid (principal, action == Action::"tcp.connect", resource == Target::"guarded");
"""


@dataclass
class Lines:
    """The server. heard: every line that reached it, in order. open: connections now.

    `SEND n` is answered by n bytes, `TAKE n` by the digest of the n bytes that follow, `HOLD` by
    nothing; any other line by itself.
    """

    port: int
    heard: list[str] = field(default_factory=list)
    open: int = 0


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        lines: Lines = self.server.lines  # type: ignore[attr-defined]
        lines.open += 1
        try:
            for line in self.rfile:
                lines.heard.append(line.decode().strip())
                self.answer(*line.decode().split())
        except (OSError, ValueError):
            # It was cut, which some tests are about.
            pass
        finally:
            lines.open -= 1

    def answer(self, word: str, *rest: str) -> None:
        if word == "SEND":
            left = int(rest[0])
            while left:
                left -= self.connection.send(bytes(min(left, 1 << 16)))
        elif word == "TAKE":
            digest = hashlib.sha256()
            left = int(rest[0])
            while left:
                data = self.rfile.read(min(left, 1 << 16))
                if not data:
                    return
                digest.update(data)
                left -= len(data)
            self.wfile.write(f"{digest.hexdigest()}\n".encode())
        elif word != "HOLD":
            self.wfile.write(f"{' '.join((word, *rest))}\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def line_server() -> Iterator[Lines]:
    """Run the server while the block lasts."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.lines = Lines(server.server_address[1])  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.lines  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join(5)


def target_text(name: str, port: int, *more: str) -> str:
    """Return a target of the configuration."""
    lines = ["[[targets]]", f'name = "{name}"', 'protocol = "tcp"', 'host = "127.0.0.1"']
    return "\n".join([*lines, f"port = {port}", 'owners = ["dba"]', *more, ""])


def door_text(lines: Lines, *further: str) -> str:
    """Return what stands at the end of the configuration: the door, and its targets."""
    targets = [target_text(name, lines.port) for name in TARGETS]
    return "\n".join(['[tcp]\nlisten = "127.0.0.1:0"\n', *targets, *further])


class Turned(Exception):
    """The door answered something else than 200."""

    def __init__(self, status: int, head: str, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.head = head
        self.words = words


@dataclass
class Stream:
    """A stream through the gateway."""

    connection: socket.socket

    def __post_init__(self) -> None:
        self.reader = self.connection.makefile("rb")

    def ask(self, line: str) -> str:
        """Return what is answered to a line; empty at the end of the stream."""
        self.connection.sendall(f"{line}\n".encode())
        return self.reader.readline().decode().strip()

    def close(self) -> None:
        self.reader.close()
        self.connection.close()


def connect_head(credential: Credential, target: str, port: int, *headers: str) -> bytes:
    """Return a CONNECT request."""
    basic = base64.b64encode(f"{credential.user}:{credential.password}".encode()).decode()
    lines = [f"CONNECT {target}:{port} HTTP/1.1", f"Host: {target}:{port}"]
    lines += [f"Proxy-Authorization: Basic {basic}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def begin(
    gateway: Gateway, credential: Credential, target: str, port: int, *headers: str,
    tls: ssl.SSLContext | None = None,
) -> socket.socket:  # fmt: skip
    """Return a connection that has sent its request, and has no answer yet."""
    connection = socket.create_connection(gateway.addresses["tcp"], 30)
    if tls is not None:
        connection = tls.wrap_socket(connection, server_hostname="localhost")
    connection.sendall(connect_head(credential, target, port, *headers))
    return connection


def answered(connection: socket.socket) -> Stream:
    """Return the stream once it stands. Raises Turned."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            connection.close()
            raise Turned(0, "", "the connection ended")
        head += byte
    status = int(head.split()[1])
    if status == 200:
        return Stream(connection)
    with connection, connection.makefile("rb") as rest:
        raise Turned(status, head.decode(), rest.read().decode())


def stream(
    gateway: Gateway, credential: Credential, target: str, port: int, *headers: str,
    tls: ssl.SSLContext | None = None,
) -> Stream:  # fmt: skip
    """Return a stream to a target. Raises Turned."""
    return answered(begin(gateway, credential, target, port, *headers, tls=tls))
