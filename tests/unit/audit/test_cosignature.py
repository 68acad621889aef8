from datetime import UTC, datetime, timedelta

import pytest

from assent.audit.checkpoint import format_checkpoint
from assent.audit.cosignature import (
    ED25519,
    ML_DSA_44,
    CosignatureVerifier,
    Cosigner,
    cosigned_message,
    open_cosignature,
    parse_cosigner,
    split_signature,
    subtree_message,
)
from assent.audit.note import open_note, parse_signature_line, signature_line
from assent.core.secret import Secret
from unit.audit.audit_builders import a_signer

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEXT = format_checkpoint("example.com/behind-the-sofa", 20852163, b"r" * 32)
KINDS = pytest.mark.parametrize("kind", [ED25519, ML_DSA_44])


def a_cosigner(kind: int = ED25519, name: str = "witness.example/w1", seed: int = 7) -> Cosigner:
    return Cosigner(name, kind, Secret(bytes([seed]) * 32))


@KINDS
def test_a_cosignature_holds_for_the_checkpoint_it_is_on(kind: int) -> None:
    cosigner = a_cosigner(kind)
    line = cosigner.line(TEXT, AT + timedelta(microseconds=7))
    opened = open_cosignature(f"{line}\n", parse_cosigner(cosigner.verifier.text()), TEXT)
    assert opened is not None
    assert (opened.line, opened.at) == (line, AT)


@KINDS
def test_a_cosignature_stands_in_a_note_beside_the_logs_signature(kind: int) -> None:
    cosigner, signer = a_cosigner(kind), a_signer()
    note = f"{signer.sign(TEXT)}{cosigner.line(TEXT, AT)}\n"
    assert open_note(note, [signer.verifier]).unknown == 1
    both = open_note(note, [signer.verifier, cosigner.verifier])
    assert both.signed_by == (signer.verifier, cosigner.verifier)


@KINDS
def test_a_cosignature_of_another_checkpoint_is_wrong(kind: int) -> None:
    cosigner = a_cosigner(kind)
    line = cosigner.line(TEXT, AT)
    for other in (
        TEXT.replace("20852163", "20852164"),
        TEXT.replace("sofa", "wall"),
        format_checkpoint("example.com/behind-the-sofa", 20852163, b"q" * 32),
    ):
        with pytest.raises(ValueError, match="does not fit"):
            open_cosignature(f"{line}\n", cosigner.verifier, other)


@KINDS
def test_another_time_than_the_one_signed_is_wrong(kind: int) -> None:
    cosigner = a_cosigner(kind)
    name, named_id, signature = parse_signature_line(cosigner.line(TEXT, AT))
    later = (int(AT.timestamp()) + 1).to_bytes(8, "big") + signature[8:]
    with pytest.raises(ValueError, match="does not fit"):
        open_cosignature(f"{signature_line(name, named_id, later)}\n", cosigner.verifier, TEXT)


def test_lines_of_other_keys_are_passed_over() -> None:
    mine, other = a_cosigner(), a_cosigner(seed=8)
    lines = f"{other.line(TEXT, AT)}\n{mine.line(TEXT, AT)}\n"
    opened = open_cosignature(lines, mine.verifier, TEXT)
    assert opened is not None
    assert opened.line == mine.line(TEXT, AT)
    assert open_cosignature(f"{other.line(TEXT, AT)}\n", mine.verifier, TEXT) is None


@pytest.mark.parametrize("lines", ["", "\n", "— w AAAA\n", "no signature\n", "— w AAAAAAAA"])
def test_what_is_no_signature_line_is_refused(lines: str) -> None:
    with pytest.raises(ValueError):
        open_cosignature(lines, a_cosigner().verifier, TEXT)


def test_endless_lines_are_refused() -> None:
    line = a_cosigner(seed=8).line(TEXT, AT)
    with pytest.raises(ValueError, match="1 to 100"):
        open_cosignature(f"{line}\n" * 101, a_cosigner().verifier, TEXT)


def test_the_message_is_the_one_of_the_c2sp_text() -> None:
    told = cosigned_message(ED25519, "w", 1679315147, TEXT)
    assert told == f"cosignature/v1\ntime 1679315147\n{TEXT}".encode()


def test_the_structure_of_ml_dsa_has_its_fields_in_order() -> None:
    told = subtree_message("w1", 5, "log", 0, 9, b"r" * 32)
    assert told == (
        b"subtree/v1\n\0" + b"\x02w1" + b"\0" * 7 + b"\x05" + b"\x03log"
        + b"\0" * 8 + b"\0" * 7 + b"\x09" + b"r" * 32
    )  # fmt: skip


def test_names_that_the_structure_cannot_hold_are_refused() -> None:
    for name, origin in (("w" * 256, "log"), ("w", "l" * 256), ("", "log")):
        with pytest.raises(ValueError, match="1 to 255"):
            subtree_message(name, 0, origin, 0, 0, b"r" * 32)


def test_ml_dsa_says_nothing_about_extensions_and_ed25519_covers_them() -> None:
    extended = f"{TEXT}extension\n"
    with pytest.raises(ValueError, match="extension"):
        a_cosigner(ML_DSA_44).line(extended, AT)
    cosigner = a_cosigner()
    lines = f"{cosigner.line(extended, AT)}\n"
    assert open_cosignature(lines, cosigner.verifier, extended)
    with pytest.raises(ValueError, match="does not fit"):
        open_cosignature(lines, cosigner.verifier, TEXT)


def test_only_a_checkpoint_is_cosigned() -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        a_cosigner().line("hello\n", AT)


def test_the_key_of_a_witness_that_runs_in_public_has_its_id() -> None:
    text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    verifier = parse_cosigner(text)
    assert verifier.key_id.hex() == "da77ade7"
    assert verifier.text() == text


def test_the_time_of_a_cosignature_of_the_go_library_is_read() -> None:
    line = (
        "— w ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOwor"
        "DcFiEBYJXORmnFBOBA=="
    )
    time, bare = split_signature(ED25519, parse_signature_line(line)[2])
    assert (time, len(bare)) == (1727964367, 64)


def test_the_key_of_a_log_is_none_of_a_witness() -> None:
    with pytest.raises(ValueError, match="of a log"):
        parse_cosigner(a_signer().verifier_key)


@pytest.mark.parametrize(
    "text",
    [
        "remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.de+da77ade7",
        "bananas+12344556+BBBB",
        "bananas+12344556+THIS_IS_NOT_BASE64!",
    ],
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_cosigner(text)


def test_a_key_of_an_unknown_type_or_length_is_refused() -> None:
    with pytest.raises(ValueError, match="type"):
        Cosigner("w", 9, Secret(b"s" * 32))
    with pytest.raises(ValueError, match="type 4 or 6"):
        CosignatureVerifier("w", ML_DSA_44, b"k" * 32)


def test_a_time_behind_all_calendars_is_no_time() -> None:
    with pytest.raises(ValueError, match="time"):
        split_signature(ED25519, b"\xff" * 72)
