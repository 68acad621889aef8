"""One test a finding; that every flipped bit is one is a law (tests/laws)."""

from datetime import timedelta

import pytest

from assent.audit.checkpoint import format_checkpoint
from assent.audit.entry import decode
from assent.audit.export import export_files
from assent.audit.report import Check, CheckStatus, ExitCode, Report
from assent.audit.tiles import decode_bundle, encode_bundle
from assent.audit.tree import leaf_hash
from assent.audit.verify import verify_export
from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from unit.audit.audit_builders import (
    NOON,
    ORIGIN,
    a_signer,
    an_entry,
    an_export,
    checkpoint_of,
    stored,
    story,
)

KEY = a_signer().verifier_key


def verify(files: dict[str, bytes], *kept: str, keys: tuple[str, ...] = (KEY,)) -> Report:
    return verify_export(files.get, files, keys, kept)


def words(check: Check) -> str:
    return "; ".join(check.details)


def only_finding(report: Report, number: int, status: CheckStatus) -> Check:
    """Return check `number`, after it is sure that it alone found something."""
    found = [check for check in report.checks if check.status is not CheckStatus.OK]
    assert [(check.number, check.status) for check in found] == [(number, status)]
    return found[0]


def with_changed_entry(files: dict[str, bytes], index: int, *, hash_too: bool) -> dict[str, bytes]:
    """Return the export with `ana` made `eve` in one entry of the first bundle of 12."""
    path, tile = "tile/entries/000.p/12", "tile/0/000.p/12"
    leaves = decode_bundle(files[path], 12)
    leaves[index] = leaves[index].replace(b"sub_ana", b"sub_eve")
    changed = files | {path: encode_bundle(leaves)}
    if hash_too:
        changed[tile] = b"".join(leaf_hash(leaf) for leaf in leaves)
    return changed


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_a_good_export_is_good(size: int) -> None:
    report = verify(an_export(story(size), [size // 2, size // 3]))
    assert report.exit_code is ExitCode.GOOD
    assert {check.status for check in report.checks} == {CheckStatus.OK}
    assert (report.size, report.entries) == (size, size)
    assert [check.number for check in report.checks] == [1, 2, 3, 4, 5, 6]


def test_every_check_says_what_it_found_and_where_its_rule_is_written() -> None:
    for check in verify(an_export(story(12))).checks:
        assert check.details
        assert check.source


def test_a_changed_entry_is_named() -> None:
    report = verify(with_changed_entry(an_export(story(12)), 7, hash_too=False))
    check = only_finding(report, 2, CheckStatus.FAILED)
    assert report.exit_code is ExitCode.TAMPERED
    assert [str(entry) for entry in check.entries] == ["entry 7 (`ent_00000000000000000000000007`)"]
    assert "was changed: its bytes do not have the hash" in words(check)


def test_an_entry_that_was_changed_with_its_hash_is_found_by_the_root() -> None:
    report = verify(with_changed_entry(an_export(story(12), [6]), 7, hash_too=True))
    assert "do not have the root" in words(report.checks[1])
    assert "does not continue `checkpoints/12`" in words(report.checks[2])
    assert "checkpoints/6" not in words(report.checks[2])


def test_a_changed_hash_is_told_from_a_changed_entry() -> None:
    files = an_export(story(12))
    tile = bytearray(files["tile/0/000.p/12"])
    tile[32 * 5] ^= 1
    report = verify(files | {"tile/0/000.p/12": bytes(tile)})
    check = only_finding(report, 2, CheckStatus.FAILED)
    assert "the hash stored for entry 5" in words(check)


def test_a_changed_length_names_the_entry_it_belongs_to() -> None:
    files = an_export(story(12))
    path = "tile/entries/000.p/12"
    leaves = decode_bundle(files[path], 12)
    at = len(encode_bundle(leaves[:4])) + 1
    data = bytearray(files[path])
    data[at] ^= 1
    report = verify(files | {path: bytes(data)})
    assert [entry.index for entry in report.checks[1].entries] == [4]
    assert report.exit_code is ExitCode.TAMPERED


def test_bytes_after_the_last_entry_are_found() -> None:
    files = an_export(story(12))
    report = verify(files | {"tile/entries/000.p/12": files["tile/entries/000.p/12"] + b"x"})
    assert [entry.index for entry in report.checks[1].entries] == [11]


def test_a_missing_bundle_is_incomplete_and_not_tampered() -> None:
    files = an_export(story(600))
    del files["tile/entries/001"]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert "`tile/entries/001` is missing" in words(report.checks[1])
    assert report.entries == 600 - 256


def test_a_missing_tile_is_incomplete() -> None:
    files = an_export(story(600))
    for path in ("tile/0/001", "tile/1/000.p/2"):
        check = only_finding(
            verify({k: v for k, v in files.items() if k != path}), 2, CheckStatus.INCOMPLETE
        )
        assert f"`{path}` is missing" in words(check)


def test_without_entries_and_hashes_no_root_is_claimed() -> None:
    files = an_export(story(600))
    del files["tile/entries/001"], files["tile/0/001"]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert report.checks[2].status is CheckStatus.LEFT_OUT


def test_a_tile_of_the_wrong_length_is_found() -> None:
    files = an_export(story(12))
    report = verify(files | {"tile/0/000.p/12": files["tile/0/000.p/12"][:-1]})
    assert "`tile/0/000.p/12`: a tile of width 12 has 384 bytes" in words(report.checks[1])


def test_a_changed_upper_tile_is_found() -> None:
    files = an_export(story(600))
    report = verify(files | {"tile/1/000.p/2": bytes(64)})
    check = only_finding(report, 2, CheckStatus.FAILED)
    assert "does not fit the tiles under it" in words(check)


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


# signatures


def test_without_a_trusted_key_nothing_is_proved() -> None:
    report = verify(an_export(story(12)), keys=())
    check = only_finding(report, 1, CheckStatus.UNTRUSTED)
    assert report.exit_code is ExitCode.UNTRUSTED_KEY
    assert "no key was given" in words(check)


def test_another_key_than_the_trusted_one_is_untrusted() -> None:
    report = verify(an_export(story(12), signer=a_signer(seed=8)))
    assert report.exit_code is ExitCode.UNTRUSTED_KEY
    assert "which is not trusted" in words(report.checks[0])


def test_a_checkpoint_of_another_log_under_a_trusted_key_is_refused() -> None:
    files = an_export(story(3))
    body = format_checkpoint("other.example/audit", 3, bytes(32))
    report = verify(files | {"checkpoint": a_signer().sign(body).encode()})
    assert "is of `other.example/audit`, which did not sign it" in words(report.checks[0])
    assert "of another log" in words(report.checks[2])


@pytest.mark.parametrize("name", ["checkpoint", "key", "checkpoints/12", "payload/000.jsonl"])
def test_a_missing_file_is_incomplete(name: str) -> None:
    files = an_export(story(12))
    del files[name]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert any(f"`{name}` is missing" in words(check) for check in report.checks)


@pytest.mark.parametrize("name", ["checkpoint", "key", "checkpoints/12"])
@pytest.mark.parametrize("data", [b"", b"\xff", b"x\n"])
def test_a_file_that_cannot_be_read_is_a_finding(name: str, data: bytes) -> None:
    report = verify(an_export(story(12)) | {name: data})
    assert report.exit_code is ExitCode.TAMPERED
    assert f"`{name}`" in words(report.checks[0])


def test_a_key_of_two_lines_is_refused() -> None:
    report = verify(an_export(story(3)) | {"key": KEY.encode()})
    assert "not one line" in words(report.checks[0])


def test_a_checkpoint_under_another_size_is_refused() -> None:
    files = an_export(story(12), [6])
    report = verify(files | {"checkpoints/6": files["checkpoints/12"]})
    assert "`checkpoints/6` holds the checkpoint of size 12" in words(report.checks[0])


def test_a_malformed_trusted_key_is_the_readers_mistake() -> None:
    with pytest.raises(ValueError, match="verifier key"):
        verify(an_export([]), keys=("nonsense",))


# consistency


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


# form and time


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


# payloads


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


# story


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


def test_the_story_of_the_tests_is_made_of_leaves_that_decode() -> None:
    assert [decode(item.leaf)["kind"] for item in stored(story(3))] == [
        "attempt",
        "decision",
        "result",
    ]
