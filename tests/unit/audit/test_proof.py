import pytest

from assent.audit.note import MAX_NOTE_BYTES
from assent.audit.proof import (
    MAX_BYTES,
    MAX_HASHES,
    Receipt,
    Submission,
    format_receipt,
    format_submission,
    parse_receipt,
    parse_submission,
)
from unit.audit.audit_builders import a_signer

NOTE = a_signer().sign("log.example\n3\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n")
HASHES = (b"a" * 32, b"b" * 32)


@pytest.mark.parametrize("extra", [None, b"", b"why\n"])
@pytest.mark.parametrize("proof", [(), HASHES])
def test_a_receipt_reads_as_it_was_written(proof: tuple[bytes, ...], extra: bytes | None) -> None:
    receipt = Receipt(2, proof, NOTE, extra)
    assert parse_receipt(format_receipt(receipt)) == receipt


def test_a_receipt_has_the_lines_of_the_c2sp_text() -> None:
    lines = format_receipt(Receipt(73894, HASHES, NOTE)).split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 73894"]
    assert lines[4:6] == ["", "log.example"]


@pytest.mark.parametrize("old", [0, 20852014])
def test_a_submission_reads_as_it_was_written(old: int) -> None:
    submission = Submission(old, HASHES if old else (), NOTE)
    assert parse_submission(format_submission(submission)) == submission


def test_a_submission_has_the_lines_of_the_c2sp_text() -> None:
    assert format_submission(Submission(0, (), NOTE)) == f"old 0\n\n{NOTE}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"old 0\n{NOTE}",
        f"old 01\n\n{NOTE}",
        f"old -1\n\n{NOTE}",
        f"old 9223372036854775808\n\n{NOTE}",
        f"old  1\n\n{NOTE}",
        f"new 1\n\n{NOTE}",
        f"1\n\n{NOTE}",
        f"old 1\nAAAA\n\n{NOTE}",
        f"old 1\nnot base64!\n\n{NOTE}",
        "old 1\n\n",
    ],
)
def test_a_malformed_submission_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_submission(text)


@pytest.mark.parametrize(
    "text",
    [
        f"c2sp.org/tlog-proof@v2\nindex 1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra AAAA\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 01\n\n{NOTE}",
    ],
)
def test_a_malformed_receipt_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_receipt(text)


def test_a_proof_that_no_tree_has_is_refused() -> None:
    text = format_submission(Submission(1, (b"a" * 32,) * (MAX_HASHES + 1), NOTE))
    with pytest.raises(ValueError, match="at most 63"):
        parse_submission(text)


def test_an_endless_text_is_refused() -> None:
    assert MAX_BYTES > MAX_NOTE_BYTES
    with pytest.raises(ValueError, match="at most"):
        parse_submission("x" * (MAX_BYTES + 1))
