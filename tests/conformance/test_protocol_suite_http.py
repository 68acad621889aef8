"""HTTP keeps what the spine promises, with an API client and a real web application."""

import contextlib
import http.client
import json
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
    basic_policies,
    held_policies,
    staged,
    stops_with_words_and_goes_on_after_a_restart,
)
from gateway_world import Gateway
from http_world import WebApplication, another_target, token_of, web_application

PATHS = {
    PERMITTED: "/free", REFUSED: "/closed", HELD: "/held", BRIEF: "/brief", UNKEPT: "/unkept",
    UNREAD: "/what//is/%2e%2e/this", LONG: "/events",
}  # fmt: skip
OWN = """
@id("suite.read")
permit (principal in Group::"engineers", action == Action::"http.get", resource in Target::"wiki");

@id("suite.write")
permit (principal in Group::"engineers", action == Action::"http.post", resource)
when { resource == Route::"wiki//free" || resource == Route::"wiki//held" ||
  resource == Route::"wiki//brief" };

@id("suite.unkept") @max_rows("10")
permit (principal in Group::"engineers", action == Action::"http.post",
  resource == Route::"wiki//unkept");
"""


@dataclass
class HttpClient:
    """One connection of the standard library's client."""

    connection: http.client.HTTPConnection
    token: str

    def do(self, kind: str, mark: str) -> Outcome:
        method = "GET" if kind == LONG else "POST"
        headers = {"authorization": f"Bearer {self.token}", "prefer": "wait=60"}
        headers["content-type"] = "application/json"
        body = None if kind == LONG else json.dumps({"mark": mark})
        try:
            self.connection.request(method, f"/at/wiki{PATHS[kind]}", body, headers)
            answer = self.connection.getresponse()
            words = answer.read().decode()
            return Outcome(answer.status < 300, words)
        except (http.client.HTTPException, OSError) as fault:
            return Outcome(False, str(fault))

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            if self.connection.sock is not None:
                self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()


class HttpDriver:
    """An API behind the gateway. A request that is left goes on when it is sent again."""

    name, target, withdraws, takes_up = "http", "wiki", False, True
    policies = (
        basic_policies("wiki")
        + OWN
        + held_policies("http.post", 'Route::"wiki//held"', 'Route::"wiki//brief"')
    )

    def __init__(self, application: WebApplication) -> None:
        self.application = application
        routes = json.dumps([path for kind, path in PATHS.items() if kind != UNREAD])
        target = another_target("wiki", application.url, f"routes = {routes}")
        self.more = f'[http]\nlisten = "127.0.0.1:0"\n{target}'

    def client(self, gateway: Gateway, kind: str) -> HttpClient:
        connection = http.client.HTTPConnection(*gateway.addresses["http"], timeout=30)
        return HttpClient(connection, token_of(gateway, "ana"))

    def text(self, kind: str, mark: str) -> str:
        return mark

    def reached(self, mark: str) -> int:
        return sum(mark.encode() in one.body for one in self.application.reached)

    def running(self) -> int:
        return self.application.under_way


@pytest.fixture(scope="module")
def driver() -> Iterator[HttpDriver]:
    with web_application() as application:
        yield HttpDriver(application)


@pytest.fixture(scope="module")
def stage(
    driver: HttpDriver, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("suite") / "world", template, driver) as running:
        yield running


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_of_the_spine_hold(law: Law, stage: Stage) -> None:
    law(stage)


def test_it_stops_with_words_and_goes_on_after_a_restart(
    driver: HttpDriver, template: World, tmp_path: Path
) -> None:
    stops_with_words_and_goes_on_after_a_restart(tmp_path / "world", template, driver)
