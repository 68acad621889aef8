"""Keys of kind `ecdsa-p256`, which a TPM keeps: a point, and signatures of which there is one text.

SEC 1, section 2.3.3 (the point, uncompressed); FIPS 186-5, section 6. A signature is `r` and `s`,
32 bytes each, with the smaller of the two `s` that fit.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

POINT_BYTES = 65
SIGNATURE_BYTES = 64
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def check_point(point: bytes) -> None:
    """Check that this is a key that can sign. Raises ValueError."""
    _key(point)


def check(point: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature with SHA-256. Raises ValueError where it does not fit."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if s > _ORDER // 2:
        # The other one fits as well: two texts would mean one signature.
        raise ValueError("the signature is not the one with the smaller half")
    try:
        _key(point).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None


def signature_of(der: bytes) -> bytes:
    """Return the text of a signature in DER. Raises ValueError for what is none."""
    r, s = decode_dss_signature(der)
    s = min(s, _ORDER - s)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _key(point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise ValueError("the public key is no point of P-256") from None
