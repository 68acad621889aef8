from base64 import b64encode

import pytest

from assent.audit.note import (
    MAX_SIGNATURES,
    Signer,
    UntrustedNote,
    Verifier,
    open_note,
    parse_verifier,
    split_note,
)
from assent.core.secret import Secret
from unit.audit.audit_builders import ORIGIN, a_signer

TEXT = "hello\n\nworld\n"
SIGNER = a_signer()
VERIFIER = SIGNER.verifier


def test_a_note_opens_to_the_text_that_was_signed() -> None:
    opened = open_note(SIGNER.sign(TEXT), [a_signer("other", 9).verifier, VERIFIER])
    assert (opened.text, opened.signed_by, opened.unknown) == (TEXT, (VERIFIER,), 0)


def test_a_note_is_text_empty_line_and_signature_line() -> None:
    note = SIGNER.sign("a\n")
    assert note.startswith(f"a\n\n— {ORIGIN} ")
    assert note.endswith("\n")
    assert note.count("\n") == 3


def test_the_verifier_key_of_the_go_documentation_has_its_id() -> None:
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    verifier = parse_verifier(text)
    assert verifier.key_id.hex() == "c74f20a3"
    assert verifier.text() == text


def test_the_note_of_the_go_documentation_opens() -> None:
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfq"
        "dngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert open_note(note, [parse_verifier(key)]).unknown == 0


def test_a_note_that_nobody_trusted_signed_is_untrusted() -> None:
    with pytest.raises(UntrustedNote, match=f"`{ORIGIN}"):
        open_note(SIGNER.sign(TEXT), [a_signer(ORIGIN, 9).verifier])


def test_an_unknown_signature_beside_a_known_one_is_counted() -> None:
    other = a_signer("witness", 9).sign(TEXT).rpartition("\n\n")[2]
    assert open_note(SIGNER.sign(TEXT) + other, [VERIFIER]).unknown == 1


def test_one_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    other = a_signer("witness", 9)
    wrong = other.sign("another text\n").rpartition("\n\n")[2]
    with pytest.raises(ValueError, match="does not fit"):
        open_note(SIGNER.sign(TEXT) + wrong, [VERIFIER, other.verifier])


def test_a_changed_text_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        open_note(SIGNER.sign(TEXT).replace("hello", "hallo"), [VERIFIER])


def line(name: str, data: bytes) -> str:
    return f"— {name} {b64encode(data).decode()}\n"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a\n",
        "a\n\n",
        "a\n\n— name",
        "a\n\n" + line("name", b"1234"),
        "a\n\n" + line("na+me", b"12345"),
        "a\n\n" + line("", b"12345"),
        "a\n\n- name MTIzNDU=\n",
        "a\n\n— name MTIzNDV=\n",
        "a\n\n— name MTIz NDU=\n",
        "a\n\n— name ä\n",
        "a\n\n" + line("name", b"12345") + "\n",
        "a\tb\n\n" + line("name", b"12345"),
        "a\r\n\n" + line("name", b"12345"),
        "a\n\n" + line("name", b"12345") * (MAX_SIGNATURES + 1),
        "a" * 1_000_000 + "\n\n" + line("name", b"12345"),
        "\ud800\n\n" + line("name", b"12345"),
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(ValueError, match=r"note|signature|key name|surrogates"):
        split_note(note)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n"])
def test_a_text_that_is_no_note_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        SIGNER.sign(text)


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name+00000000",
        "name+00000000+AAAA",
        VERIFIER.text().replace(VERIFIER.key_id.hex(), "00000000"),
        VERIFIER.text() + "\n",
        VERIFIER.text().replace(ORIGIN, "a b"),
        VERIFIER.text()[:-1],
    ],
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"verifier key|key name"):
        parse_verifier(text)


def test_a_public_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Verifier("name", b"short")


def test_a_signer_never_shows_its_seed() -> None:
    signer = Signer("name", Secret(b"s" * 32))
    assert "ssss" not in repr(signer)
    assert signer.name == "name"


def test_two_keys_of_one_name_and_id_are_refused() -> None:
    class Twin(Verifier):
        @property
        def key_id(self) -> bytes:
            return VERIFIER.key_id

    twin = Twin(VERIFIER.name, bytes(32))
    with pytest.raises(ValueError, match="share the id"):
        open_note(SIGNER.sign(TEXT), [VERIFIER, twin])
