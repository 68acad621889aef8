"""What the whole says of an export; that every flipped bit is found is a law (tests/laws)."""

from datetime import timedelta

import pytest

from assent_verify.notes import parse_key
from assent_verify.policy import Policy
from assent_verify.receipts import Receipt
from assent_verify.report import ExitCode, Status
from assent_verify.verification import verify
from unit.assent_verify.exports import (
    ASKED,
    KEY,
    NOON,
    ORIGIN,
    SECOND,
    WITNESS,
    InMemory,
    SigningKey,
    a_leaf,
    a_log,
    a_note,
    an_export,
    check,
    digest,
    leaf_hashes,
    only_finding,
    root_over,
    sealed,
    text_of,
    trusting,
    verified,
    words,
)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_a_good_export_is_good(size: int) -> None:
    report = verified(an_export(a_log(size), [size // 2, size // 3]))
    assert report.exit_code is ExitCode.GOOD, report
    assert (report.size, report.entries, report.origin) == (size, size, ORIGIN)
    assert [one.number for one in report.checks] == list(range(1, 14))


def test_every_check_says_what_it_found_and_where_its_rule_is_written() -> None:
    for one in verified(an_export(a_log(12))).checks:
        assert one.details
        assert one.source


def test_a_file_that_does_not_belong_there_is_told() -> None:
    found = only_finding(verified(an_export(a_log(3)) | {"notes.txt": b"hi"}), 2, Status.INCOMPLETE)
    assert "`notes.txt` is not part of the export" in words(found)


@pytest.mark.parametrize("lists", [True, False])
def test_a_forged_size_does_not_make_the_reader_count_to_it(lists: bool) -> None:
    text = f"{ORIGIN}\n{2**62}\n{'A' * 43}=\n"
    files = an_export([]) | {"checkpoint": f"{text}\n{KEY.line(text)}".encode()}
    report = verify(InMemory(files, lists), ASKED)
    assert check(report, 2).status is Status.INCOMPLETE
    assert report.exit_code is not ExitCode.GOOD


def test_without_a_key_nothing_is_believed_and_damage_shows_all_the_same() -> None:
    files = an_export(a_log(3))
    assert verified(files, policy=None).exit_code is ExitCode.UNTRUSTED_KEY
    note = files["checkpoint"].replace(b"\n3\n", b"\n2\n")
    assert verified(files | {"checkpoint": note}, policy=None).exit_code is ExitCode.TAMPERED


def test_a_log_that_somebody_else_signed_is_not_believed() -> None:
    other = SigningKey(ORIGIN, 9)
    report = verified(an_export(a_log(3), keys=[other]))
    assert only_finding(report, 1, Status.UNTRUSTED)
    assert report.exit_code is ExitCode.UNTRUSTED_KEY


def test_a_checkpoint_of_another_origin_is_not_one_of_this_log() -> None:
    leaves = a_log(3)
    note = a_note(leaves, origin="other.example/audit")
    report = verified(an_export(leaves) | {"checkpoint": note.encode()})
    assert "which did not sign it" in words(check(report, 1))
    assert report.exit_code is ExitCode.TAMPERED


def test_a_rollback_is_found_by_the_checkpoints_that_stayed() -> None:
    leaves = a_log(12)
    files = an_export(leaves, [6]) | {"checkpoint": a_note(leaves, 6).encode()}
    report = verified(files)
    assert "the log had 12 entries" in words(check(report, 3))
    assert report.exit_code is ExitCode.TAMPERED


def test_what_the_operator_rewrote_is_found_by_a_checkpoint_that_the_reader_kept() -> None:
    leaves = a_log(12)
    kept = [("kept", a_note(leaves, 9))]
    rewritten = [*leaves[:8], a_leaf(8, kind="logout"), *leaves[9:]]
    report = verified(an_export(rewritten), kept=kept)
    assert [place for place, _ in report.evidence] == ["kept", "`checkpoint`"]
    assert report.exit_code is ExitCode.TAMPERED
    assert verified(an_export(leaves), kept=kept).exit_code is ExitCode.GOOD
    cut = verified(an_export(leaves[:6]), kept=kept)
    assert "the log had 9 entries in kept, now 6" in words(check(cut, 3))


def test_a_fork_keeps_both_notes_as_evidence() -> None:
    leaves = a_log(5)
    other = a_note([*leaves[:4], a_leaf(4, kind="logout")])
    report = verified(an_export(leaves), kept=[("kept", other)])
    assert "a fork" in words(only_finding(report, 3, Status.FAILED))
    assert [note for _, note in report.evidence] == [a_note(leaves), other]


def test_a_note_that_nobody_signed_accuses_nobody() -> None:
    leaves = a_log(5)
    text = text_of([*leaves[:4], a_leaf(4, kind="logout")], 5)
    report = verified(an_export(leaves), kept=[("kept", f"{text}\n{WITNESS.line(text)}")])
    assert report.evidence == ()
    assert report.exit_code is ExitCode.TAMPERED


def test_kept_evidence_of_a_fork_is_read_from_the_export() -> None:
    leaves = a_log(5)
    other = a_note([*leaves[:4], a_leaf(4, kind="logout")])
    notes = (a_note(leaves, 4) + other).encode()
    report = verified(an_export(leaves) | {"evidence/w1-5": notes})
    assert "a fork" in words(only_finding(report, 3, Status.FAILED))


def test_what_a_witness_said_proves_nothing_unless_the_log_signed_it() -> None:
    leaves = a_log(5)
    text = text_of([*leaves[:4], a_leaf(4, kind="logout")], 5)
    said = f"{a_note(leaves)}\n\n\nI have size 9\n"
    notes = {
        "evidence/one": said.encode(),
        "evidence/two": f"{text}\n{WITNESS.line(text)}".encode(),
    }
    assert verified(an_export(leaves) | notes).exit_code is ExitCode.GOOD


def test_a_receipt_that_was_kept_must_fit_the_log() -> None:
    leaves = a_log(2)
    receipt = Receipt(1, (leaf_hashes(leaves)[0],), a_note(leaves))
    good = verified(an_export(a_log(9)), receipts=[("receipt", receipt, leaves[1])])
    assert good.exit_code is ExitCode.GOOD
    wrong = verified(an_export(a_log(9)), receipts=[("receipt", receipt, leaves[0])])
    assert "does not lead from leaf 1" in words(only_finding(wrong, 3, Status.FAILED))
    rewritten = an_export([leaves[0], a_leaf(1, kind="logout"), *a_log(9)[2:]])
    assert verified(rewritten, receipts=[("receipt", receipt, leaves[1])]).exit_code == 1


# Entries and tree


def test_a_changed_entry_is_named() -> None:
    files = an_export(a_log(12))
    data = files["tile/entries/000.p/12"].replace(b"00000007", b"11111111")
    report = verified(files | {"tile/entries/000.p/12": data})
    found = check(report, 2)
    assert [entry.index for entry in found.entries] == [7]
    assert "was changed: its bytes" in words(found)


def test_a_changed_hash_is_told_from_a_changed_entry() -> None:
    files = an_export(a_log(12))
    data = bytearray(files["tile/0/000.p/12"])
    data[32 * 4] ^= 1
    found = only_finding(verified(files | {"tile/0/000.p/12": bytes(data)}), 2, Status.FAILED)
    assert "the entry itself is as signed" in words(found)


@pytest.mark.parametrize("change", ["delete", "insert", "swap", "edit", "truncate"])
def test_what_was_rewritten_with_all_hashes_has_another_root(change: str) -> None:
    leaves = a_log(300)
    note = a_note(leaves)
    if change == "delete":
        leaves = [*leaves[:100], *leaves[101:], a_leaf(300)]
    elif change == "insert":
        leaves = [*leaves[:100], a_leaf(999), *leaves[100:-1]]
    elif change == "swap":
        leaves[100], leaves[101] = leaves[101], leaves[100]
    elif change == "edit":
        leaves[299] = a_leaf(299, subject="sub_ben")
    else:
        leaves = leaves[:299]
    files = an_export(leaves) | {"checkpoint": note.encode(), "checkpoints/300": note.encode()}
    report = verified(files)
    assert report.exit_code in (ExitCode.TAMPERED, ExitCode.INCOMPLETE)
    assert check(report, 2).status is not Status.OK
    if change != "truncate":
        assert report.exit_code is ExitCode.TAMPERED


@pytest.mark.parametrize(
    "name",
    ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "payload/001.jsonl"],
)
def test_a_missing_file_leaves_the_export_incomplete(name: str) -> None:
    files = an_export(a_log(300))
    del files[name]
    number = 6 if name.startswith("payload") else 2
    found = check(verified(files), number)
    assert (found.status, f"`{name}` is missing" in words(found)) == (Status.INCOMPLETE, True)


def test_a_missing_tile_and_bundle_are_bridged_by_the_tile_above() -> None:
    files = an_export(a_log(600))
    del files["tile/0/000"], files["tile/entries/000"]
    report = verified(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert report.entries == 344
    changed = files | {"tile/1/000.p/2": bytes(64)}
    assert verified(changed).exit_code is ExitCode.TAMPERED


def test_a_tile_that_was_cut_is_told() -> None:
    files = an_export(a_log(300))
    files["tile/0/000"] = files["tile/0/000"][:-1]
    assert "has 8192 bytes, not 8191" in words(only_finding(verified(files), 2, Status.FAILED))


# Form and time


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        (b'{"at": 1}', "not canonical"),
        (a_leaf(1, version=2), "version `2` is not known"),
        (a_leaf(1, version=True), "version `True` is not known"),
        (a_leaf(1, more=1), "unknown keys: `more`"),
        (a_leaf(1, id=""), "`id` must be"),
        (a_leaf(1, kind="Login"), "`kind` is malformed"),
        (a_leaf(1, payload="sha256:xx"), "`payload` must be"),
        (a_leaf(1, subject=7), "`subject` must be"),
        (a_leaf(1, facts=[]), "`facts` must be"),
        (a_leaf(1, facts={"a": 1.5}), "not a whole number"),
        (a_leaf(1, facts={"a": 2**53}), "out of range"),
        (a_leaf(1, facts={"ä": 1}), "printable ASCII"),
        (a_leaf(1).replace(b"12:00", b"25:00"), "hour"),
        (a_leaf(1).replace(b".001000Z", b".001Z"), "six decimals"),
        (a_leaf(1).replace(b'"facts":{}', b'"facts":{"a":1,"a":1}'), "canonical"),
        (a_leaf(1).replace(b"{}", b"{ }"), "canonical"),
    ],
)
def test_a_leaf_of_another_form_is_refused(leaf: bytes, expected: str) -> None:
    found = only_finding(verified(an_export([a_leaf(0), leaf])), 4, Status.FAILED)
    assert expected in words(found)
    assert [entry.index for entry in found.entries] == [1]


def test_an_id_that_is_there_twice_is_named() -> None:
    leaves = a_log(300)
    leaves[290] = a_leaf(290, id="ent_" + "0" * 26)
    found = only_finding(verified(an_export(leaves)), 4, Status.FAILED)
    assert "has the id of entry 0" in words(found)
    assert [entry.index for entry in found.entries] == [290]


def test_a_clock_that_was_set_back_is_told_within_its_tolerance() -> None:
    late = [a_leaf(0), a_leaf(1, at=NOON - timedelta(seconds=5)), a_leaf(2)]
    assert verified(an_export(late)).exit_code is ExitCode.GOOD
    set_back = [a_leaf(0), a_leaf(1, at=NOON - timedelta(seconds=6)), a_leaf(2)]
    found = only_finding(verified(an_export(set_back)), 5, Status.INCOMPLETE)
    assert "is 6.0 s older" in words(found)


# Payloads

NAME, SECRET = "dek_one", bytes(range(32))


def with_payloads(
    keys: dict[str, bytes] | None = None, more: list[bytes] | None = None
) -> dict[str, bytes]:
    """Return an export whose entry 1 has a sealed payload."""
    stored = sealed({"text": "select 1"}, f"ent_{1:026d}", NAME, SECRET)
    leaves = [a_leaf(0), a_leaf(1, payload=digest(stored)), *(more or [])]
    files = an_export(leaves, payloads={1: stored})
    if keys is not None:
        files["keys.jsonl"] = b"".join(
            b'{"key":"%s","secret":"%s"}\n' % (name.encode(), secret)
            for name, secret in keys.items()
        )
    return files


REDACTED = {"about": "sub_ana", "keys": [NAME], "entries": []}
GOOD_KEY = {NAME: b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}


def test_a_sealed_payload_is_opened_with_its_key() -> None:
    report = verified(with_payloads(GOOD_KEY))
    assert report.exit_code is ExitCode.GOOD
    assert "1 were opened" in words(check(report, 6))


def test_without_keys_only_digests_are_checked() -> None:
    assert verified(with_payloads()).exit_code is ExitCode.GOOD


def test_a_payload_under_a_key_that_is_neither_there_nor_destroyed_is_incomplete() -> None:
    found = only_finding(verified(with_payloads({})), 6, Status.INCOMPLETE)
    assert "key `dek_one` is not among the keys" in words(found)
    redacted = a_leaf(2, "payload.redacted", facts=REDACTED)
    assert verified(with_payloads({}, [redacted])).exit_code is ExitCode.GOOD


def test_a_wrong_key_does_not_open_it() -> None:
    found = only_finding(verified(with_payloads({NAME: b"A" * 43 + b"="})), 6, Status.FAILED)
    assert "does not open it" in words(found)


def test_keys_that_cannot_be_read_are_told() -> None:
    report = verified(with_payloads() | {"keys.jsonl": b'{"key":"dek_one"}\n'})
    assert "line 1 is not an object" in words(only_finding(report, 6, Status.FAILED))


def test_another_payload_behind_a_right_leaf_is_named() -> None:
    files = with_payloads()
    stored = sealed({"text": "select 2"}, f"ent_{1:026d}", NAME, SECRET)
    other = an_export(a_log(2), payloads={1: stored})["payload/000.jsonl"]
    found = only_finding(verified(files | {"payload/000.jsonl": other}), 6, Status.FAILED)
    assert "is not the one that the entry names" in words(found)
    assert [entry.index for entry in found.entries] == [1]


def test_a_payload_of_an_entry_that_has_none_is_named() -> None:
    stored = sealed({}, f"ent_{0:026d}", NAME, SECRET)
    assert only_finding(verified(an_export(a_log(2), payloads={0: stored})), 6, Status.FAILED)


@pytest.mark.parametrize(
    "facts",
    [
        REDACTED,
        {"about": None, "keys": [], "entries": [f"ent_{1:026d}"]},
    ],
)
def test_a_missing_payload_needs_a_later_entry_that_redacts_it(facts: dict[str, object]) -> None:
    redacted = a_leaf(2, "payload.redacted", facts=facts)
    missing = {"payload/000.jsonl": b""}
    assert verified(with_payloads(more=[redacted]) | missing).exit_code is ExitCode.GOOD
    found = only_finding(verified(with_payloads() | missing), 6, Status.INCOMPLETE)
    assert "no entry says that it was erased" in words(found)


def test_a_redaction_that_came_before_excuses_nothing() -> None:
    early = a_leaf(0, "payload.redacted", facts=REDACTED)
    files = an_export([early, a_leaf(1, payload=digest(b"x"))])
    assert only_finding(verified(files), 6, Status.INCOMPLETE)


def test_a_redaction_of_somebody_else_excuses_nothing() -> None:
    other = a_leaf(2, "payload.redacted", facts=REDACTED | {"about": "sub_ben"})
    files = with_payloads(more=[other]) | {"payload/000.jsonl": b""}
    assert only_finding(verified(files), 6, Status.INCOMPLETE)


@pytest.mark.parametrize(
    "line",
    [
        b"x\n",
        b'{"index":1,"payload":"AB"}\n',
        b'{"index":9,"payload":""}\n',
        b'{"index":1,"payload":""}',
    ],
)
def test_a_payload_file_that_cannot_be_read_is_told(line: bytes) -> None:
    report = verified(with_payloads() | {"payload/000.jsonl": line})
    assert check(report, 6).status is Status.FAILED


# Pruning


def pruned(minimum: int, said: int | None) -> dict[str, bytes]:
    leaves = a_log(600)
    if said is not None:
        leaves.append(a_leaf(600, "log.pruned", facts={"minimum": said}))
    files = an_export(leaves)
    del files["tile/entries/000"], files["payload/000.jsonl"]
    return files | {"minimum": f"{minimum}\n".encode()}


def test_what_the_log_says_was_pruned_may_be_missing() -> None:
    report = verified(pruned(256, 256))
    assert report.exit_code is ExitCode.GOOD
    assert "256 were pruned" in words(check(report, 2))


def test_pruning_that_the_log_does_not_tell_of_is_incomplete() -> None:
    found = only_finding(verified(pruned(256, None)), 2, Status.INCOMPLETE)
    assert "not at all" in words(found)
    assert "only up to 100" in words(check(verified(pruned(256, 100)), 2))


def test_what_was_pruned_is_not_what_lies_above_the_minimum() -> None:
    assert check(verified(pruned(255, 255)), 2).status is Status.INCOMPLETE


def test_a_minimum_that_is_no_number_is_told() -> None:
    report = verified(an_export(a_log(2)) | {"minimum": b"01\n"})
    assert "is not a number" in words(only_finding(report, 2, Status.FAILED))


# Witnesses and freshness


def test_a_checkpoint_with_enough_cosignatures_is_good() -> None:
    files = an_export(a_log(3), keys=[KEY, WITNESS])
    report = verified(files, policy=trusting(KEY, WITNESS, SECOND, quorum="w0"))
    assert (report.exit_code, report.witnessed) == (ExitCode.GOOD, 3)


def test_a_dropped_cosignature_is_missed() -> None:
    files = an_export(a_log(3), keys=[KEY, WITNESS])
    report = verified(files, policy=trusting(KEY, WITNESS, SECOND, quorum="w1"))
    assert "lacks cosignatures" in words(only_finding(report, 7, Status.INCOMPLETE))
    newest = files | {name: a_note(a_log(3)).encode() for name in ("checkpoint", "checkpoints/3")}
    older = newest | {"checkpoints/2": a_note(a_log(2), keys=[KEY, WITNESS]).encode()}
    report = verified(older, policy=trusting(KEY, WITNESS, quorum="w0"))
    assert "only up to size 2" in words(only_finding(report, 7, Status.INCOMPLETE))


def test_a_cosignature_that_does_not_fit_is_a_failure() -> None:
    leaves = a_log(3)
    note = a_note(leaves) + WITNESS.line(text_of(leaves, 2))
    files = an_export(leaves) | {"checkpoint": note.encode(), "checkpoints/3": note.encode()}
    report = verified(files, policy=trusting(KEY, WITNESS, quorum="w0"))
    assert "the signature by `witness.example/w1` does not fit" in words(check(report, 7))
    assert report.exit_code is ExitCode.TAMPERED


def test_a_witness_that_the_policy_does_not_name_counts_for_nobody() -> None:
    files = an_export(a_log(3), keys=[KEY, SECOND])
    assert only_finding(
        verified(files, policy=trusting(KEY, WITNESS, quorum="w0")), 7, Status.INCOMPLETE
    )


@pytest.mark.parametrize(
    ("age", "code"), [(0, ExitCode.GOOD), (60, ExitCode.GOOD), (61, ExitCode.STALE)]
)
def test_a_log_that_nobody_saw_for_too_long_is_stale(age: int, code: ExitCode) -> None:
    files = an_export(a_log(3), keys=[KEY, WITNESS])
    policy = trusting(KEY, WITNESS, quorum="w0")
    at = NOON + timedelta(minutes=age)
    assert verified(files, policy=policy, at=at, fresh_within=timedelta(hours=1)).exit_code is code
    assert verified(files, policy=policy, at=at).exit_code is ExitCode.GOOD


def test_a_log_without_witnesses_cannot_be_fresh() -> None:
    report = verified(an_export(a_log(3)), fresh_within=timedelta(hours=1))
    assert only_finding(report, 8, Status.STALE)


def test_a_time_in_the_future_does_not_make_a_log_fresh() -> None:
    leaves = a_log(3)
    note = a_note(leaves, keys=[KEY, WITNESS], at=NOON + timedelta(days=1)).encode()
    files = an_export(leaves) | {"checkpoint": note, "checkpoints/3": note}
    policy = trusting(KEY, WITNESS, quorum="w0")
    assert verified(files, policy=policy, fresh_within=timedelta(hours=1)).exit_code == 3


# Keys that change


def rotated(*, both: bool = True, newest: SigningKey | None = None) -> dict[str, bytes]:
    """Return a log of eight entries whose fifth rotates the key."""
    new = SigningKey(ORIGIN, 8)
    leaves = a_log(4)
    leaves.append(a_leaf(4, "key.rotated", facts={"from": KEY.text, "to": new.text}))
    leaves += a_log(8)[5:]
    files = an_export(leaves)
    signed = {3: [KEY], 6: [KEY, new] if both else [new], 8: [newest or new]}
    for size, keys in signed.items():
        files[f"checkpoints/{size}"] = a_note(leaves, size, keys).encode()
    files["key"] = f"{KEY.text}\n{new.text}\n".encode()
    return files | {"checkpoint": files["checkpoints/8"]}


def test_who_trusts_the_old_key_trusts_the_one_that_it_handed_over_to() -> None:
    assert verified(rotated()).exit_code is ExitCode.GOOD


def test_who_trusts_the_new_key_trusts_the_old_one_for_what_was_before() -> None:
    policy = trusting(SigningKey(ORIGIN, 8))
    assert verified(rotated(), policy=policy).exit_code is ExitCode.GOOD


def test_a_new_key_that_the_old_one_never_vouched_for_is_not_believed() -> None:
    report = verified(rotated(both=False))
    assert report.exit_code is ExitCode.UNTRUSTED_KEY


def test_a_key_that_was_replaced_signs_nothing_any_more() -> None:
    report = verified(rotated(newest=KEY))
    assert "had replaced" in words(only_finding(report, 1, Status.FAILED))


def test_a_rotation_that_names_no_key_is_told() -> None:
    leaf = a_leaf(1, "key.rotated", facts={"from": KEY.text, "to": "x"})
    report = verified(an_export([a_leaf(0), leaf]))
    assert "rotates the log's key" in words(only_finding(report, 1, Status.FAILED))


def test_an_anchored_note_must_be_the_one_of_its_size() -> None:
    leaves = a_log(6)
    files = an_export(leaves, [4])
    good = files | {"anchor/4/off-site": files["checkpoints/4"]}
    assert check(verified(good), 13).status is Status.OK
    forked = [*leaves[:3], a_leaf(3, kind="logout")]
    report = verified(files | {"anchor/4/off-site": a_note(forked).encode()})
    assert "is another checkpoint than" in words(only_finding(report, 13, Status.FAILED))
    unknown = verified(files | {"anchor/5/off-site": a_note(leaves, 5).encode()})
    assert only_finding(unknown, 13, Status.INCOMPLETE)
    assert check(verified(files | {"anchor/4/off-site": b"x"}), 13).status is Status.FAILED


def test_the_root_of_the_builders_is_that_of_the_verifier() -> None:
    report = verified(an_export(a_log(300)))
    assert report.root == root_over(leaf_hashes(a_log(300)))


def test_a_policy_without_a_log_believes_nobody() -> None:
    files = an_export(a_log(2))
    assert verified(files, policy=Policy()).exit_code is ExitCode.UNTRUSTED_KEY
    assert parse_key(KEY.text).text() == KEY.text
