"""What the whole says; that every flipped bit is found is a law (tests/laws)."""

import pytest

from assent.audit.checkpoint import format_checkpoint
from assent.audit.export import export_files
from assent.audit.report import CheckStatus, ExitCode
from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from unit.audit.audit_builders import (
    ORIGIN,
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


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_a_good_export_is_good(size: int) -> None:
    report = verify(an_export(story(size), [size // 2, size // 3]))
    assert report.exit_code is ExitCode.GOOD
    assert {check.status for check in report.checks} == {CheckStatus.OK}
    assert (report.size, report.entries) == (size, size)
    assert [check.number for check in report.checks] == [1, 2, 3, 4, 5, 6, 7]


def test_every_check_says_what_it_found_and_where_its_rule_is_written() -> None:
    for check in verify(an_export(story(12))).checks:
        assert check.details
        assert check.source


def test_a_file_that_does_not_belong_there_is_told() -> None:
    check = only_finding(
        verify(an_export(story(3)) | {"notes.txt": b"hi"}), 2, CheckStatus.INCOMPLETE
    )
    assert "`notes.txt` is not part of the export" in words(check)


def test_a_forged_size_does_not_make_the_reader_count_to_it() -> None:
    note = a_signer().sign(format_checkpoint(ORIGIN, 2**62, bytes(32)))
    report = verify(an_export([]) | {"checkpoint": note.encode()})
    assert "cannot hold the" in words(report.checks[1])
    assert report.exit_code is not ExitCode.GOOD


def test_a_rollback_is_found_by_the_checkpoints_that_stayed() -> None:
    files, old = an_export(story(12), [6]), an_export(story(6))
    report = verify(files | {"checkpoint": old["checkpoint"]})
    assert "the log had 12 entries" in words(report.checks[2])
    assert report.exit_code is ExitCode.TAMPERED


def test_what_the_operator_rewrote_is_found_by_a_checkpoint_that_the_reader_kept() -> None:
    entries = story(12)
    kept = checkpoint_of(stored(entries), 9, a_signer()).note
    rewritten = an_export([*entries[:8], an_entry(8), *entries[9:]])
    assert verify(rewritten, kept).exit_code is ExitCode.TAMPERED
    assert verify(an_export(entries), kept).exit_code is ExitCode.GOOD
    cut = verify(an_export(entries[:6]), kept)
    assert "the log had 9 entries in kept checkpoint 1, now 6" in words(cut.checks[2])


def test_a_changed_payload_is_named() -> None:
    files = an_export(story(12))
    other = dict(an_export([*story(3), an_entry(3, EntryKind.ATTEMPT, payload={"text": "x"})]))
    lines = files["payload/000.jsonl"].split(b"\n")
    lines[1] = other["payload/000.jsonl"].split(b"\n")[1]
    report = verify(files | {"payload/000.jsonl": b"\n".join(lines)})
    check = only_finding(report, 5, CheckStatus.FAILED)
    assert [entry.index for entry in check.entries] == [3]


def test_a_payload_that_cannot_be_read_is_named() -> None:
    files = an_export(story(12))
    lines = files["payload/000.jsonl"].split(b"\n")
    lines[1] = b"x" + lines[1]
    report = verify(files | {"payload/000.jsonl": b"\n".join(lines)})
    check = only_finding(report, 5, CheckStatus.FAILED)
    assert [entry.index for entry in check.entries] == [3]


def test_a_payload_that_no_entry_names_is_found() -> None:
    files = an_export([an_entry(0)])
    report = verify(files | {"payload/000.jsonl": b'{"index":0,"payload":"YQ=="}\n'})
    assert only_finding(report, 5, CheckStatus.FAILED).entries[0].index == 0


def erased(*names: Json) -> Entry:
    return an_entry(9, facts={"entries": list(names)})


def without_payloads(entries: list[Entry], kind: bytes = b"payload.erased") -> dict[str, bytes]:
    """Return an export whose payloads are gone and whose logins are of `kind`."""
    log = stored(entries)
    log = [type(item)(item.index, item.leaf.replace(b"login", kind), None) for item in log]
    signer = a_signer()
    checkpoint = checkpoint_of(log, len(log), signer)
    return dict(export_files(log, [checkpoint], signer.verifier_key))


def test_a_missing_payload_is_incomplete() -> None:
    with_text = an_entry(0, payload={"text": "x"})
    check = only_finding(verify(without_payloads([with_text])), 5, CheckStatus.INCOMPLETE)
    assert "no entry says that it was erased" in words(check)


def test_a_payload_that_was_erased_on_record_is_not_missed() -> None:
    with_text = an_entry(0, EntryKind.STEP_UP, payload={"text": "x"})
    assert verify(without_payloads([with_text, erased(with_text.id)])).exit_code is ExitCode.GOOD
    before = verify(without_payloads([erased(with_text.id), with_text]))
    assert before.exit_code is ExitCode.INCOMPLETE
