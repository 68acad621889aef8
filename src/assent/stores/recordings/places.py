"""Where sealed segments go, when they are not to stay in the folder. Blocking: call in a thread."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from assent.core.clock import Clock
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import SessionId
from assent.core.secret import Secret
from assent.stores.recordings.settings import RecordingsConfig

CONNECT_S = 3
READ_S = 10
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})


class Place(Protocol):
    """Keeps the stored bytes of segments. Every method raises OutsideFault when it is away."""

    def put(self, session: SessionId, number: int, data: bytes) -> None:
        """Keep a segment; again is no fault."""
        ...

    def get(self, session: SessionId, number: int) -> bytes | None:
        """Return the bytes of a segment, None where there is none."""
        ...

    def forget(self, session: SessionId, number: int) -> None:
        """Delete a segment; one that is gone is no fault."""
        ...


class ObjectStore:
    """A bucket of a store that speaks S3. client: of boto3."""

    def __init__(
        self, client: Any, bucket: str, prefix: str, clock: Clock, lock_days: int = 0
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._clock = clock
        self._lock_days = lock_days

    def put(self, session: SessionId, number: int, data: bytes) -> None:
        """Keep a segment; under object lock, nobody can delete it before its time."""
        lock: dict[str, Any] = {}
        if self._lock_days:
            until = self._clock.now() + timedelta(days=self._lock_days)
            lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        self._ask(
            lambda: self._client.put_object(
                Bucket=self._bucket,
                Key=self._name(session, number),
                Body=data,
                ContentType="application/octet-stream",
                ChecksumAlgorithm="SHA256",
                **lock,
            )
        )

    def get(self, session: SessionId, number: int) -> bytes | None:
        """Return the bytes of a segment, None where there is none."""

        def read() -> bytes:
            found = self._client.get_object(Bucket=self._bucket, Key=self._name(session, number))
            data: bytes = found["Body"].read()
            return data

        data: bytes | None = self._ask(read)
        return data

    def forget(self, session: SessionId, number: int) -> None:
        """Delete a segment; under object lock its bytes stay until their time, unseen."""
        self._ask(
            lambda: self._client.delete_object(Bucket=self._bucket, Key=self._name(session, number))
        )

    def _name(self, session: SessionId, number: int) -> str:
        return f"{self._prefix}{session}/{number:06}.segment"

    def _ask(self, work: Callable[[], Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return work()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _GONE:
                return None
            raise _away(code) from error
        except (BotoCoreError, OSError) as error:
            raise _away(type(error).__name__) from error


def object_store(
    config: RecordingsConfig, reveal: Callable[[str], Secret[str]], clock: Clock
) -> ObjectStore:
    """Return the place that the configuration names; nothing is asked of it yet.

    Raises OperatorFault where boto3 is not installed, or a secret cannot be read.
    """
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError as cause:
        raise OperatorFault(
            "not-installed",
            "a store of objects needs boto3: pip install 'assent[object-store]'",
            "[recordings] place",
        ) from cause
    keys = {}
    if config.access_key:
        keys = {
            "aws_access_key_id": reveal(config.access_key).reveal(),
            "aws_secret_access_key": reveal(config.secret_key).reveal(),
        }
    client = boto3.client(
        "s3",
        region_name=config.region,
        endpoint_url=config.endpoint or None,
        config=Config(
            connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": 2}
        ),
        **keys,
    )
    return ObjectStore(client, config.bucket, config.prefix, clock, config.object_lock_days)


def _away(why: str) -> OutsideFault:
    return OutsideFault(
        "object-store-unavailable", f"the object store of recordings cannot be used (`{why[:80]}`)"
    )
