"""TCP keeps what the spine promises: streams by CONNECT to a server of lines."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assent.demo.world import World
from conformance.protocol_suite import (
    BRIEF,
    HELD,
    LAWS,
    LONG,
    PERMITTED,
    REFUSED,
    UNKEPT,
    UNREAD,
    Law,
    Outcome,
    Stage,
    staged,
    stops_with_words_and_goes_on_after_a_restart,
)
from gateway_world import Credential, Gateway
from tcp_world import POLICIES, Lines, Turned, answered, begin, door_text, line_server, target_text

# Each kind has a target of its own: a stream is decided as a whole, whatever it carries.
TARGETS = {
    PERMITTED: "echo", LONG: "echo", UNREAD: "echo", HELD: "guarded", BRIEF: "brief",
    REFUSED: "closed", UNKEPT: "masked",
}  # fmt: skip
BRIEFLY = """
@id("tcp.brief") @message("this needs assent soon") @hold("1s") @require("approve: 1 of dba")
forbid (principal, action == Action::"tcp.connect", resource == Target::"brief");
"""


@dataclass
class TcpClient:
    """A socket, with a CONNECT request on it once it does something."""

    gateway: Gateway
    credential: Credential
    lines: Lines
    connection: socket.socket | None = None

    def do(self, kind: str, mark: str) -> Outcome:
        port = self.lines.port + 1 if kind == UNREAD else self.lines.port
        connection = begin(self.gateway, self.credential, TARGETS[kind], port)
        self.connection = connection
        try:
            stream = answered(connection)
            if kind == LONG:
                stream.connection.sendall(b"HOLD\n")
                return Outcome(bool(stream.reader.read(1)), "the stream ended")
            said = stream.ask(mark)
            stream.close()
            return Outcome(said == mark, "the stream ended")
        except Turned as turned:
            return Outcome(False, turned.words)
        except OSError as fault:
            return Outcome(False, str(fault))

    def hang_up(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()


class TcpDriver:
    """A server of lines. What a stream carries is no part of what is asked about it."""

    name, target, withdraws, takes_up = "tcp", "echo", True, True
    policies = (POLICIES + BRIEFLY).replace("1 of dba", "1 of DECIDERS")

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.more = door_text(lines, target_text("brief", lines.port))

    def client(self, gateway: Gateway, kind: str) -> TcpClient:
        credential = gateway.connect_as("ana", target=TARGETS[kind])
        return TcpClient(gateway, credential, self.lines)

    def text(self, kind: str, mark: str) -> str:
        return f"CONNECT {TARGETS[kind]}:{self.lines.port}"

    def reached(self, mark: str) -> int:
        return self.lines.heard.count(mark)

    def running(self) -> int:
        return self.lines.open


@pytest.fixture(scope="module")
def driver() -> Iterator[TcpDriver]:
    with line_server() as lines:
        yield TcpDriver(lines)


@pytest.fixture(scope="module")
def stage(
    driver: TcpDriver, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("suite") / "world", template, driver) as running:
        yield running


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_of_the_spine_hold(law: Law, stage: Stage) -> None:
    law(stage)


def test_it_stops_with_words_and_goes_on_after_a_restart(
    driver: TcpDriver, template: World, tmp_path: Path
) -> None:
    stops_with_words_and_goes_on_after_a_restart(tmp_path / "world", template, driver)
