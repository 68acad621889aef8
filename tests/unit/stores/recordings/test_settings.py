"""Unit tests of stores/recordings/settings.py."""

from dataclasses import replace

import pytest

from assent.core.faults import OperatorFault
from assent.stores.recordings.settings import RecordingsConfig, check_recordings

STORE = RecordingsConfig(
    place="s3", bucket="audit-eu", access_key="env:KEY", secret_key="file:secret"
)


@pytest.mark.parametrize(
    "good",
    [
        RecordingsConfig(),
        STORE,
        replace(STORE, access_key="", secret_key="", prefix="", object_lock_days=365),
        replace(STORE, endpoint="https://s3.example.com:9000", prefix="assent/eu/"),
        replace(STORE, endpoint="http://127.0.0.1:9000"),
    ],
)
def test_what_can_work_is_taken(good: RecordingsConfig) -> None:
    check_recordings(good, "[recordings]")


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"place": "tape"}, "place", "neither"),
        ({"bucket": ""}, "bucket", "no name of a bucket"),
        ({"bucket": "Has Spaces"}, "bucket", "no name of a bucket"),
        ({"prefix": "/absolute"}, "prefix", "no prefix"),
        ({"secret_key": ""}, "", "needs either both"),
        ({"secret_key": "hunter2"}, "secret_key", "must be a reference"),
        ({"endpoint": "ftp://x"}, "endpoint", "no URL"),
        ({"endpoint": "https://[x"}, "endpoint", "no URL"),
        ({"endpoint": "http://s3.example.com"}, "endpoint", "in the clear"),
        ({"object_lock_days": -1}, "object_lock_days", "from 0"),
        ({"most_waiting_mb": 0}, "most_waiting_mb", "from 1"),
        ({"place": "folder"}, "bucket", "means nothing"),
    ],
)
def test_what_cannot_work_is_said_with_its_place(
    changes: dict[str, object], place: str, words: str
) -> None:
    with pytest.raises(OperatorFault, match=words) as caught:
        check_recordings(replace(STORE, **changes), "[recordings]")  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)
    assert caught.value.place == f"[recordings] {place}".strip()


def test_its_references_are_named() -> None:
    assert STORE.references == ("env:KEY", "file:secret")
    assert RecordingsConfig().references == ()
