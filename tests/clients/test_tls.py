"""TLS of real clients with the gateway."""

import contextlib
import socket
import ssl
import stat
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import asyncpg
import psycopg
import pytest
import uvloop

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from assent.protocols import postgres
from assent.protocols.postgres import PostgresRelay
from assent.protocols.postgres.limits import Limits
from certificate_authority import Authority
from gateway_world import Credential, Gateway, Loop, Shop, asyncpg_connect, eventually

PSQL = psql_program()
SSL_REQUEST = struct.pack("!II", 8, 80877103)
GSSENC_REQUEST = struct.pack("!II", 8, 80877104)
SHORT_S = 0.5


def psql(
    credential: Credential, script: str = "select 'here';", **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PSQL, "-X", "-A", "-t"],
        input=script,
        env=credential.environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def startup(user: str = "ana", database: str = "shop") -> bytes:
    body = f"user\0{user}\0database\0{database}\0\0".encode()
    return struct.pack("!II", len(body) + 8, 196608) + body


def read_to_end(stream: socket.socket) -> bytes:
    """Return all that comes until the other side closes, in good order or not."""
    read = b""
    with contextlib.suppress(ConnectionResetError):
        while more := stream.recv(65536):
            read += more
    return read


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certified(
    template: World, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that offers TLS with an operator's certificate for `localhost`."""
    signed = authority.sign("localhost")
    files = f'tls = "offer"\ncertificate = "{signed.certificate}"\nkey = "{signed.key}"'
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("certified"), template, change=[('tls = "offer"', files)]
    )
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture(scope="module")
def strict(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that requires TLS, with its development certificate."""
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("strict"), template, change=[('tls = "offer"', 'tls = "require"')]
    )
    with gateway_world.serving(created) as running:
        yield running


class FastLoop(Loop):
    """A loop as `assent serve` has it."""

    def __init__(self) -> None:
        super().__init__()
        self.close()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()


@pytest.fixture(scope="module", params=[FastLoop, Loop])
def hasty(
    request: pytest.FixtureRequest, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway inside of this process whose patience with a handshake is short.

    With the loop that we serve with and with Python's own: they differ in how TLS begins.
    """
    patience = timedelta(seconds=SHORT_S)
    limits = Limits(startup_for=patience, tls_for=patience, authentication_for=patience)
    created = gateway_world.create_world(tmp_path_factory.mktemp("hasty"), template)
    loop: Loop = request.param()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "PostgresRelay", partial(PostgresRelay, limits=limits))
        try:
            with gateway_world.serving_inside(created, loop) as running:
                yield running
        finally:
            loop.close()


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-ca", "verify-full"])
def test_every_mode_of_libpq_works_with_an_operators_certificate(
    certified: Gateway, authority: Authority, mode: str
) -> None:
    done = psql(
        certified.connect_as("ana"), "\\conninfo\nselect 'here';",
        PGHOST="localhost", PGSSLMODE=mode, PGSSLROOTCERT=str(authority.file),
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.endswith("here\n")
    assert ("SSL connection (protocol: TLSv1.3" in done.stdout) == (mode != "disable")


def test_a_client_that_checks_refuses_another_name(
    certified: Gateway, authority: Authority
) -> None:
    credential = certified.connect_as("ana")
    trusted = {"PGSSLROOTCERT": str(authority.file), "PGHOSTADDR": "127.0.0.1"}
    elsewhere = {"PGHOST": "elsewhere.example", **trusted}
    refused = psql(credential, PGSSLMODE="verify-full", **elsewhere)
    assert refused.returncode == 2
    assert "does not match host name" in refused.stderr
    # The credential was good for one connection, and that one was none.
    assert psql(credential, PGSSLMODE="verify-ca", **elsewhere).stdout == "here\n"


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_a_client_that_checks_refuses_another_authority(
    certified: Gateway, tmp_path: Path, mode: str
) -> None:
    credential = certified.connect_as("ana")
    other = str(Authority(tmp_path, "somebody else").file)
    refused = psql(credential, PGHOST="localhost", PGSSLMODE=mode, PGSSLROOTCERT=other)
    assert refused.returncode == 2
    assert "certificate verify failed" in refused.stderr
    assert psql(credential, PGSSLMODE="require").stdout == "here\n"


async def test_asyncpg_verifies_the_certificate(certified: Gateway, authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=str(authority.file))
    credential = certified.connect_as("ana")
    opened = await asyncpg_connect(credential, host="localhost", ssl=trusting)
    assert await opened.fetchval("select 42") == 42
    await opened.close()


async def test_asyncpg_refuses_what_it_cannot_verify(certified: Gateway) -> None:
    credential = certified.connect_as("ana")
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncpg_connect(credential, host="localhost", ssl=True)
    opened = await asyncpg_connect(credential, ssl="require")
    assert await opened.fetchval("select 42") == 42
    await opened.close()


async def test_a_big_result_arrives_whole_within_tls(certified: Gateway) -> None:
    opened = await asyncpg_connect(certified.connect_as("ana"), ssl="require")
    rows = await opened.fetch("select n, repeat('x', 200) from generate_series(1, 50000) n")
    assert [row[0] for row in rows] == list(range(1, 50_001))
    big = "x" * 3_000_000
    assert await opened.fetchval("select length($1::text)", big) == len(big)
    await opened.close()


def test_psycopg_verifies_the_certificate(certified: Gateway, authority: Authority) -> None:
    credential = certified.connect_as("ana")
    with psycopg.connect(
        **{**credential.keywords, "host": "localhost"}, dbname=credential.database,
        sslmode="verify-full", sslrootcert=str(authority.file),
    ) as opened:  # fmt: skip
        assert opened.pgconn.ssl_in_use
        assert opened.execute("select 42").fetchone() == (42,)


def test_a_client_that_begins_tls_at_once_is_let_go_cleanly(certified: Gateway) -> None:
    credential = certified.connect_as("ana")
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            **credential.keywords, dbname=credential.database,
            sslmode="require", sslnegotiation="direct", connect_timeout=10,
        )  # fmt: skip
    assert time.monotonic() - began < 2
    assert psql(credential).stdout == "here\n"


