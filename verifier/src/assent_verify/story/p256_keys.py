"""Signatures by keys of kind `ecdsa-p256`, as a TPM makes them.

docs/specs/signed-approvals.md; SEC 1, section 2.3.4; FIPS 186-5, section 6.4.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

POINT_BYTES = 65
SIGNATURE_BYTES = 64
_HALF_OF_THE_ORDER = 0x7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8


def check_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key of an uncompressed point. Raises ValueError where it is none of P-256."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise ValueError("the public key is no point of P-256") from None


def check_signature(point: bytes, signed: bytes, signature: bytes) -> None:
    """Check `r` and `s`, 32 bytes each, over SHA-256. Raises ValueError where they do not fit."""
    first, second = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    if second > _HALF_OF_THE_ORDER:
        raise ValueError("the signature has a twin: it is not the one with the smaller half")
    der = utils.encode_dss_signature(first, second)
    try:
        check_key(point).verify(der, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None
