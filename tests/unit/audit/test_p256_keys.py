"""Signatures of kind `ecdsa-p256`: one text for each, under a point of the curve."""

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from assent.audit import p256_keys
from assent_verify.story import p256_keys as verifier_s

KEY = ec.derive_private_key(7, ec.SECP256R1())
POINT = KEY.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signed(message: bytes) -> bytes:
    return p256_keys.signature_of(KEY.sign(message, ec.ECDSA(hashes.SHA256())))


@pytest.mark.parametrize("check", [p256_keys.check, verifier_s.check_signature])
def test_a_signature_is_good_over_its_message_alone_and_in_one_text_alone(check: object) -> None:
    assert callable(check)
    for number in range(8):
        message = b"%d" % number
        good = signed(message)
        check(POINT, message, good)
        with pytest.raises(ValueError, match="does not fit"):
            check(POINT, b"another", good)
        twin = good[:32] + (ORDER - int.from_bytes(good[32:], "big")).to_bytes(32, "big")
        with pytest.raises(ValueError, match="smaller half"):
            check(POINT, message, twin)
    with pytest.raises(ValueError, match=r".+"):
        check(POINT, b"one", b"\0" * 64)


@pytest.mark.parametrize("point", [b"", b"\0" * 65, b"\4" * 65, POINT[:33]])
def test_what_is_no_point_is_no_key(point: bytes) -> None:
    for check in (p256_keys.check_point, verifier_s.check_key):
        with pytest.raises(ValueError, match="no point"):
            check(point)