def test_a_hello_without_a_request_is_closed_without_a_word(certified: Gateway) -> None:
    with socket.create_connection(certified.postgres, timeout=5) as stream:
        stream.sendall(client_hello())
        assert read_to_end(stream) == b""


@pytest.mark.parametrize("mode", ["disable", "prefer"])
def test_encryption_by_gss_is_declined(certified: Gateway, mode: str) -> None:
    done = psql(certified.connect_as("ana"), PGGSSENCMODE=mode)
    assert (done.stdout, done.stderr) == ("here\n", "")


def test_tls_can_be_asked_for_after_gss_was_declined(
    certified: Gateway, authority: Authority
) -> None:
    trusting = ssl.create_default_context(cafile=str(authority.file))
    with socket.create_connection(certified.postgres, timeout=5) as stream:
        stream.sendall(GSSENC_REQUEST)
        assert stream.recv(1) == b"N"
        stream.sendall(SSL_REQUEST)
        assert stream.recv(1) == b"S"
        with trusting.wrap_socket(stream, server_hostname="localhost") as inside:
            inside.sendall(startup())
            assert inside.recv(1) == b"R"


def test_psql_without_tls_is_refused_where_it_is_required(strict: Gateway) -> None:
    credential = strict.connect_as("ana")
    refused = psql(credential, PGSSLMODE="disable")
    assert refused.returncode == 2
    assert "the gateway accepts encrypted connections only" in refused.stderr
    assert "sslmode=require" in refused.stderr
    assert psql(credential, PGSSLMODE="prefer").stdout == "here\n"


async def test_drivers_without_tls_are_refused_where_it_is_required(strict: Gateway) -> None:
    credential = strict.connect_as("ana")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="encrypted"):
        await asyncpg_connect(credential, ssl=False)
    with pytest.raises(psycopg.OperationalError, match="encrypted connections only"):
        psycopg.connect(**credential.keywords, dbname="shop", sslmode="disable")
    opened = await asyncpg_connect(credential, ssl="require")
    assert await opened.fetchval("select 42") == 42
    await opened.close()


def test_without_tls_nobody_is_asked_for_a_password_where_it_is_required(strict: Gateway) -> None:
    with socket.create_connection(strict.postgres, timeout=5) as stream:
        stream.sendall(startup())
        told = read_to_end(stream)
    assert told[:1] == b"E"
    assert b"C28000\0" in told


def test_a_statement_can_be_cancelled_within_tls(strict: Gateway, shop: Shop) -> None:
    credential = strict.connect_as("ana")
    with psycopg.connect(
        **credential.keywords, dbname="shop", sslmode="require", autocommit=True
    ) as opened:
        running = "select 1 from pg_stat_activity where query like '%as within_tls%' and pid <> "

        def cancel() -> None:
            eventually(lambda: shop.value(running + "pg_backend_pid()"), "the statement runs")
            opened.cancel_safe(timeout=5)

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            opened.execute("select count(*) as within_tls from generate_series(1, 1000000000)")
        canceller.join(10)
        assert opened.execute("select 42").fetchone() == (42,)


