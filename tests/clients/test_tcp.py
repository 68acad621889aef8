"""Streams over TCP through a real gateway: whatever they carry is decided when it begins."""

import base64
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Gateway, assent, eventually
from tcp_world import (
    POLICIES,
    Lines,
    Turned,
    answered,
    begin,
    door_text,
    line_server,
    stream,
    target_text,
)

MEGABYTES = 20


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    with line_server() as running:
        yield running


@pytest.fixture(scope="module")
def door(
    template: World, lines: Lines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway with a door for TCP."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = target_text("away", unused.getsockname()[1])
        created = gateway_world.create_world(
            tmp_path_factory.mktemp("tcp") / "world",
            template,
            policies={"tcp.cedar": POLICIES},
            more=door_text(lines, nobody),
        )
        with gateway_world.serving(created) as running:
            yield running


def sessions(gateway: Gateway, target: str) -> list[dict[str, Any]]:
    items = gateway.answer("ana", "GET", "/v1/sessions")["items"]
    return [one for one in items if one["target"] == target]


def frames(gateway: Gateway, session: str) -> list[dict[str, Any]]:
    lines = assent(gateway, "ana", "recordings", "export", session, "--format", "jsonl")
    assert lines.returncode == 0, lines.stderr
    return [json.loads(line) for line in lines.stdout.splitlines()]


def test_a_permitted_stream_carries_both_ways(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="echo")
    through = stream(door, credential, "echo", lines.port)
    assert through.ask("hello out there") == "hello out there"
    through.close()
    with pytest.raises(Turned) as turned:
        stream(door, credential, "echo", lines.port)
    assert turned.value.status == 407


def test_twenty_megabytes_each_way_arrive_as_they_were_sent(door: Gateway, lines: Lines) -> None:
    through = stream(door, door.connect_as("ana", target="echo"), "echo", lines.port)
    data = os.urandom(MEGABYTES << 20)
    through.connection.sendall(f"TAKE {len(data)}\n".encode() + data)
    assert through.reader.readline().decode().strip() == hashlib.sha256(data).hexdigest()
    through.connection.sendall(f"SEND {len(data)}\n".encode())
    assert through.reader.read(len(data)) == bytes(len(data))
    through.close()


def test_what_nobody_permits_never_reaches_the_target(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="closed")
    before = len(lines.heard)
    connection = begin(door, credential, "closed", lines.port)
    connection.sendall(b"this must not arrive\n")
    with pytest.raises(Turned) as turned:
        answered(connection)
    assert turned.value.status == 403
    assert "assent-entry:" in turned.value.head.lower()
    assert lines.heard[before:] == []


def test_a_held_stream_waits_until_it_is_assented_to(door: Gateway, lines: Lines) -> None:
    connection = begin(door, door.connect_as("ana", target="guarded"), "guarded", lines.port)
    connection.sendall(b"sent before it stood\n")
    before = len(lines.heard)
    request = door.wait_for_request("CONNECT guarded")
    assert lines.heard[before:] == []
    door.approve(request)
    through = answered(connection)
    assert through.reader.readline() == b"sent before it stood\n"
    through.close()
    door.wait_until(request, "completed")


def test_a_rejected_stream_is_told_why(door: Gateway, lines: Lines) -> None:
    connection = begin(door, door.connect_as("ana", target="guarded"), "guarded", lines.port)
    request = door.reject_next("CONNECT guarded")
    with pytest.raises(Turned) as turned:
        answered(connection)
    assert turned.value.status == 403
    assert request in turned.value.words
    assert "not now" in turned.value.words


def test_hanging_up_withdraws_what_is_held(door: Gateway, lines: Lines) -> None:
    connection = begin(door, door.connect_as("ana", target="guarded"), "guarded", lines.port)
    request = door.wait_for_request("CONNECT guarded")
    connection.close()
    door.wait_until(request, "withdrawn")


def test_who_does_not_stay_takes_the_same_request_up_again(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="guarded", connections=3)
    with pytest.raises(Turned) as turned:
        stream(door, credential, "guarded", lines.port, "Prefer: wait=0")
    assert turned.value.status == 503
    assert "retry-after" in turned.value.head.lower()
    request = door.approve_next("CONNECT guarded")
    through = stream(door, credential, "guarded", lines.port, "Prefer: wait=20")
    assert through.ask("here I am again") == "here I am again"
    through.close()
    door.wait_until(request, "completed")


def test_revoking_the_grant_cuts_the_stream_within_a_second(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="echo", for_s=600)
    through = stream(door, credential, "echo", lines.port)
    assert through.ask("still here") == "still here"
    through.connection.sendall(b"HOLD\n")
    because = {"because": "the laptop was lost"}
    asked_at = time.monotonic()
    door.answer("carl", "POST", f"/v1/grants/{credential.grant}/revoke", because)
    assert through.reader.read() == b""
    assert time.monotonic() - asked_at < 1.0
    through.close()
    eventually(lambda: lines.open == 0, "the target is left")


def test_revoking_the_grant_ends_what_is_held(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="guarded", for_s=600)
    connection = begin(door, credential, "guarded", lines.port)
    request = door.wait_for_request("CONNECT guarded")
    because = {"because": "the laptop was lost"}
    door.answer("carl", "POST", f"/v1/grants/{credential.grant}/revoke", because)
    with pytest.raises(Turned) as turned:
        answered(connection)
    assert "the laptop was lost" in turned.value.words
    door.wait_until(request, "withdrawn", "interrupted")


def test_bytes_are_counted_and_recorded_where_that_is_obliged(door: Gateway, lines: Lines) -> None:
    through = stream(door, door.connect_as("ana", target="kept"), "kept", lines.port)
    assert through.ask("keep this") == "keep this"
    through.close()

    def closed() -> dict[str, Any] | None:
        found = [one for one in sessions(door, "kept") if one["ended_at"]]
        return found[0] if found else None

    session = eventually(closed, "the session is closed")
    kept = frames(door, session["id"])
    by_kind = {frame["kind"]: frame for frame in kept}
    assert base64.b64decode(by_kind["input"]["data"]) == b"keep this\n"
    assert base64.b64decode(by_kind["output"]["data"]) == b"keep this\n"
    assert by_kind["result"]["bytes"] == 10
    marks = [frame["detail"] for frame in kept if frame["kind"] == "mark"]
    assert "10 bytes to the target, 10 bytes to the client" in marks


@pytest.mark.parametrize(("target", "word"), [("masked", "mask"), ("bounded", "max_bytes")])
def test_what_cannot_be_kept_of_a_permit_denies(
    door: Gateway, lines: Lines, target: str, word: str
) -> None:
    with pytest.raises(Turned) as turned:
        stream(door, door.connect_as("ana", target=target), target, lines.port)
    assert turned.value.status == 403
    assert f"`@{word}`" in turned.value.words


def test_a_target_that_is_away_is_a_bad_gateway(door: Gateway) -> None:
    text = door.world.config.read_text()
    port = int(text.rpartition("port = ")[2].split()[0])
    with pytest.raises(Turned) as turned:
        stream(door, door.connect_as("ana", target="away"), "away", port)
    assert (turned.value.status, "`away` cannot be reached" in turned.value.words) == (502, True)


def test_only_the_targets_own_port_and_protocol_are_reached(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="echo", connections=2)
    with pytest.raises(Turned) as turned:
        stream(door, credential, "echo", 22)
    assert (turned.value.status, f"echo:{lines.port}" in turned.value.words) == (403, True)
    shop = door.connect_as("ana")
    with pytest.raises(Turned) as other:
        stream(door, shop, "shop", 5432)
    assert (other.value.status, "speaks postgres" in other.value.words) == (403, True)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"CONNECT echo HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"CONNECT echo:0 HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"CONNECT echo:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"407"),
        (b"CONNECT echo:1 HTTP/1.1\r\nProxy-Authorization: Basic !\r\n\r\n", b"407"),
        (b"CONNECT echo:1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"400"),
        (b"CONNECT echo:1 HTTP/1.1\r\nHost : a\r\n\r\n", b"400"),
        (b"\x00\x01nonsense\r\n\r\n", b"400"),
        (b"CONNECT echo:1 HTTP/1.1\r\nX: " + b"x" * 9000, b"431"),
    ],
)
def test_what_is_no_request_is_refused(door: Gateway, sent: bytes, status: bytes) -> None:
    with socket.create_connection(door.addresses["tcp"], 10) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as reader:
            assert reader.readline().split()[1] == status


