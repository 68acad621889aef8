"""SCRAM verifiers, against the arithmetic of RFC 5802 written down a second time."""

import hashlib
import hmac

from assent.control.verifiers import ITERATIONS, Verifiers
from assent.core.secret import Secret


def _hi(password: bytes, salt: bytes, rounds: int) -> bytes:
    """Hi() of RFC 5802, section 2.2, step by step."""
    step = hmac.new(password, salt + b"\0\0\0\1", hashlib.sha256).digest()
    result = int.from_bytes(step, "big")
    for _ in range(rounds - 1):
        step = hmac.new(password, step, hashlib.sha256).digest()
        result ^= int.from_bytes(step, "big")
    return result.to_bytes(32, "big")


def test_a_verifier_is_that_of_the_rfc() -> None:
    verifiers = Verifiers(Secret(b"k" * 32))
    made = verifiers.make("ana", Secret("s3cret"))
    salted = _hi(b"s3cret", verifiers.salt("ana"), ITERATIONS)
    client_key = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
    assert made.stored_key == hashlib.sha256(client_key).digest()
    assert made.server_key == hmac.new(salted, b"Server Key", hashlib.sha256).digest()


def test_the_arithmetic_is_that_of_the_published_exchange() -> None:
    # RFC 7677, section 3: user `user`, password `pencil`.
    import base64

    salted = _hi(b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    server_key = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.new(server_key, message, hashlib.sha256).digest()
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_salts_differ_by_name_and_by_installation_and_stay() -> None:
    one, other = Verifiers(Secret(b"k" * 32)), Verifiers(Secret(b"l" * 32))
    assert one.salt("ana") == one.salt("ana")
    assert len({one.salt("ana"), one.salt("ben"), other.salt("ana")}) == 3
    assert len(one.salt("")) == len(one.salt("x" * 10_000)) == 16


def test_the_key_is_not_shown() -> None:
    assert "k" * 32 not in repr(vars(Verifiers(Secret(b"k" * 32))))
