"""Recordings of real clients: they wait for a slow disk, and what they did is read back whole."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from assent.recording.asciicast import decode_cast
from assent.stores.recordings import pace
from gateway_world import Gateway, Shop, assent, eventually

PSQL = psql_program()
SLOW = "select count(*) from generate_series(1, 3000000)"


class Disk:
    """Syncs journals, unless it hangs. hung: how often somebody waits or waited for it."""

    def __init__(self) -> None:
        self.works = threading.Event()
        self.works.set()
        self.hung = 0

    def sync(self, file: int) -> None:
        if not self.works.is_set():
            self.hung += 1
            self.works.wait(30)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self.works.clear()
        try:
            yield
        finally:
            self.works.set()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    created = Disk()
    monkeypatch.setattr(os, "fdatasync", created.sync)
    return created


@pytest.fixture
def inside(template: World, shop: Shop, tmp_path: Path, disk: Disk) -> Iterator[Gateway]:
    """A gateway in this process, whose journals are on `disk`."""
    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving_inside(created, shop.loop) as gateway:
        yield gateway


def begun(gateway: Gateway, *statements: str) -> subprocess.Popen[str]:
    """Return a psql that does these, one after the other."""
    arguments = [each for statement in statements for each in ("-c", statement)]
    return subprocess.Popen(
        [PSQL, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments],
        env=gateway.connect_as("ana").environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def newest(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = gateway.answer("ana", "GET", "/v1/sessions")["items"][0]
    return found


def test_a_live_session_waits_for_a_slow_disk_and_goes_on(inside: Gateway, disk: Disk) -> None:
    inside.connect_as("ana")
    with disk.hanging():
        client = begun(inside, *(f"select {number}" for number in range(40)), SLOW)
        eventually(lambda: disk.hung or None, "the disk hangs")
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(0.5)
    printed, failed = client.communicate(timeout=20)
    assert (client.returncode, failed) == (0, "")
    assert printed.split()[:40] == [str(number) for number in range(40)]


def test_a_session_is_ended_with_clear_words_when_the_disk_stays_away(
    inside: Gateway, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside.connect_as("ana")
    monkeypatch.setattr(pace, "LONGEST_BEHIND_S", 0.2)
    with disk.hanging():
        client = begun(inside, "select 1", SLOW, "select 2")
        _, failed = client.communicate(timeout=20)
    assert client.returncode == 2
    assert "the recording has not kept up for too long" in failed
    monkeypatch.setattr(pace, "LONGEST_BEHIND_S", 10.0)
    eventually(
        lambda: inside.answer("ana", "GET", "/v1/sessions?open=true")["items"] == [] or None,
        "it is over",
    )
    assert begun(inside, "select 3").communicate(timeout=20)[0] == "3\n"


def test_what_was_recorded_is_checked_played_and_exported(
    own: Gateway, shop: Shop, table: str
) -> None:
    client = begun(own, f"select count(*) from {table}", "select 'only for ana'")
    assert client.communicate(timeout=20)[0] == "1000\nonly for ana\n"
    session = newest(own)["id"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = own.answer("ana", "GET", f"/v1/recordings/{session}")
        return found if found["ended_frames"] else None

    checked: dict[str, Any] = eventually(ended, "the end is in the log")
    assert (checked["whole"], checked["problems"], checked["erased"]) == (True, [], [])
    assert checked["ended_segments"] == len(checked["segments"])
    for path in (own.world.folder / "data" / "recordings").rglob("*"):
        assert not path.is_file() or b"only for ana" not in path.read_bytes()

    shown = assent(own, "ana", "recordings", "show", session)
    assert shown.returncode == 0, shown.stderr
    assert "whole: 1 segment, each with the digest in the log" in shown.stdout
    played = assent(own, "ana", "recordings", "play", session, "--speed", "0")
    assert f"shop=> select count(*) from {table}" in played.stdout
    for form in ("asciicast", "asciicast-v3"):
        cast = decode_cast(
            assent(own, "ana", "recordings", "export", session, "--format", form).stdout
        )
        assert any("only for ana" in event.data for event in cast.events)
        assert cast.header.title == f"ana on shop, session {session}"
    lines = assent(own, "ana", "recordings", "export", session, "--format", "jsonl").stdout
    frames = [json.loads(line) for line in lines.splitlines()]
    assert len(frames) == checked["ended_frames"]
    listed = assent(own, "ana", "recordings", "list", "--json")
    (item,) = [one for one in json.loads(listed.stdout)["items"] if one["session"]["id"] == session]
    assert item["frames"] == len(frames)


def test_a_spliced_recording_is_named_and_who_reads_it_is_in_the_log(
    own: Gateway, shop: Shop, table: str
) -> None:
    sessions = []
    for number in range(2):
        begun(own, f"select {number}").communicate(timeout=20)
        sessions.append(newest(own)["id"])
        eventually(
            lambda: own.answer("ana", "GET", f"/v1/recordings/{sessions[-1]}")["ended_frames"],
            "the end is in the log",
        )
    one, other = (own.world.folder / "data" / "recordings" / each for each in sessions)
    (one / "000001.segment").write_bytes((other / "000001.segment").read_bytes())
    shown = assent(own, "carl", "recordings", "show", sessions[0])
    assert shown.returncode == 1
    assert "segment 1: its digest is not the one in the log" in shown.stdout
    assert assent(own, "carl", "recordings", "play", sessions[0]).returncode != 0
    assert assent(own, "carl", "recordings", "play", sessions[1], "--speed", "0").returncode == 0
    story = own.answer("carl", "GET", f"/v1/explain/{sessions[1]}")
    assert "recording.read" in json.dumps(story)
