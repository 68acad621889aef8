"""An anchor in a bucket with object lock: until a day to come, nobody at all can delete it."""

import asyncio
import re
from datetime import timedelta
from typing import Any

from assent.core.clock import Clock
from assent.core.entry import Checkpoint
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.observing import Kept
from assent.core.secret import Secret

WITHIN_S = 30.0
_MODE = "COMPLIANCE"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")


class ObjectLockAnchor:
    """Puts each note into an object of its own, in compliance mode, and looks that it is locked.

    client: of boto3, for S3 or what speaks like it.
    """

    kind = "object-lock"

    def __init__(
        self, name: str, client: Any, bucket: str, prefix: str, retain: timedelta, clock: Clock
    ) -> None:
        self.name = name
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._retain = retain
        self._clock = clock

    async def keep(self, checkpoint: Checkpoint, note: str) -> Kept:
        """Put the note there. Raises OutsideFault, also where the bucket does not lock."""
        origin = _NOT_IN_NAMES.sub("-", note.partition("\n")[0])
        key = f"{self._prefix}{origin}/{checkpoint.size:020d}"
        try:
            async with asyncio.timeout(WITHIN_S):
                version = await asyncio.to_thread(self._put, key, note.encode())
        except TimeoutError:
            raise self._away(f"did not answer within {WITHIN_S:g} s") from None
        return Kept(f"s3://{self._bucket}/{key}?versionId={version}", note.encode())

    def _put(self, key: str, body: bytes) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        until = self._clock.now() + self._retain
        place = {"Bucket": self._bucket, "Key": key}
        try:
            put = self._client.put_object(
                **place,
                Body=body,
                ContentType="text/plain; charset=utf-8",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode=_MODE,
                ObjectLockRetainUntilDate=until,
            )
            version = str(put.get("VersionId", ""))
            found = self._client.head_object(**place, VersionId=version)
        except (BotoCoreError, ClientError) as cause:
            error = getattr(cause, "response", {}).get("Error", {})
            raise self._away(str(error.get("Code") or type(cause).__name__)) from cause
        locked = found.get("ObjectLockRetainUntilDate")
        if found.get("ObjectLockMode") != _MODE or locked is None:
            raise self._away("took it without a lock: make a bucket with object lock")
        return version

    def _away(self, words: str) -> OutsideFault:
        return OutsideFault("anchor-objects", f"bucket `{self._bucket}`: {words}")


def client_of(
    endpoint: str, region: str, access_key: Secret[str] | None, secret_key: Secret[str] | None
) -> Any:
    """Return a client for S3 or what speaks like it. Raises OperatorFault without boto3."""
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError as cause:
        words = "object lock needs boto3: pip install 'assent[object-store]'"
        raise OperatorFault("boto3-missing", words, "[[audit.anchors]]") from cause
    return boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region or None,
        aws_access_key_id=access_key.reveal() if access_key else None,
        aws_secret_access_key=secret_key.reveal() if secret_key else None,
        config=Config(
            connect_timeout=10,
            read_timeout=20,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": "path"} if endpoint else {},
        ),
    )
