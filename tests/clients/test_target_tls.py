"""TLS of the gateway with its targets, and how it authenticates at them."""

import contextlib
import signal
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta

import asyncpg
import psycopg
import pytest

import gateway_world
import tls_database
from assent.demo.programs import psql_program
from assent.demo.world import World
from certificate_authority import Authority, Signed
from gateway_world import Credential, Gateway, Shop, asyncpg_connect
from tls_database import PASSWORD, TlsDatabase

PSQL = psql_program()
SSL_REQUEST = struct.pack("!II", 8, 80877103)
ANYTHING = {"all.cedar": '@id("all") @max_duration("30m") permit (principal, action, resource);\n'}


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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def database(authority: Authority) -> Iterator[TlsDatabase]:
    programs = tls_database.folder_of_programs()
    if programs is None:
        pytest.skip("a PostgreSQL with TLS is needed: apt-get install postgresql")
    with tls_database.running(programs, authority.sign("127.0.0.1")) as running:
        yield running


def _target(name: str, port: int, tls: str, user: str = "proved", **more: str) -> str:
    keys = {
        "name": name, "host": "127.0.0.1", "user": user, "database": "postgres",
        "password": "file:tls.password", "tls": tls, "environment": "dev", **more,
    }  # fmt: skip
    lines = [f'{key} = "{value}"' for key, value in keys.items()]
    return "\n".join(["", "[[targets]]", *lines, f"port = {port}", ""])


class Impostor:
    """Listens where a target should be, and keeps what it is told."""

    def __init__(self, answer: bytes, tls: Signed | None = None) -> None:
        self._answer = answer
        self._context: ssl.SSLContext | None = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls.certificate, tls.key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                stream, _ = self._listening.accept()
            except OSError:
                return
            with stream:
                stream.settimeout(5)
                with contextlib.suppress(OSError):
                    self._serve(stream)

    def _serve(self, stream: socket.socket) -> None:
        heard = stream.recv(65536)
        self.heard.append(heard)
        stream.sendall(self._answer)
        if self._context is not None:
            stream = self._context.wrap_socket(stream, server_side=True)
        while more := stream.recv(65536):
            self.heard.append(more)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)


@pytest.fixture(scope="module")
def impostors(authority: Authority) -> Iterator[Mapping[str, Impostor]]:
    in_the_clear = struct.pack("!cII", b"R", 8, 3)
    found = {
        # Its certificate is good, but for another host.
        "misnamed": Impostor(b"S", authority.sign("elsewhere.example")),
        "expired": Impostor(b"S", authority.sign("127.0.0.1", lasts_for=timedelta(days=-1))),
        "eager": Impostor(b"S" + in_the_clear),
        "plain": Impostor(b"N"),
        "greedy": Impostor(in_the_clear),
    }
    yield found
    for one in found.values():
        one.close()


