"""A log that is read in several ranges says the same as one that is read at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent_verify import ranges, verification
from assent_verify.report import ExitCode, Report, Status
from unit.assent_verify.exports import (
    NOON,
    a_leaf,
    a_log,
    a_note,
    an_export,
    check,
    digest,
    only_finding,
    verified,
    words,
)

SIZE = 700


@pytest.fixture(autouse=True, params=[1, 2])
def _small_ranges(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a range have one bundle, and two processes read them the second time."""
    for module in (ranges, "assent_verify.log_reading", "assent_verify.telling"):
        place = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{place}.BUNDLES", 1)
    monkeypatch.setattr("assent_verify.assembly.BUNDLES", 1)
    if request.param == 2:
        monkeypatch.setattr(verification, "_SMALL", 0)


def proved(leaves: list[bytes], **asked: object) -> Report:
    return verified(an_export(leaves, range(1, SIZE, 97)), workers=2, **asked)


def test_every_checkpoint_in_any_range_has_its_root() -> None:
    report = proved(a_log(SIZE))
    assert (report.exit_code, report.entries) == (ExitCode.GOOD, SIZE)
    forged = [*a_log(299), a_leaf(299, kind="logout")]
    kept = [("kept", a_note(forged, size)) for size in (299, 300)]
    found = only_finding(proved(a_log(SIZE), kept=kept), 3, Status.FAILED)
    assert "kept (size 300)" in words(found)
    assert "size 299" not in words(found)


def test_an_id_of_another_range_is_found() -> None:
    leaves = a_log(SIZE)
    leaves[600] = a_leaf(600, id=f"ent_{3:026d}")
    found = only_finding(proved(leaves), 4, Status.FAILED)
    assert "entry 600" in words(found)
    assert "has the id of entry 3" in words(found)


@pytest.mark.parametrize("index", [255, 256, 257, 400, 512])
def test_a_clock_that_is_set_back_is_found_on_any_side_of_a_border(index: int) -> None:
    leaves = a_log(SIZE)
    leaves[index] = a_leaf(index, at=NOON - timedelta(seconds=6))
    found = only_finding(proved(leaves), 5, Status.INCOMPLETE)
    assert found.entries[0].index == index


def test_a_clock_that_goes_back_slowly_is_no_finding() -> None:
    leaves = [
        a_leaf(number, at=NOON + timedelta(seconds=number - (6 if number % 7 == 0 else 0) * 0.7))
        for number in range(SIZE)
    ]
    assert proved(leaves).exit_code is ExitCode.GOOD


def test_payloads_are_excused_by_ranges_that_come_later_and_by_no_other() -> None:
    leaves = a_log(SIZE)
    for number in (3, 300, 699):
        leaves[number] = a_leaf(number, payload=digest(b"x"))
    leaves[600] = a_leaf(
        600, "payload.redacted", facts={"about": "sub_ana", "keys": ["dek_1"], "entries": []}
    )
    found = only_finding(proved(leaves), 6, Status.INCOMPLETE)
    assert [entry.index for entry in found.entries] == [699]


def test_payloads_are_excused_one_by_one() -> None:
    leaves = a_log(SIZE)
    for number in (3, 4, 300):
        leaves[number] = a_leaf(number, payload=digest(b"x"))
    named = [f"ent_{number:026d}" for number in (3, 300)]
    leaves[600] = a_leaf(600, "payload.erased", facts={"entries": named})
    found = only_finding(proved(leaves), 6, Status.INCOMPLETE)
    assert [entry.index for entry in found.entries] == [4]


def test_many_findings_of_many_ranges_are_counted() -> None:
    leaves = [replace_kind(leaf) if number % 2 else leaf for number, leaf in enumerate(a_log(SIZE))]
    found = check(proved(leaves), 4)
    assert len(found.entries) == 8
    assert "and 342 more like these" in words(found)


def replace_kind(leaf: bytes) -> bytes:
    return leaf.replace(b'"login"', b'"LOGIN"')


def test_a_source_that_breaks_off_is_not_a_good_log() -> None:
    files = an_export(a_log(SIZE))
    del files["tile/entries/001"]
    report = verified(files, workers=2)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert replace(report, entries=0).exit_code is ExitCode.INCOMPLETE
