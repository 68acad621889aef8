"""Unit tests of stores/recordings/places.py, against a store of objects of moto's."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
from botocore.exceptions import ClientError  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

from assent.core.faults import OperatorFault, OutsideFault  # noqa: E402
from assent.core.secret import Secret  # noqa: E402
from assent.stores.recordings import shipping  # noqa: E402
from assent.stores.recordings.places import ObjectStore, object_store  # noqa: E402
from assent.stores.recordings.settings import RecordingsConfig  # noqa: E402
from recording_world import (  # noqa: E402
    ANA,
    NOW,
    ONE,
    TWO,
    RecordingWorld,
    abandon,
    running,
    statement,
    until,
)

KEYS = {"env:KEY": "testing", "env:SECRET": "testing"}


class Server:
    """A store of objects that can be away: then nothing listens."""

    def __init__(self) -> None:
        self._moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._moto.start()
        host, port = self._moto.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def close(self) -> None:
        self.client.close()
        self._moto.stop()

    def bucket(self, name: str, *, locked: bool = False) -> str:
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        return name

    def place(self, bucket: str, days: int = 0, url: str = "") -> ObjectStore:
        config = RecordingsConfig(
            place="s3",
            bucket=bucket,
            endpoint=url or self.url,
            access_key="env:KEY",
            secret_key="env:SECRET",
            object_lock_days=days,
        )
        return object_store(config, lambda name: Secret(KEYS[name]), RecordingWorld())

    def names(self, bucket: str) -> list[str]:
        found: dict[str, Any] = self.client.list_objects_v2(Bucket=bucket)
        return sorted(one["Key"] for one in found.get("Contents", ()))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    created = Server()
    yield created
    created.close()


def test_a_segment_is_kept_read_and_forgotten(server: Server) -> None:
    place = server.place(server.bucket("plain"))
    place.put(ONE, 1, b"sealed")
    place.put(ONE, 1, b"sealed")
    assert server.names("plain") == ["recordings/ses_1/000001.segment"]
    assert place.get(ONE, 1) == b"sealed"
    assert place.get(ONE, 2) is None
    place.forget(ONE, 1)
    place.forget(ONE, 1)
    assert place.get(ONE, 1) is None


def test_under_object_lock_nobody_can_delete_what_was_put(server: Server) -> None:
    place = server.place(server.bucket("locked", locked=True), days=30)
    place.put(ONE, 1, b"sealed")
    name = "recordings/ses_1/000001.segment"
    kept = server.client.head_object(Bucket="locked", Key=name)
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    assert kept["ObjectLockRetainUntilDate"] == NOW + timedelta(days=30)
    # A segment is shipped again where it is not known that it arrived.
    place.put(ONE, 1, b"sealed")


def test_a_store_that_is_away_is_an_outside_fault(server: Server) -> None:
    away = server.place("none-there")
    for ask in (
        lambda: away.put(ONE, 1, b"x"),
        lambda: server.place("x" * 3, url="http://127.0.0.1:9").get(ONE, 1),
    ):
        with pytest.raises(OutsideFault, match="object store of recordings cannot be used"):
            ask()
    assert issubclass(ClientError, Exception)


def test_a_secret_that_cannot_be_read_stops_the_start(server: Server) -> None:
    def reveal(name: str) -> Secret[str]:
        raise OperatorFault("secret-missing", f"set `{name}`")

    config = RecordingsConfig(place="s3", bucket="b", access_key="env:A", secret_key="env:B")
    with pytest.raises(OperatorFault, match="set `env:A`"):
        object_store(config, reveal, RecordingWorld())


async def test_a_sealed_segment_goes_there_and_is_read_from_there(
    server: Server, tmp_path: Path
) -> None:
    world = RecordingWorld()
    bucket = server.bucket("going")
    recorder = await world.recorder(tmp_path, server.place(bucket))
    recorder.open(ONE, ANA)
    async with running(recorder):
        recorder.record(ONE, statement(1, "select secret"))
        ended = await recorder.close(ONE)
        await until(lambda: not (tmp_path / ONE / "000001.segment").exists())
    assert server.names(bucket) == ["recordings/ses_1/000001.segment"]
    stored = await recorder.segment(ONE, 1)
    assert stored is not None
    assert b"secret" not in stored
    assert [frame["text"] for frame in await recorder.frames(ONE)] == ["select secret"]
    assert await world.problems(recorder, ONE, ended) == ()
    await recorder.forget(ONE)
    assert server.names(bucket) == []
    await recorder.stop()


async def test_what_waits_when_the_process_dies_goes_after_the_next_start(
    server: Server, tmp_path: Path
) -> None:
    world = RecordingWorld()
    bucket = server.bucket("dying")
    killed = await world.recorder(tmp_path, server.place(bucket))
    killed.open(ONE, ANA)
    killed.open(TWO, ANA)
    killed.record(ONE, statement(1))
    killed.record(TWO, statement(1))
    await killed.close(ONE)
    abandon(killed)
    recorder = await world.recorder(tmp_path, server.place(bucket))
    await recorder.recover()
    async with running(recorder):
        await until(lambda: len(server.names(bucket)) == 2)
    for session in (ONE, TWO):
        assert await world.problems(recorder, session) == ()
    await recorder.stop()


async def test_a_session_goes_on_after_its_segments_are_away_and_a_crash(
    server: Server, tmp_path: Path
) -> None:
    world = RecordingWorld()
    bucket = server.bucket("crashing")
    killed = await world.recorder(tmp_path, server.place(bucket))
    killed.open(ONE, ANA)
    killed.record(ONE, statement(1))
    await killed.seal_all(ANA)
    async with running(killed):
        await until(lambda: server.names(bucket) != [])
        await until(lambda: not (tmp_path / ONE / "000001.segment").exists())
    killed.record(ONE, statement(2))
    abandon(killed)
    recorder = await world.recorder(tmp_path, server.place(bucket))
    await recorder.recover()
    ended = await recorder.close(ONE)
    assert (ended.frames, ended.segments) == (2, 2)
    assert await world.problems(recorder, ONE, ended) == ()
    await recorder.stop()


async def test_while_it_is_away_segments_wait_here_and_then_sessions_do(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "RETRY_S", 0.01)
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path, server.place("not-made-yet"), most_waiting=400)
    async with running(recorder):
        for session in (ONE, TWO):
            recorder.open(session, ANA)
            recorder.record(session, statement(1))
            await recorder.close(session)
            assert len(await recorder.frames(session)) == 1
        await until(lambda: recorder.behind)
        server.bucket("not-made-yet")
        await recorder.ready()
        await until(lambda: not list(tmp_path.glob("*/*.segment")))
    assert await world.problems(recorder, TWO) == ()
    await recorder.stop()