@pytest.fixture(scope="module")
def towards(
    template: World,
    shop: Shop,
    authority: Authority,
    database: TlsDatabase,
    impostors: Mapping[str, Impostor],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gateway]:
    """A gateway with a target for each way to reach one."""
    folder = tmp_path_factory.mktemp("towards")
    other = str(Authority(folder / "other", "somebody else").file)
    right = {"certificate_authority": str(authority.file)}
    port = database.port
    targets = [
        *(_target(mode, port, mode, **right) for mode in ("disable", "prefer", "require")),
        _target("verify", port, "verify", **right),
        _target("wrong-authority", port, "verify", certificate_authority=other),
        _target("no-authority", port, "verify"),
        _target("wrong-name", port, "verify", host="localhost", **right),
        _target("plain-require", shop.database.port, "require"),
        _target("plain-verify", shop.database.port, "verify", **right),
        _target("wrong-password", port, "require", password="file:wrong.password"),
        _target("no-such-role", port, "require", user="nobody-of-that-name"),
        *(_target(f"as-{role}", port, "verify", role, **right) for role in tls_database.ROLES),
        _target("told-in-the-clear", port, "disable", "told"),
        _target("told-to-anybody", port, "require", "told"),
        *(_target(name, one.port, "verify", **right) for name, one in impostors.items()),
        _target("greedy-disable", impostors["greedy"].port, "disable"),
    ]
    created = gateway_world.create_world(
        folder / "world", template, policies=ANYTHING, change=[(r"\Z", "".join(targets))]
    )
    (created.folder / "tls.password").write_text(PASSWORD + "\n", encoding="utf-8")
    (created.folder / "wrong.password").write_text("not " + PASSWORD + "\n", encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running


def tls_of(gateway: Gateway, target: str) -> str:
    """Return whether the gateway's own connection to the target is encrypted, and its user."""
    done = psql(
        gateway.connect_as("ana", target=target),
        "select ssl, current_user from pg_stat_ssl where pid = pg_backend_pid();",
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("target", "encrypted"),
    [("disable", "f"), ("prefer", "t"), ("require", "t"), ("verify", "t")],
)
def test_a_target_is_spoken_tls_to_where_it_may_be(
    towards: Gateway, target: str, encrypted: str
) -> None:
    assert tls_of(towards, target) == f"{encrypted}|proved\n"


def test_a_target_without_tls_is_reached_where_that_is_only_preferred(gateway: Gateway) -> None:
    assert psql(gateway.connect_as("ana")).stdout == "here\n"


@pytest.mark.parametrize("role", tls_database.ROLES)
def test_every_way_to_authenticate_at_a_target_works(towards: Gateway, role: str) -> None:
    assert tls_of(towards, f"as-{role}") == f"t|{role}\n"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("wrong-authority", "TLS with the target could not be established"),
        ("no-authority", "TLS with the target could not be established"),
        ("wrong-name", "TLS with the target could not be established"),
        ("misnamed", "TLS with the target could not be established"),
        ("expired", "TLS with the target could not be established"),
        ("plain-require", "it offers no encryption and its configuration requires it"),
        ("plain-verify", "it offers no encryption and its configuration requires it"),
        ("plain", "it offers no encryption and its configuration requires it"),
        ("eager", "the target answered a request for encryption with something else"),
        ("greedy", "the target answered a request for encryption with something else"),
        ("told-in-the-clear", "the target wants its password in the clear"),
        ("told-to-anybody", "the target wants its password in the clear"),
        ("greedy-disable", "the target wants its password in the clear"),
        ("wrong-password", "the target refused the gateway's credential (SQLSTATE 28P01)"),
        ("no-such-role", "the target refused the gateway's credential (SQLSTATE 28000)"),
    ],
)
def test_a_target_that_is_not_as_it_should_be_is_refused_clearly(
    towards: Gateway, target: str, words: str
) -> None:
    done = psql(towards.connect_as("ana", target=target))
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    if "TLS" in words:
        assert "SSLCertVerificationError" in towards.printed()
    for secret in (PASSWORD, "nobody-of-that-name", "elsewhere.example"):
        assert secret not in done.stderr
    assert PASSWORD not in towards.printed()


async def test_a_target_that_is_not_trusted_counts_as_one_that_cannot_be_reached(
    towards: Gateway,
) -> None:
    with pytest.raises(asyncpg.PostgresError) as fault:
        await asyncpg_connect(towards.connect_as("ana", target="wrong-authority"))
    assert fault.value.sqlstate == "08001"


def test_an_impostor_learns_nothing(towards: Gateway, impostors: Mapping[str, Impostor]) -> None:
    for name, impostor in impostors.items():
        impostor.heard.clear()
        psql(towards.connect_as("ana", target=name))
        assert impostor.heard[:1] == [SSL_REQUEST], name
        told = b"".join(impostor.heard)
        for secret in (b"proved", b"postgres", PASSWORD.encode()):
            assert secret not in told, name


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_target_that_restarts_ends_its_sessions_and_is_reached_again(
    towards: Gateway, database: TlsDatabase, how: signal.Signals
) -> None:
    credential = towards.connect_as("ana", target="verify", connections=2)

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            **credential.keywords, dbname=credential.database, sslmode="require", autocommit=True
        )

    opened = connect()
    assert opened.execute("select 42").fetchone() == (42,)
    database.stop(how)
    with pytest.raises(psycopg.OperationalError):
        opened.execute("select 42")
    assert opened.broken
    away = psql(towards.connect_as("ana", target="verify"))
    assert away.returncode == 2
    assert "target `verify` cannot be reached now" in away.stderr
    database.start()
    with connect() as again:
        assert again.execute("select 42").fetchone() == (42,)