def test_the_development_certificate_is_its_owners_alone(strict: Gateway) -> None:
    made = strict.world.folder / "data" / "development-certificate.pem"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_old_versions_of_tls_are_refused(certified: Gateway) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(certified.postgres, timeout=5) as stream:
        stream.sendall(SSL_REQUEST)
        assert stream.recv(1) == b"S"
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            old.wrap_socket(stream)


def test_what_is_sent_ahead_of_tls_is_never_read_in_it(certified: Gateway) -> None:
    with socket.create_connection(certified.postgres, timeout=5) as stream:
        stream.sendall(SSL_REQUEST + startup())
        assert read_to_end(stream) == b""


def test_speaking_in_the_clear_after_tls_was_agreed_ends_it(certified: Gateway) -> None:
    with socket.create_connection(certified.postgres, timeout=5) as stream:
        stream.sendall(SSL_REQUEST)
        assert stream.recv(1) == b"S"
        stream.sendall(startup())
        # A TLS alert may say why; nothing of the protocol follows.
        assert b"SCRAM" not in read_to_end(stream)


def test_tls_cannot_be_asked_for_twice(certified: Gateway, authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=str(authority.file))
    with socket.create_connection(certified.postgres, timeout=5) as stream:
        stream.sendall(SSL_REQUEST)
        assert stream.recv(1) == b"S"
        with trusting.wrap_socket(stream, server_hostname="localhost") as inside:
            inside.sendall(SSL_REQUEST)
            assert read_to_end(inside) == b""


class HandMadeTls:
    """The client's end of TLS, in memory: a test decides what is sent together."""

    def __init__(self) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.end = context.wrap_bio(self.incoming, self.outgoing)

    def went_on(self) -> bool:
        """Do what can be done; say whether TLS stands."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.end.do_handshake()
            return True
        return False


def client_hello() -> bytes:
    """Return the first bytes that a TLS client says."""
    client = HandMadeTls()
    assert not client.went_on()
    return client.outgoing.read()


def test_what_comes_with_the_end_of_the_tls_handshake_is_read(hasty: Gateway) -> None:
    client = HandMadeTls()
    with socket.create_connection(hasty.postgres, timeout=5) as stream:
        _asked_for_tls(stream)
        while not client.went_on():
            stream.sendall(client.outgoing.read())
            client.incoming.write(stream.recv(65536))
        client.end.write(startup())
        stream.sendall(client.outgoing.read())
        answer = b""
        while not answer:
            more = stream.recv(65536)
            assert more, "closed"
            client.incoming.write(more)
            with contextlib.suppress(ssl.SSLWantReadError):
                answer = client.end.read(100)
        assert answer[:1] == b"R"


def _silent(stream: socket.socket) -> None:
    pass


def _half_a_startup(stream: socket.socket) -> None:
    stream.sendall(startup()[:20])


def _asked_for_tls(stream: socket.socket) -> None:
    stream.sendall(SSL_REQUEST)
    assert stream.recv(1) == b"S"


def _half_a_hello(stream: socket.socket) -> None:
    _asked_for_tls(stream)
    stream.sendall(client_hello()[:40])


def _a_hello_alone(stream: socket.socket) -> None:
    _asked_for_tls(stream)
    stream.sendall(client_hello())


def _no_proof(stream: socket.socket) -> None:
    stream.sendall(startup())


@pytest.mark.parametrize(
    "begin", [_silent, _half_a_startup, _asked_for_tls, _half_a_hello, _a_hello_alone, _no_proof]
)
def test_a_client_that_stops_half_way_is_let_go_at_its_deadline(
    hasty: Gateway, begin: Callable[[socket.socket], None]
) -> None:
    with socket.create_connection(hasty.postgres, timeout=5) as stream:
        began = time.monotonic()
        begin(stream)
        read_to_end(stream)
        assert SHORT_S - 0.1 < time.monotonic() - began < SHORT_S + 2.5


def test_a_client_that_drips_does_not_move_its_deadline(hasty: Gateway) -> None:
    with socket.create_connection(hasty.postgres, timeout=0.02) as stream:
        began = time.monotonic()
        packet = iter(startup("a" * 9_000))
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 5:
                stream.sendall(bytes([next(packet)]))
                with contextlib.suppress(TimeoutError):
                    if not stream.recv(1):
                        break
        assert time.monotonic() - began < SHORT_S + 2.5


def test_a_client_that_stops_within_tls_is_let_go_at_its_deadline(hasty: Gateway) -> None:
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(hasty.postgres, timeout=5) as stream:
        _asked_for_tls(stream)
        with unchecked.wrap_socket(stream) as inside:
            began = time.monotonic()
            inside.sendall(startup()[:20])
            with contextlib.suppress(ssl.SSLError):
                read_to_end(inside)
            assert time.monotonic() - began < SHORT_S + 2.5
