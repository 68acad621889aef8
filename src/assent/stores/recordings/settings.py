"""What the configuration says of where recordings are kept, and what is wrong with it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from assent.core.faults import OperatorFault

PLACES = ("folder", "s3")
_REFERENCES = ("file:", "env:")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"(?:[A-Za-z0-9!_.*'()-]{1,100}/)*", re.ASCII)
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class RecordingsConfig:
    """`[recordings]`: where what sessions looked like is kept, encrypted.

    place: `folder`, in the data folder, or `s3`, a store of objects that speaks S3. bucket: of it,
    which must exist. prefix: what names of objects begin with, such as `assent/`. endpoint: its
    URL, where it is not Amazon's. region: of the bucket. access_key, secret_key: references
    (`file:…`, `env:…`); without them the machine's own role is used. object_lock_days:
    for how long nobody can delete what was put there, of a bucket with object lock; 0 for not at
    all. most_waiting_mb: how much may wait here while the store is away, before sessions do.
    """

    place: str = "folder"
    bucket: str = ""
    prefix: str = "recordings/"
    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = ""
    object_lock_days: int = 0
    most_waiting_mb: int = 1024

    @property
    def references(self) -> tuple[str, ...]:
        """Return the references to secrets that it names."""
        return tuple(one for one in (self.access_key, self.secret_key) if one)


def check_recordings(config: RecordingsConfig, place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the section."""
    if config.place not in PLACES:
        raise _wrong(f"`{config.place[:80]}` is neither `folder` nor `s3`", f"{place} place")
    if not 1 <= config.most_waiting_mb <= 1_000_000:
        raise _wrong("must be from 1 to 1000000", f"{place} most_waiting_mb")
    if not 0 <= config.object_lock_days <= _MOST_DAYS:
        raise _wrong(f"must be from 0 to {_MOST_DAYS}", f"{place} object_lock_days")
    if config.place == "folder":
        for key in ("bucket", "endpoint", "access_key", "secret_key", "object_lock_days"):
            if getattr(config, key):
                raise _wrong("means nothing unless `place` is `s3`", f"{place} {key}")
        return
    _check_store(config, place)


def _check_store(config: RecordingsConfig, place: str) -> None:
    if not _BUCKET.fullmatch(config.bucket):
        raise _wrong(f"`{config.bucket[:80]}` is no name of a bucket", f"{place} bucket")
    if not _PREFIX.fullmatch(config.prefix):
        words = f"`{config.prefix[:80]}` is no prefix such as `assent/`"
        raise _wrong(words, f"{place} prefix")
    if bool(config.access_key) != bool(config.secret_key):
        raise _wrong("needs either both `access_key` and `secret_key`, or neither", place)
    for key in ("access_key", "secret_key"):
        said = getattr(config, key)
        if said and not said.startswith(_REFERENCES):
            # Without its text: it may be the secret itself.
            raise _wrong("must be a reference: `file:PATH` or `env:NAME`", f"{place} {key}")
    if config.endpoint:
        _check_endpoint(config.endpoint, f"{place} endpoint")


def _check_endpoint(endpoint: str, place: str) -> None:
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _wrong(f"`{endpoint[:80]}` is no URL", place) from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query:
        raise _wrong(f"`{endpoint[:80]}` is no URL such as `https://s3.example.com`", place)
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise _wrong("keys would cross the network in the clear; write `https://`", place)


def _wrong(words: str, place: str) -> OperatorFault:
    return OperatorFault("config-value", words, place)
