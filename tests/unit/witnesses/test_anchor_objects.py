from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from assent.core.entry import Checkpoint
from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.witnesses.anchor_objects import ObjectLockAnchor, client_of
from unit.witnesses.witness_builders import NOON, Noon, a_note

KEEP = timedelta(days=400)


@pytest.fixture
def client() -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = client_of(f"http://{host}:{port}", "us-east-1", Secret("access"), Secret("secret of it"))
    yield made
    made.close()
    server.stop()


class LaterThanToday(Noon):
    """A store counts from its own day on, so ours must lie ahead of any."""

    def now(self) -> Any:
        return NOON.replace(year=2090)


def a_checkpoint(size: int) -> Checkpoint:
    return Checkpoint(size, b"r" * 32, a_note(size), NOON)


async def test_a_note_is_put_where_nobody_can_delete_it(client: Any) -> None:
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    anchor = ObjectLockAnchor("vault", client, "locked", "c/", KEEP, LaterThanToday())
    kept = await anchor.keep(a_checkpoint(5), a_note(5))
    key = "c/assent.example-audit/00000000000000000005"
    assert kept.reference.startswith(f"s3://locked/{key}?versionId=")
    assert kept.body == a_note(5).encode()
    version = kept.reference.rpartition("=")[2]
    found = client.get_object(Bucket="locked", Key=key, VersionId=version)
    assert found["Body"].read().decode() == a_note(5)
    assert found["ObjectLockMode"] == "COMPLIANCE"
    assert found["ObjectLockRetainUntilDate"] == LaterThanToday().now() + KEEP
    with pytest.raises(ClientError):
        client.delete_object(
            Bucket="locked", Key=key, VersionId=version, BypassGovernanceRetention=True
        )


async def test_a_bucket_that_does_not_lock_is_a_fault(client: Any) -> None:
    client.create_bucket(Bucket="open")
    with pytest.raises(OutsideFault, match="`open`"):
        await ObjectLockAnchor("vault", client, "open", "c/", KEEP, LaterThanToday()).keep(
            a_checkpoint(5), a_note(5)
        )


async def test_a_bucket_that_is_not_there_is_a_fault(client: Any) -> None:
    with pytest.raises(OutsideFault, match="NoSuchBucket"):
        await ObjectLockAnchor("vault", client, "gone", "c/", KEEP, LaterThanToday()).keep(
            a_checkpoint(5), a_note(5)
        )


class NoLock:
    """A store that takes everything and locks nothing."""

    def put_object(self, **_: object) -> dict[str, object]:
        return {"VersionId": "1"}

    def head_object(self, **_: object) -> dict[str, object]:
        return {}


async def test_a_store_that_says_nothing_of_the_lock_is_not_believed() -> None:
    with pytest.raises(OutsideFault, match="without a lock"):
        await ObjectLockAnchor("vault", NoLock(), "b", "", KEEP, Noon()).keep(
            a_checkpoint(5), a_note(5)
        )
