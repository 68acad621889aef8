"""Checks 4 and 6: what the entries say."""

from datetime import timedelta

import pytest

from assent.audit.export import export_files
from assent.audit.report import CheckStatus, ExitCode
from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from unit.audit.audit_builders import (
    NOON,
    a_signer,
    an_entry,
    an_export,
    checkpoint_of,
    only_finding,
    stored,
    story,
    verify,
    words,
)


def test_an_entry_in_another_form_is_named() -> None:
    log = stored(story(3))
    log[1] = type(log[1])(1, log[1].leaf + b" ", log[1].payload)
    signer = a_signer()
    files = dict(export_files(log, [checkpoint_of(log, 3, signer)], signer.verifier_key))
    check = verify(files).checks[3]
    assert check.status is CheckStatus.FAILED
    assert str(check.entries[0]) == "entry 1 (`ent_00000000000000000000000001`)"


def test_an_id_that_comes_twice_is_found() -> None:
    check = only_finding(verify(an_export([an_entry(1), an_entry(1)])), 4, CheckStatus.FAILED)
    assert "has the id of entry 0" in words(check)


def test_a_clock_that_was_set_back_is_told_once() -> None:
    times = (0, -5, -6, -6)
    entries = [an_entry(n, at=NOON + timedelta(seconds=s)) for n, s in enumerate(times)]
    check = only_finding(verify(an_export(entries)), 4, CheckStatus.INCOMPLETE)
    assert [entry.index for entry in check.entries] == [2]
    assert "6.0 s older" in words(check)


def an_action(kind: EntryKind, number: int, **facts: Json) -> Entry:
    return an_entry(number, kind, {"action": "act_1", **facts})


ATTEMPT = an_action(EntryKind.ATTEMPT, 0)
PERMIT = an_action(EntryKind.DECISION, 1, outcome="permit", phase="execute", reuse=False)
DENY = an_action(EntryKind.DECISION, 2, outcome="deny", phase="execute", reuse=False)
RESULT = an_action(EntryKind.RESULT, 3)


@pytest.mark.parametrize("before", [[], [ATTEMPT], [ATTEMPT, DENY]])
@pytest.mark.parametrize(
    "release",
    [
        RESULT,
        an_action(EntryKind.REQUEST_SETTLED, 4, state="completed"),
        an_action(EntryKind.REQUEST_CHANGED, 4, state="released"),
    ],
)
def test_a_release_without_a_permit_before_it_breaks_the_rule(
    before: list[Entry], release: Entry
) -> None:
    report = verify(an_export([*before, release]))
    assert "no decision before it permits it" in words(report.checks[5])
    assert report.checks[5].entries[-1].index == len(before)
    assert report.exit_code is ExitCode.TAMPERED


@pytest.mark.parametrize("entries", [[ATTEMPT], [ATTEMPT, PERMIT]])
def test_an_action_without_outcome_is_named(entries: list[Entry]) -> None:
    report = verify(an_export(entries))
    check = only_finding(report, 6, CheckStatus.INCOMPLETE)
    assert "action `act_1` has no outcome" in words(check)
    assert check.entries[0].index == len(entries) - 1


@pytest.mark.parametrize(
    "entries",
    [
        [ATTEMPT, DENY],
        [ATTEMPT, PERMIT, RESULT],
        [ATTEMPT, DENY, PERMIT, RESULT],
        [ATTEMPT, PERMIT, an_action(EntryKind.REQUEST_SETTLED, 4, state="outcome-unknown")],
        [ATTEMPT, an_action(EntryKind.DECISION, 5, outcome="permit", phase="prepare")],
        [ATTEMPT, an_action(EntryKind.DECISION, 5, outcome="permit", reuse=True)],
        [an_entry(6, EntryKind.DECISION, {"action": "a", "outcome": "permit"}, in_session=False)],
        [an_entry(7, EntryKind.RESULT, {})],
    ],
)
def test_an_action_that_came_to_its_end_is_no_finding(entries: list[Entry]) -> None:
    assert verify(an_export(entries)).exit_code is ExitCode.GOOD


def test_a_released_request_without_result_is_still_open() -> None:
    released = an_action(EntryKind.REQUEST_SETTLED, 4, state="released")
    assert verify(an_export([ATTEMPT, PERMIT, released])).exit_code is ExitCode.INCOMPLETE


def test_a_permit_among_unreadable_entries_is_not_called_absent() -> None:
    files = an_export([*story(255), an_action(EntryKind.DECISION, 255, outcome="permit"), RESULT])
    del files["tile/entries/000"]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert "may be among the entries that cannot be read" in words(report.checks[5])


def test_many_findings_are_counted_and_the_first_are_shown() -> None:
    entries = [an_action(EntryKind.RESULT, number) for number in range(20)]
    assert verify(an_export(entries)).checks[5].details[-1] == "and 12 more like these"
