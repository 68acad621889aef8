"""Receipts are read as C2SP tlog-proof says, and verified alone."""

from base64 import b64encode

import pytest

from assent_verify.receipts import check_receipt, parse_receipt
from assent_verify.report import ExitCode, Status
from assent_verify.single import verify_receipt
from unit.assent_verify.exports import (
    ASKED,
    KEY,
    WITNESS,
    SigningKey,
    a_leaf,
    a_log,
    a_note,
    check,
    leaf_hashes,
    root_over,
    trusting,
    words,
)


def path_of(index: int, hashes: list[bytes]) -> list[bytes]:
    """Return the audit path as RFC 6962 section 2.1.1 defines it, by recursion."""
    if len(hashes) == 1:
        return []
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    if index < split:
        return [*path_of(index, hashes[:split]), root_over(hashes[split:])]
    return [*path_of(index - split, hashes[split:]), root_over(hashes[:split])]


def a_receipt(index: int = 5, count: int = 11, extra: str = "", note: str | None = None) -> str:
    leaves = a_log(count)
    lines = [b64encode(item).decode() for item in path_of(index, leaf_hashes(leaves))]
    head = ["c2sp.org/tlog-proof@v1", *([f"extra {extra}"] if extra else []), f"index {index}"]
    return "\n".join([*head, *lines, "", note or a_note(leaves, keys=[KEY, WITNESS])])


@pytest.mark.parametrize("extra", ["", "aGVsbG8="])
@pytest.mark.parametrize(("index", "count"), [(0, 1), (0, 2), (5, 11), (10, 11)])
def test_a_good_receipt_is_good(index: int, count: int, extra: str) -> None:
    receipt = parse_receipt(a_receipt(index, count, extra))
    report = verify_receipt(receipt, a_leaf(index), ASKED.policy)
    assert report.exit_code is ExitCode.GOOD
    assert f"entry {index}" in words(check(report, 2))
    assert "`login` at 2026-11-22" in words(check(report, 4))
    assert [one.number for one in report.checks] == [1, 2, 4, 7]


def test_the_entry_of_another_receipt_does_not_fit() -> None:
    report = verify_receipt(parse_receipt(a_receipt()), a_leaf(6), ASKED.policy)
    assert (check(report, 2).status, report.exit_code) == (Status.FAILED, ExitCode.TAMPERED)


def test_a_receipt_that_nobody_trusted_signed_is_not_believed() -> None:
    receipt = parse_receipt(a_receipt())
    for policy in (None, trusting(SigningKey(seed=9))):
        assert verify_receipt(receipt, a_leaf(5), policy).exit_code is ExitCode.UNTRUSTED_KEY


def test_a_receipt_needs_the_witnesses_of_the_policy() -> None:
    policy = trusting(KEY, WITNESS, quorum="w0")
    assert verify_receipt(parse_receipt(a_receipt()), a_leaf(5), policy).witnessed == 11
    alone = parse_receipt(a_receipt(note=a_note(a_log(11))))
    assert verify_receipt(alone, a_leaf(5), policy).exit_code is ExitCode.INCOMPLETE


def test_a_receipt_without_a_checkpoint_proves_nothing() -> None:
    report = verify_receipt(parse_receipt(a_receipt(note="x\n")), a_leaf(5), ASKED.policy)
    assert report.exit_code is ExitCode.TAMPERED
    assert check(report, 2).status is Status.LEFT_OUT


def test_an_entry_that_is_no_leaf_is_told() -> None:
    report = verify_receipt(parse_receipt(a_receipt()), b"{}", ASKED.policy)
    assert check(report, 4).status is Status.FAILED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("@v1", "@v2"), "begins with"),
        (("index 5", "index 05"), "names the index"),
        (("index 5\n", ""), "names the index"),
        (("index 5", "extra x\nindex 5"), "not base64"),
        (("index 5\n", "index 5\nAAAA\n"), "32 bytes"),
        (("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 65), "at most 64"),
        (("\n\n", "\n"), "a checkpoint after an empty line|names|not base64"),
    ],
)
def test_a_malformed_receipt_is_refused(change: tuple[str, str], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_receipt(a_receipt().replace(*change))


def test_a_proof_of_another_index_does_not_fit() -> None:
    leaves = a_log(11)
    receipt = parse_receipt(a_receipt().replace("index 5", "index 4"))
    with pytest.raises(ValueError, match="does not lead from leaf 4"):
        check_receipt(receipt, leaves[5], 11, root_over(leaf_hashes(leaves)))
