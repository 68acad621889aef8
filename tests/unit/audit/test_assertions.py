"""Assertions: signed here, by who was there and verified, over exactly the challenge."""

from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest

from assent.audit.assertions import Assertion, check_assertion, is_origin_of
from software_authenticator import PRESENT, VERIFIED, Passkey

MESSAGE = b"the five lines"
CHALLENGE = sha256(MESSAGE).digest()


def an_assertion(passkey: Passkey, **said: Any) -> Assertion:
    signature, beside = passkey.approval(MESSAGE, **said)
    return Assertion(
        b64decode(beside["authenticator_data"]),
        b64decode(beside["client_data"]),
        b64decode(signature),
    )


def test_a_good_one_is_good_and_says_how_often_it_signed() -> None:
    passkey = Passkey(sign_count=6)
    given = an_assertion(passkey)
    check_assertion(passkey.cose, "localhost", CHALLENGE, given)
    check_assertion(passkey.cose, "localhost", CHALLENGE, given, passkey.origin)
    assert given.sign_count == 7
    with pytest.raises(ValueError, match="not at `http://localhost`"):
        check_assertion(passkey.cose, "localhost", CHALLENGE, given, "http://localhost")
    with pytest.raises(ValueError, match="signed something else"):
        check_assertion(passkey.cose, "localhost", bytes(32), given)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"origin": "https://localhost.evil.test"}, "which is not `localhost`"),
        ({"rp_id": "evil.test"}, "was not used for"),
        ({"flags": PRESENT}, "did not check who was there"),
        ({"flags": VERIFIED}, "nobody was there"),
        ({"type": "webauthn.create"}, "asked for something else"),
        ({"cross_origin": True}, "another site's"),
        ({"cross_origin": None}, "another site's"),
    ],
)
def test_one_that_was_made_otherwise_is_refused(said: dict[str, Any], words: str) -> None:
    passkey = Passkey()
    with pytest.raises(ValueError, match=words):
        check_assertion(passkey.cose, "localhost", CHALLENGE, an_assertion(passkey, **said))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"nothing", b'{"type":1,"type":2}', b"\xff", b"[" * 4000, b" " * 5000]
)
def test_client_data_that_is_not_what_browsers_write_is_refused(data: bytes) -> None:
    passkey = Passkey()
    good = an_assertion(passkey)
    bad = Assertion(good.authenticator_data, data, good.signature)
    with pytest.raises(ValueError, match="browser"):
        check_assertion(passkey.cose, "localhost", CHALLENGE, bad)
    short = Assertion(good.authenticator_data[:36], good.client_data, good.signature)
    with pytest.raises(ValueError, match="too short"):
        check_assertion(passkey.cose, "localhost", CHALLENGE, short)


def test_an_origin_is_of_a_host_only_when_it_is_just_that() -> None:
    for origin in ("https://a.test", "https://a.test:8443"):
        assert is_origin_of(origin, "a.test")
    assert is_origin_of("http://a.localhost:1", "a.localhost")
    for origin in (
        "http://a.test", "https://b.a.test", "https://a.test/", "https://x@a.test",
        "https://A.test", "https://a.test:x", "https://[", "a.test", "",
    ):  # fmt: skip
        assert not is_origin_of(origin, "a.test")
