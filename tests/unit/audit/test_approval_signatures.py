"""The bytes that are signed, and what is no signature."""

import pytest

from assent.audit.approval_signatures import (
    approval_message,
    check_kind,
    check_public_key,
    check_signature,
    decoded,
    encoded,
    enrolment_message,
)
from unit.audit.signed_builders import a_key, public


def test_the_bytes_are_those_of_the_specification() -> None:
    message = approval_message("approve", "req_1", "sha256:aa", "sha256:bb")
    assert message == b"assent-approval-v1\napprove\nreq_1\nsha256:aa\nsha256:bb\n"
    device = enrolment_message("sub_ben", "nonce", "ed25519", "cGs=")
    assert device == b"assent-device-v1\nsub_ben\nnonce\ned25519\ncGs=\n"


def test_a_signature_fits_its_message_and_its_key_alone() -> None:
    signature = encoded(a_key().sign(b"one"))
    check_signature("ed25519", public(a_key()), b"one", signature, {})
    for key, message in ((a_key(), b"two"), (a_key(2), b"one")):
        with pytest.raises(ValueError, match="does not fit"):
            check_signature("ed25519", public(key), message, signature, {})
    with pytest.raises(ValueError, match="no assertion"):
        check_signature("ed25519", public(a_key()), b"one", signature, {"client_data": "e30="})


def test_a_kind_that_is_not_known_is_refused_in_words() -> None:
    check_kind("webauthn")
    with pytest.raises(ValueError, match="`rsa` is not supported"):
        check_signature("rsa", "", b"", "", {})


@pytest.mark.parametrize(
    "key",
    [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
        encoded(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")),
    ],
)
def test_a_key_under_which_everything_is_signed_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="everything would be signed"):
        check_public_key("ed25519", key)


@pytest.mark.parametrize("text", ["", "AA=", "AB==", "QUI=", "ä", "AA==\n"])
def test_one_value_has_one_text(text: str) -> None:
    assert decoded("AA==", 1, "it") == b"\0"
    with pytest.raises(ValueError, match="base64"):
        decoded(text, 1, "it")
