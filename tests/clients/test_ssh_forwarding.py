"""OpenSSH's client through a real gateway: ports, agents, jumps and what has no handler."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, eventually
from ssh_world import ACCOUNT, Ssh, Sshd, free_port, keygen, ssh_gateway_world, sshd

POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource in Target::"web1");

@id("ssh.work")
permit (principal in Group::"engineers", action in [Action::"ssh.execute", Action::"file.list",
  Action::"file.read", Action::"ssh.listen", Action::"ssh.unknown"], resource in Target::"web1");

@id("ssh.forward")
permit (principal in Group::"engineers", action == Action::"ssh.forward",
  resource == Address::"web1/127.0.0.1:PORT");

@id("ssh.agent")
permit (principal in Group::"dba", action == Action::"ssh.agent", resource in Target::"web1");
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of something that says back what it hears, until the end."""
    with echoing() as port:
        yield port


@contextmanager
def echoing() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.fixture(scope="module")
def house(
    template: World, server: Sshd, echo: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before it, where Ben is an engineer too: he may lend his agent."""
    folder = tmp_path_factory.mktemp("ssh") / "world"
    policies = {"ssh.cedar": POLICIES.replace("PORT", str(echo))}
    created = ssh_gateway_world(folder, template, server, policies)
    text = created.config.read_text()
    assert 'groups = ["dba"]' in text
    created.config.write_text(text.replace('groups = ["dba"]', 'groups = ["dba", "engineers"]'))
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def ana(house: Gateway, tmp_path: Path) -> Ssh:
    """Ana's ssh."""
    return Ssh(house, tmp_path / "ana")


@contextmanager
def staying(ssh: Ssh, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    process = ssh.start(options=("-N", *options))
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    # OpenSSH 9.2 may look whether it was told to end, and be told just before it goes to sleep.
    for _ in range(20):
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=1)
            return
    process.kill()
    process.communicate()
    pytest.fail("ssh does not end")


def echoed(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.settimeout(20)
        thread = threading.Thread(target=lambda: _send(connection, data), daemon=True)
        thread.start()
        found = bytearray()
        while part := connection.recv(1 << 16):
            found += part
        thread.join(20)
        return bytes(found)


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _says_back(port: int) -> bool:
    try:
        return echoed(port, b"?") == b"?"
    except OSError:
        return False


def test_a_local_port_reaches_an_address_behind_the_target(
    ana: Ssh, house: Gateway, echo: int
) -> None:
    port = free_port()
    with staying(ana, "-L", f"{port}:127.0.0.1:{echo}"):
        eventually(lambda: _listens(port), "ssh listens")
        data = bytes(range(256)) * 20_000
        assert echoed(port, data) == data
    session = house.answer("ana", "GET", "/v1/sessions")["items"][0]["id"]

    def logged() -> bool:
        entries = house.explanation(session)["entries"]
        return any("ssh.forward" in str(one) for one in entries)

    eventually(logged, "the forwarding is in the log")


def test_an_address_that_no_policy_permits_is_not_reached(ana: Ssh) -> None:
    with echoing() as other:
        port = free_port()
        with staying(ana, "-L", f"{port}:127.0.0.1:{other}"):
            eventually(lambda: _listens(port), "ssh listens")
            # So OpenSSH's client says that its channel was refused, as often as not.
            with suppress(ConnectionResetError):
                assert echoed(port, b"hello") == b""


def test_the_standard_streams_reach_an_address(ana: Ssh, echo: int) -> None:
    done = ana.run(options=("-W", f"127.0.0.1:{echo}"), given=b"hello")
    assert (done.returncode, done.stdout) == (0, b"hello")


def test_a_port_of_the_target_reaches_the_client(ana: Ssh, echo: int) -> None:
    port = free_port()
    with staying(ana, "-o", "ExitOnForwardFailure=yes", "-R", f"127.0.0.1:{port}:127.0.0.1:{echo}"):
        eventually(lambda: _says_back(port), "the target listens, and the client answers")
        data = b"back" * 100_000
        assert echoed(port, data) == data
    eventually(lambda: not _listens(port), "the target listens no more")


def test_an_agent_is_not_lent_without_a_permit_and_is_with_one(
    ana: Ssh, house: Gateway, tmp_path: Path
) -> None:
    ben = Ssh(house, tmp_path / "ben", person="ben")
    keygen(tmp_path / "precious")
    agent = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: (tmp_path / "agent").exists(), "the agent listens")
        add = ["ssh-add", str(tmp_path / "precious")]
        environment = {"SSH_AUTH_SOCK": str(tmp_path / "agent")}
        subprocess.run(add, env=environment, check=True, capture_output=True)
        options = ("-A", "-o", f"IdentityAgent={tmp_path}/agent")
        lent = with_agent(ben, tmp_path / "agent", options)
        assert b"ED25519" in lent.stdout, lent.stderr
        refused = with_agent(ana, tmp_path / "agent", options)
        assert b"ED25519" not in refused.stdout
        assert b"assent: lend the agent" in refused.stderr
    finally:
        agent.terminate()
        agent.wait(10)


def with_agent(
    ssh: Ssh, agent: Path, options: tuple[str, ...]
) -> subprocess.CompletedProcess[bytes]:
    environment = ssh.environment(ssh.connect()) | {"SSH_AUTH_SOCK": str(agent)}
    words = [*ssh.words(*options), "ssh-add", "-l"]
    return subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False)


def test_the_gateway_may_be_jumped_over_and_decides_all_the_same(
    house: Gateway, tmp_path: Path
) -> None:
    ana = Ssh(house, tmp_path / "ana")
    ana.certificate()
    host, port = house.addresses["ssh"]
    config = tmp_path / "config"
    common = [line for line in ana.words() if "=" in line]
    config.write_text("\n".join(["Host *", *(f"  {line.replace('=', ' ', 1)}" for line in common)]))

    def jump(*command: str) -> subprocess.CompletedProcess[bytes]:
        words = ["ssh", "-F", str(config), "-J", f"ana@{host}:{port}", f"{ACCOUNT}@web1", *command]
        return subprocess.run(
            words, env=ana.environment(), capture_output=True, timeout=60, check=False
        )

    done = jump("id", "-un")
    assert done.stdout.decode().strip() == ACCOUNT, done.stderr
    # The credential behind it is used up, so the same certificate opens nothing more.
    assert jump("id", "-un").returncode == 255


def test_what_has_no_handler_is_refused(ana: Ssh, tmp_path: Path) -> None:
    done = ana.run("nothing", options=("-s",))
    assert (done.returncode, done.stdout) == (255, b"")
    local = tmp_path / "socket"
    forwarded = ana.run(
        "true",
        options=("-o", "ExitOnForwardFailure=yes", "-R", f"{tmp_path}/there:{local}"),
    )
    assert forwarded.returncode == 255
    assert not (tmp_path / "there").exists()
    tunnel = ana.run("true", options=("-o", "ExitOnForwardFailure=yes", "-w", "0:0"))
    assert tunnel.returncode == 255
    shown = ana.run("echo", "-$DISPLAY-", options=("-X",))
    assert shown.stdout == b"--\n"
