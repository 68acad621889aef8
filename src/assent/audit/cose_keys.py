"""Public keys of passkeys: COSE keys in CTAP2's canonical CBOR, and signatures under them.

RFC 9052, section 7; RFC 9053, sections 2 and 7; RFC 8230 (RSA). Only what passkeys are made
with is read: one key has one text, and no member that is not understood.
"""

from collections.abc import Callable
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ES256 = -7
EDDSA = -8
RS256 = -257
MOST_BYTES = 1024

_KTY, _ALG = 1, 3
_OKP, _EC2, _RSA = 1, 2, 3
_RSA_BITS = range(2048, 4097)
_LARGEST_EXPONENT = 2**32

Check: TypeAlias = Callable[[bytes, bytes], None]
"""Takes a signature and what it is over. Raises ValueError where it does not fit."""

# Points of small order, without their sign: under such a key one signature fits every message.
WEAK_POINTS = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def check_point(raw: bytes) -> None:
    """Check that an Ed25519 key is not of small order. Raises ValueError."""
    if raw[:-1] + bytes([raw[-1] & 0x7F]) in WEAK_POINTS:
        raise ValueError("the public key is one under which everything would be signed")


def key_check(key: bytes) -> Check:
    """Return what checks signatures under this key. Raises ValueError for a key that cannot be."""
    members = _members(key)
    match members.pop(_KTY, None), members.pop(_ALG, None):
        case (2, -7):
            return _es256(members)
        case (1, -8):
            return _eddsa(members)
        case (3, -257):
            return _rs256(members)
    raise ValueError("the key is of no kind that is known: ES256, EdDSA (Ed25519) and RS256 are")


def _es256(members: dict[int, int | bytes]) -> Check:
    x, y = members.pop(-2, b""), members.pop(-3, b"")
    if members != {-1: 1} or not (_has(x, 32) and _has(y, 32)):
        raise ValueError("the key is not one of ES256 on P-256")
    point = ec.EllipticCurvePublicNumbers(
        int.from_bytes(_bytes(x)), int.from_bytes(_bytes(y)), ec.SECP256R1()
    )
    try:
        key = point.public_key()
    except ValueError as error:
        raise ValueError("the key is no point of P-256") from error
    algorithm = ec.ECDSA(hashes.SHA256())
    return _checked(lambda signature, data: key.verify(signature, data, algorithm))


def _eddsa(members: dict[int, int | bytes]) -> Check:
    x = members.pop(-2, b"")
    if members != {-1: 6} or not _has(x, 32):
        raise ValueError("the key is not one of EdDSA on Ed25519")
    check_point(_bytes(x))
    key = Ed25519PublicKey.from_public_bytes(_bytes(x))
    return _checked(key.verify)


def _rs256(members: dict[int, int | bytes]) -> Check:
    modulus, exponent = members.pop(-1, b""), members.pop(-2, b"")
    n, e = int.from_bytes(_bytes(modulus)), int.from_bytes(_bytes(exponent))
    if members or n.bit_length() not in _RSA_BITS or not 3 <= e < _LARGEST_EXPONENT or not e & 1:
        raise ValueError("the key is not one of RS256 with 2048 to 4096 bits")
    if _bytes(modulus)[0] == 0 or _bytes(exponent)[0] == 0:
        raise ValueError("the key is not written in its shortest form")
    key = rsa.RSAPublicNumbers(e, n).public_key()
    scheme = padding.PKCS1v15()
    return _checked(lambda signature, data: key.verify(signature, data, scheme, hashes.SHA256()))


def _checked(verify: Check) -> Check:
    def check(signature: bytes, data: bytes) -> None:
        try:
            verify(signature, data)
        except InvalidSignature:
            raise ValueError("the signature does not fit") from None

    return check


def _has(value: int | bytes, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("the key has a number where bytes belong")
    return value


def _members(key: bytes) -> dict[int, int | bytes]:
    """Return a CBOR map of small numbers to numbers or bytes, and nothing after it."""
    if not 1 <= len(key) <= MOST_BYTES or key[0] >> 5 != 5 or key[0] & 31 > 8:
        raise ValueError("the key is no COSE key")
    members: dict[int, int | bytes] = {}
    at, last = 1, b""
    for _ in range(key[0] & 31):
        begin = at
        name, at = _item(key, at)
        written = key[begin:at]
        if not isinstance(name, int) or (len(written), written) <= (len(last), last):
            # CTAP2, section 6: names are sorted, and so none is there twice.
            raise ValueError("the key's members are not in their order")
        last = written
        members[name], at = _item(key, at)
    if at != len(key):
        raise ValueError("there is something after the key")
    return members


def _item(key: bytes, at: int) -> tuple[int | bytes, int]:
    """Return a number or bytes, and where the next item begins (RFC 8949, section 3)."""
    major, short = (key[at] >> 5, key[at] & 31) if at < len(key) else (7, 31)
    at += 1
    number = short
    if short >= 24:
        size = {24: 1, 25: 2}.get(short, 0)
        number = int.from_bytes(key[at : at + size])
        at += size
        if not size or at > len(key) or number < (24 if size == 1 else 256):
            raise ValueError("the key is not written in its shortest form")
    match major:
        case 0:
            return number, at
        case 1:
            return -1 - number, at
        case 2 if at + number <= len(key):
            return key[at : at + number], at + number
    raise ValueError("the key has members that a passkey's has not")
