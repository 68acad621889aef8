"""Notes and checkpoints are read as C2SP signed-note, tlog-checkpoint and tlog-cosignature say."""

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from assent_verify.notes import (
    BadSignature,
    Key,
    parse_checkpoint,
    parse_key,
    parse_note,
    signed_by,
)
from unit.assent_verify.exports import KEY, ORIGIN, WITNESS, SigningKey, a_log, a_note, text_of

# The example of C2SP signed-note.
QUASIMODO = "\n".join(
    (
        "Ognuno sta solo sul cuor della terra",
        "trafitto da un raggio di sole:",
        "",
        "ed è subito sera.",
        "",
        "— quasimodo.example/salvatore"
        " NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekR"
        "wNtIc=",
        "",
    )
)
# The example of C2SP tlog-cosignature.
SOFA = "\n".join(
    (
        "example.com/behind-the-sofa",
        "20852163",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "",
        "— example.com/behind-the-sofa"
        " Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMc"
        "TOAYQ8=",
        "— witness.example.com/w1"
        " jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
        "mbIUBkBIfZ+qnA==",
        "",
    )
)


def test_the_text_of_a_note_ends_at_its_last_empty_line() -> None:
    note = parse_note(QUASIMODO)
    assert note.text.endswith("\n\ned è subito sera.\n")
    assert [one.name for one in note.signatures] == ["quasimodo.example/salvatore"]


def test_the_published_checkpoint_is_read() -> None:
    checkpoint = parse_checkpoint("it", SOFA)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    witness = checkpoint.note.signatures[1]
    assert witness.key_id.hex() == "8d66cf3f"
    assert int.from_bytes(witness.data[:8], "big") == 1679315147


def test_a_good_signature_is_found_and_one_of_an_unknown_key_is_not() -> None:
    checkpoint = parse_checkpoint("it", a_note(a_log(3), keys=[KEY, WITNESS]))
    key, witness = parse_key(KEY.text), parse_key(WITNESS.text)
    assert [one.key for one in signed_by(checkpoint, [key])] == [key]
    times = [one.time for one in signed_by(checkpoint, [key, witness])]
    assert times == [None, 1795348800]
    assert signed_by(checkpoint, [parse_key(SigningKey(ORIGIN, 9).text)]) == []


def test_a_signature_of_a_known_key_that_does_not_fit_refuses_the_note() -> None:
    text = text_of(a_log(3), 3)
    checkpoint = parse_checkpoint("it", f"{text}\n{KEY.line(text_of(a_log(3), 2))}")
    with pytest.raises(BadSignature, match="does not fit"):
        signed_by(checkpoint, [parse_key(KEY.text)])


def test_a_cosignature_of_a_witness_is_no_signature_of_a_log() -> None:
    same = SigningKey(ORIGIN, KEY.seed, 4)
    checkpoint = parse_checkpoint("it", a_note(a_log(3), keys=[same]))
    assert signed_by(checkpoint, [parse_key(KEY.text)]) == []


def test_a_cosignature_with_another_time_does_not_fit() -> None:
    source = a_note(a_log(3), keys=[WITNESS])
    head, _, line = source.rpartition(" ")
    raw = bytearray(b64decode(line.strip()))
    raw[11] ^= 1
    checkpoint = parse_checkpoint("it", f"{head} {b64encode(bytes(raw)).decode()}\n")
    with pytest.raises(BadSignature):
        signed_by(checkpoint, [parse_key(WITNESS.text)])


def test_a_cosignature_of_ml_dsa_44_is_read() -> None:
    private = MLDSA44PrivateKey.generate()
    public = b"\x06" + private.public_key().public_bytes_raw()
    key_id = sha256(b"witness.example/pq\n" + public).digest()[:4]
    key = parse_key(f"witness.example/pq+{key_id.hex()}+{b64encode(public).decode()}")
    text = text_of(a_log(3), 3)
    root = parse_checkpoint("it", a_note(a_log(3))).root
    time = (1795348800).to_bytes(8, "big")
    message = b"subtree/v1\n\0" + bytes([18]) + b"witness.example/pq" + time
    message += bytes([len(ORIGIN)]) + ORIGIN.encode() + bytes(8) + (3).to_bytes(8, "big") + root
    line = b64encode(key_id + time + private.sign(message)).decode()
    checkpoint = parse_checkpoint("it", f"{text}\n— witness.example/pq {line}\n")
    assert [one.time for one in signed_by(checkpoint, [key])] == [1795348800]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not base64|is not a verifier key"),
        ("name+00000000+AAAA", "is not a verifier key"),
        (KEY.text[:-1], "not base64"),
        (KEY.text.replace("+", "+0", 1), "the id of verifier key"),
        (f"a b{KEY.text}", "is not a verifier key"),
    ],
)
def test_a_malformed_key_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_key(text)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("text\n", "a note is a text"),
        ("text\n\n", "malformed signature line|a note is a text"),
        ("text\n\n— a YQ==\n", "too short"),
        ("text\n\n— a b c\n", "not base64"),
        ("text\n\n- a AAAAAAAAAA==\n", "malformed signature line"),
        ("te\x07xt\n\n— a AAAAAAAAAA==\n", "control"),
        ("text\n\n" + "— a AAAAAAAA\n" * 101, "at most 100"),
        ("x" * 1_000_001, "at most 1000000"),
        ("text\n\n— a AAAAAAA=", "ending in a newline"),
    ],
)
def test_a_malformed_note_is_refused(source: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_note(source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("o\n1\n", "origin, a size and a root"),
        ("o\n01\nA\n", "the size"),
        ("o\n-1\nA\n", "the size"),
        ("o\n9223372036854775808\nA\n", "the size"),
        ("o\n1\nAAAA\n", "has 3 bytes"),
        (f"o\n1\n{'A' * 42}B=\n", "canonical"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_checkpoint("it", f"{text}\n{KEY.line(text)}")


def test_a_key_is_handed_on_as_it_was_read() -> None:
    key = parse_key(KEY.text)
    assert (key.text(), key) == (KEY.text, Key(ORIGIN, 1, key.public))
