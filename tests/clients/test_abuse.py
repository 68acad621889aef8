"""What hostile and broken clients send to a real gateway over raw sockets, and what it costs."""

import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import gateway_world
from assent.core.secret import Secret
from assent.demo.world import World
from assent.protocols.postgres.messages import frame
from assent.protocols.postgres.scram import ScramClient
from gateway_world import Credential, Gateway, Shop, eventually

MOST_CONNECTIONS = 60
MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
PROTOCOL = 196608
SSL_REQUEST = struct.pack("!II", 8, 80877103)
BIG_RESULT = "select repeat('x', 1000) as {} from generate_series(1, 200000)"
# What a connection may grow the process by beside the relay's own bounds: buffers of Python,
# of OpenSSL, of the allocator.
FEW_BYTES = 50 * MEBIBYTE


def packet(code: int, body: bytes = b"") -> bytes:
    """Return a first packet, which has no tag."""
    return struct.pack("!II", len(body) + 8, code) + body


def startup(**parameters: str) -> bytes:
    pairs = "".join(f"{key}\0{value}\0" for key, value in parameters.items())
    return packet(PROTOCOL, pairs.encode() + b"\0")


def query(text: str) -> bytes:
    return frame(b"Q", text.encode() + b"\0")


def header(kind: bytes, length: int) -> bytes:
    """Return a message's header, whatever length it claims."""
    return kind + struct.pack("!I", length)


def read_to_end(stream: socket.socket) -> bytes:
    """Return all that comes until the other side closes, in good order or not."""
    read = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while more := stream.recv(65536):
            read += more
    return read