def test_a_wrong_password_and_an_unknown_person_hear_the_same(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="echo")
    words = []
    for user in ("ana", "nobody"):
        wrong = gateway_world.Credential("", 0, user, "wrong", "", "")
        with pytest.raises(Turned) as turned:
            stream(door, wrong, "echo", lines.port)
        words.append((turned.value.status, turned.value.words))
    assert words[0] == words[1]
    assert words[0][0] == 407
    stream(door, credential, "echo", lines.port).close()


def test_it_speaks_tls_on_the_same_port(door: Gateway, lines: Lines) -> None:
    certificate = door.world.folder / "data" / "development-certificate.pem"
    context = ssl.create_default_context(cafile=str(certificate))
    credential = door.connect_as("ana", target="echo")
    through = stream(door, credential, "echo", lines.port, tls=context)
    assert through.ask("in secret") == "in secret"
    through.close()


def test_curl_goes_through_it(door: Gateway, lines: Lines) -> None:
    curl = shutil.which("curl")
    assert curl, "system/packages.txt brings curl"
    credential = door.connect_as("ana", target="echo")
    host, port = door.addresses["tcp"]
    proxy = f"http://{credential.user}:{credential.password}@{host}:{port}"
    done = subprocess.run(
        [curl, "-sS", "-p", "-x", proxy, "--max-time", "10", f"telnet://echo:{lines.port}"],
        input="by curl\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == "by curl\n", done.stderr


def test_fifty_streams_at_once_do_not_mix(door: Gateway, lines: Lines) -> None:
    credential = door.connect_as("ana", target="echo", connections=50)

    def talk(number: int) -> bool:
        through = stream(door, credential, "echo", lines.port)
        said = [through.ask(f"{number} {turn}") == f"{number} {turn}" for turn in range(20)]
        through.close()
        return all(said)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(talk, range(50)))


def test_the_log_verifies_behind_all_that(door: Gateway, tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = assent(door, "carl", "audit", "export", str(log))
    assert done.returncode == 0, done.stderr
    done = assent(door, "carl", "audit", "verify", str(log), "--key", str(log / "key"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_postgres_clients_do_not_reach_what_speaks_something_else(door: Gateway) -> None:
    credential = door.connect_as("ana", target="echo")
    done = subprocess.run(
        [psql_program(), "-X", "-c", "select 1"],
        env=credential.environment(PGDATABASE="echo"),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "target `echo` speaks tcp" in done.stderr
