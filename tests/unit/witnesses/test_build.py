from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.witnesses.build import anchorages, witnesses
from assent.witnesses.settings import AnchorConfig, WitnessConfig
from unit.witnesses.test_settings import GOOD, KEY
from unit.witnesses.witness_builders import Noon


async def test_each_entry_becomes_what_it_says(tmp_path: Path) -> None:
    done: list[Callable[[], Awaitable[None]]] = []
    made = witnesses([WitnessConfig(KEY, "https://witness.example")], done.append)
    places = anchorages(GOOD[:3], tmp_path, lambda _: Secret("x"), Noon(), done.append)
    assert [one.name for one in made] == ["remora.n621.de"]
    assert [(one.place.name, one.place.kind, one.every) for one in places] == [
        ("disk", "file", timedelta(hours=1)),
        ("vault", "object-lock", timedelta(hours=1)),
        ("repo", "git", timedelta(minutes=30)),
    ]
    for close in done:
        await close()


def test_a_certificate_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    def never(close: Callable[[], Awaitable[None]]) -> None:
        raise AssertionError

    with pytest.raises(OperatorFault, match="cannot be read"):
        anchorages([GOOD[3]], tmp_path, lambda _: Secret("x"), Noon(), never)
    (tmp_path / "tsa.pem").write_text("nothing")
    with pytest.raises(OperatorFault, match="no PEM"):
        anchorages([GOOD[3]], tmp_path, lambda _: Secret("x"), Noon(), never)


def test_keys_of_a_bucket_are_revealed(tmp_path: Path) -> None:
    asked: list[str] = []

    def reveal(reference: str) -> Secret[str]:
        asked.append(reference)
        return Secret("x")

    entry = AnchorConfig(
        "vault",
        "object-lock",
        bucket="b",
        region="eu-west-1",
        access_key="env:A",
        secret_key="file:s",
    )
    anchorages([entry], tmp_path, reveal, Noon(), lambda _: None)
    assert asked == ["env:A", "file:s"]