def resident_bytes(gateway: Gateway) -> int:
    """Return the memory that the gateway's process has in use."""
    status = Path(f"/proc/{gateway.running.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


class RawClient:
    """A client that has proved who it is and then does as it pleases."""

    def __init__(
        self, credential: Credential, application: str = "raw", *, tls: bool = False
    ) -> None:
        self._read = b""
        self.stream = socket.socket()
        # Before it connects, so that the window is small from the beginning.
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.stream.settimeout(10)
        self.stream.connect((credential.host, credential.port))
        if tls:
            self._encrypt()
        asked = {"user": credential.user, "database": credential.database}
        self.stream.sendall(startup(**asked, application_name=application))
        self._prove(credential)
        self.wait_for("Z")

    def _encrypt(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.stream.sendall(SSL_REQUEST)
        assert self.stream.recv(1) == b"S"
        self.stream = context.wrap_socket(self.stream)

    def _prove(self, credential: Credential) -> None:
        self.wait_for("R")
        scram = ScramClient(Secret(credential.password), "raw")
        first = scram.first()
        body = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first
        self.stream.sendall(frame(b"p", body))
        challenge = self.wait_for("R")
        self.stream.sendall(frame(b"p", scram.final(challenge[4:])))

    def wait_for(self, kind: str) -> bytes:
        """Return the body of the next message of this kind; what comes before it is dropped."""
        while True:
            while len(self._read) >= 5:
                tag, length = struct.unpack_from("!cI", self._read)
                if len(self._read) <= length:
                    break
                body, self._read = self._read[5 : length + 1], self._read[length + 1 :]
                if tag == kind.encode():
                    return body
                assert tag != b"E", body
            more = self.stream.recv(65536)
            assert more, f"closed before `{kind}`"
            self._read += more

    def run(self, text: str) -> None:
        """Run a statement to its end."""
        self.stream.sendall(query(text))
        self.wait_for("Z")

    def close(self) -> None:
        self.stream.close()


@pytest.fixture(scope="module")
def besieged(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that takes few connections."""
    most = f'tls = "offer"\nmost_connections = {MOST_CONNECTIONS}'
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("besieged"), template, change=[('tls = "offer"', most)]
    )
    with gateway_world.serving(created) as running:
        yield running
        assert running.running.poll() is None
        assert "Traceback" not in running.printed()


def works(gateway: Gateway) -> bool:
    """Say whether somebody else can connect and be answered."""
    client = RawClient(gateway.connect_as("ben"))
    client.run("select 42")
    client.close()
    return True


def backends(shop: Shop, application: str) -> int:
    asked = "select count(*) from pg_stat_activity where application_name = $1"
    return int(shop.value(asked, application))


def open_sessions(gateway: Gateway, credential: Credential) -> int:
    found = gateway.answer("carl", "GET", "/v1/sessions?open=true&everybody=true")["items"]
    return sum(one["grant"] == credential.grant for one in found)


# Before anybody has proved anything.

GARBAGE = {
    "nothing but zeros": bytes(64),
    "a length of zero": header(b"\0", 0),
    "a length too small": struct.pack("!II", 7, PROTOCOL),
    "one GiB": struct.pack("!II", GIBIBYTE, PROTOCOL),
    "a negative length": struct.pack("!iI", -1, PROTOCOL),
    "a start that is too large": packet(PROTOCOL, b"user\0" + b"a" * 20_000 + b"\0\0"),
    "a request of HTTP": b"GET / HTTP/1.1\r\nhost: gateway\r\n\r\n",
    "a banner of SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a hello of TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "a cancellation that is cut": packet(80877102, b"\0\0\0\1"),
    "a cancellation that is too long": packet(80877102, bytes(600)),
    "TLS asked for with something in it": packet(80877103, b"more"),
    "a password first": frame(b"p", b"secret\0"),
    "noise": bytes((7 * n * n + 3 * n) % 251 for n in range(4096)),
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_closed_without_a_word(besieged: Gateway, sent: bytes) -> None:
    with socket.create_connection(besieged.postgres, timeout=5) as stream:
        stream.sendall(sent)
        assert read_to_end(stream) == b""


REFUSED_STARTS = {
    "protocol 2.0": packet(0x20000, b"user\0ana\0\0"),
    "protocol 4.0": packet(0x40000, b"user\0ana\0\0"),
    "nobody": startup(database="shop"),
    "no target": startup(user="ana"),
    "replication": startup(user="ana", database="shop", replication="database"),
    "a setting": startup(user="ana", database="shop", session_preload_libraries="evil"),
    "options": startup(user="ana", database="shop", options="-c log_statement=none"),
}


@pytest.mark.parametrize("sent", REFUSED_STARTS.values(), ids=REFUSED_STARTS.keys())
def test_a_start_that_asks_too_much_is_told_so(besieged: Gateway, sent: bytes) -> None:
    with socket.create_connection(besieged.postgres, timeout=5) as stream:
        stream.sendall(sent)
        told = read_to_end(stream)
    assert told[:1] == b"E"
    assert b"SFATAL\0" in told


@pytest.mark.parametrize(
    "sent",
    [
        header(b"p", GIBIBYTE),
        header(b"Q", 100) + b"select 1",
        frame(b"p", b"PLAIN\0" + struct.pack("!I", 4) + b"ana\0"),
        frame(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", -1)),
        frame(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", GIBIBYTE) + b"n,,n=,r=x"),
        frame(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", 9) + b"n,,n=,r=\0"),
        frame(b"p", bytes(4000)),
    ],
)
def test_a_proof_that_is_malformed_ends_the_connection(besieged: Gateway, sent: bytes) -> None:
    with socket.create_connection(besieged.postgres, timeout=5) as stream:
        stream.sendall(startup(user="ana", database="shop"))
        assert stream.recv(65536)[:1] == b"R"
        stream.sendall(sent)
        told = read_to_end(stream)
    assert told[:1] == b"E"
    assert b"SFATAL\0" in told


def test_half_a_start_and_a_hang_up_leave_nothing(besieged: Gateway) -> None:
    whole = startup(user="ana", database="shop")
    for size in range(len(whole)):
        with socket.create_connection(besieged.postgres, timeout=5) as stream:
            stream.sendall(whole[:size])
    assert eventually(lambda: works(besieged), "it goes on")


def test_two_thousand_broken_connections_cost_no_memory(besieged: Gateway) -> None:
    kinds = [*GARBAGE.values(), *REFUSED_STARTS.values(), SSL_REQUEST + b"early", SSL_REQUEST]

    def abuse(number: int) -> None:
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection(besieged.postgres, timeout=10) as stream,
        ):
            stream.sendall(kinds[number % len(kinds)])
            if number % 3:
                stream.shutdown(socket.SHUT_WR)
                read_to_end(stream)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(abuse, range(200)))
        before = resident_bytes(besieged)
        list(pool.map(abuse, range(2_000)))
    assert resident_bytes(besieged) - before < FEW_BYTES
    assert works(besieged)


def test_connections_too_many_are_refused_and_the_others_go_on(besieged: Gateway) -> None:
    works(besieged)
    there = RawClient(besieged.connect_as("ana"))
    with contextlib.ExitStack() as stack:

        def connect() -> socket.socket:
            return stack.enter_context(socket.create_connection(besieged.postgres, timeout=0.5))

        silent = [connect() for _ in range(MOST_CONNECTIONS + 20)]
        refused = 0
        for stream in silent:
            with contextlib.suppress(TimeoutError):
                refused += read_quickly(stream) == b""
        assert 20 < refused < 30
        there.run("select 42")
        assert besieged.answer("ana", "GET", "/v1/whoami")["name"] == "ana"
    there.run("select 42")
    there.close()

    def again() -> bool:
        with contextlib.suppress(AssertionError, ConnectionError):
            return works(besieged)
        return False

    assert eventually(again, "places are free again")


def read_quickly(stream: socket.socket) -> bytes | None:
    """Return what is there, empty at the end, None when nothing is said."""
    stream.settimeout(0.02)
    try:
        return stream.recv(100)
    except TimeoutError:
        return None
    except ConnectionResetError:
        return b""


# After somebody has proved who they are.


@pytest.mark.parametrize(
    ("sent", "sqlstate"),
    [
        (header(b"Q", GIBIBYTE), "54000"),
        (header(b"P", GIBIBYTE), "54000"),
        (header(b"B", 0x7FFFFFFF), "54000"),
        (header(b"S", GIBIBYTE), "54000"),
        (header(b"Q", 0xFFFFFFFF), "54000"),
        (header(b"Q", 3), "08P01"),
        (header(b"\0", 8), "08P01"),
        (header(b"!", GIBIBYTE), "08P01"),
        (frame(b"Q", b"select 1"), "08P01"),
        (frame(b"B", b"\0\0" + struct.pack("!HHi", 0, 60000, 4)), "08P01"),
        (frame(b"p", b"again\0"), "08P01"),
    ],
)
def test_a_message_that_cannot_be_ends_the_session_and_is_told(
    besieged: Gateway, sent: bytes, sqlstate: str
) -> None:
    client = RawClient(besieged.connect_as("ana"))
    client.stream.sendall(sent)
    told = read_to_end(client.stream)
    client.close()
    assert told[:1] == b"E"
    assert f"C{sqlstate}\0".encode() in told


@pytest.mark.parametrize(
    "sent", [b"Q", header(b"Q", 100), query("select 1")[:-3], frame(b"P", b"\0select 1\0\0\0")]
)
def test_half_a_message_and_a_hang_up_end_the_session(
    besieged: Gateway, shop: Shop, sent: bytes
) -> None:
    credential = besieged.connect_as("ana")
    client = RawClient(credential, "half a message")
    client.stream.sendall(sent)
    client.close()
    eventually(lambda: open_sessions(besieged, credential) == 0, "the session has ended")
    eventually(lambda: backends(shop, "half a message") == 0, "the target is left")


def test_a_large_message_that_never_ends_is_kept_within_its_bound(besieged: Gateway) -> None:
    client = RawClient(besieged.connect_as("ana"))
    before = resident_bytes(besieged)
    client.stream.sendall(header(b"Q", 16 * MEBIBYTE))
    for _ in range(15):
        client.stream.sendall(b" " * MEBIBYTE)
    assert resident_bytes(besieged) - before < FEW_BYTES
    client.close()
    assert works(besieged)


@pytest.mark.parametrize("tls", [False, True])
def test_a_client_that_does_not_read_costs_no_memory_and_ends_with_its_grant(
    besieged: Gateway, shop: Shop, tls: bool
) -> None:
    works(besieged)
    before = most = resident_bytes(besieged)
    name = f"does not read {tls}"
    client = RawClient(besieged.connect_as("dora", for_s=3), name, tls=tls)
    client.stream.sendall(query(BIG_RESULT.format("unread")))
    waits = f"select 1 from pg_stat_activity where application_name = '{name}' and "
    eventually(lambda: shop.value(waits + "wait_event = 'ClientWrite'"), "the target is stopped")
    stopped_at = time.monotonic()
    while backends(shop, name):
        most = max(most, resident_bytes(besieged))
        assert time.monotonic() - stopped_at < 5, "the target is still there"
    assert most - before < FEW_BYTES
    with contextlib.suppress(ssl.SSLError):
        read_to_end(client.stream)
    client.close()


def test_a_client_that_reads_late_gets_all_of_it(besieged: Gateway, shop: Shop) -> None:
    client = RawClient(besieged.connect_as("ana"), "reads late")
    client.stream.sendall(query(BIG_RESULT.format("late")))
    waits = "select 1 from pg_stat_activity where application_name = 'reads late' and "
    eventually(lambda: shop.value(waits + "wait_event = 'ClientWrite'"), "the target is stopped")
    rest = memoryview(bytearray(MEBIBYTE))
    size, tail = 0, b""
    while not tail.endswith(b"CSELECT 200000\0Z\0\0\0\5I"[1:]):
        count = client.stream.recv_into(rest)
        assert count
        size += count
        tail = (tail + bytes(rest[max(0, count - 64) : count]))[-64:]
    assert size > 200 * 1000 * 1000
    client.close()


@pytest.fixture
def holding(besieged: Gateway, table: str) -> Iterator[tuple[RawClient, str]]:
    """A client whose statement is held, and the request."""
    client = RawClient(besieged.connect_as("ana"), f"holding {table}")
    client.stream.sendall(query(f"delete from {table}"))
    yield client, besieged.wait_for_request(table)
    client.close()


PADDED = query(f"select 1 /* {'x' * 16_000} */")


def flood(client: RawClient, most: int) -> int:
    """Send statements until nothing more is taken; return how many bytes were."""
    client.stream.settimeout(1)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most:
            sent += client.stream.send(PADDED[sent % len(PADDED) :])
    return sent


def test_a_flood_behind_a_held_statement_is_bounded(
    besieged: Gateway, shop: Shop, table: str, holding: tuple[RawClient, str]
) -> None:
    client, request = holding
    before = resident_bytes(besieged)
    sent = flood(client, 100 * MEBIBYTE)
    assert MEBIBYTE < sent < 20 * MEBIBYTE
    assert resident_bytes(besieged) - before < FEW_BYTES
    assert works(besieged)
    besieged.approve(request)
    client.stream.settimeout(10)
    client.wait_for("Z")
    assert shop.count(table) == 0
    # What had to wait is all there, in one piece.
    client.stream.sendall(PADDED[sent % len(PADDED) :])
    for _ in range(sent // len(PADDED) + 1):
        client.wait_for("Z")
    client.run("select 'in step'")


def test_hanging_up_after_a_flood_withdraws_what_is_held(
    besieged: Gateway, shop: Shop, table: str, holding: tuple[RawClient, str]
) -> None:
    client, request = holding
    flood(client, 100 * MEBIBYTE)
    client.close()
    besieged.wait_until(request, "withdrawn")
    assert shop.count(table) == 1000


@pytest.mark.parametrize("goodbye", [b"", frame(b"X", b""), query("select 1") * 10])
def test_leaving_while_a_statement_is_held_withdraws_it(
    besieged: Gateway,
    shop: Shop,
    table: str,
    holding: tuple[RawClient, str],
    goodbye: bytes,
) -> None:
    client, request = holding
    client.stream.sendall(goodbye)
    client.stream.shutdown(socket.SHUT_WR)
    besieged.wait_until(request, "withdrawn")
    eventually(lambda: backends(shop, f"holding {table}") == 0, "the target is left")
    assert shop.count(table) == 1000
