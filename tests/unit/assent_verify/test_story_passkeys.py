"""What a reader finds out about approvals signed by passkeys who has nothing but the log."""

from base64 import b64decode
from typing import Any

import pytest

from assent.audit.approval_signatures import encoded
from assent.core.canonical import Json
from assent_verify.report import ExitCode, Status
from assent_verify.story.passkeys import read_key
from software_authenticator import PRESENT, VERIFIED, Passkey, cbor
from unit.assent_verify.exports import only_finding, words
from unit.audit.audit_builders import an_export, verify
from unit.audit.passkey_builders import KINDS, approved_by, enrolled_passkey
from unit.audit.signed_builders import revoked


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_one_is_counted(kind: str) -> None:
    passkey = Passkey(kind)
    report = verify(an_export([enrolled_passkey(0, passkey), approved_by(1, passkey)]))
    assert report.exit_code is ExitCode.GOOD
    assert words(report.checks[10]).startswith("1 approval is signed by a key of who approved")


def finding(*entries: Any) -> str:
    return words(only_finding(verify(an_export(entries)), 11, Status.FAILED))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"origin": "https://evil.test"}, "signed at `https://evil.test`, not at `localhost`"),
        ({"origin": "ftp://localhost"}, "not at `localhost`"),
        ({"origin": "http://localhost@evil.test"}, "not at `localhost`"),
        ({"rp_id": "evil.test"}, "is not for `localhost`"),
        ({"flags": PRESENT}, "did not verify who was there"),
        ({"flags": VERIFIED}, "saw nobody"),
        ({"type": "webauthn.create"}, "another ceremony"),
        ({"cross_origin": True}, "frame of another site"),
    ],
)
def test_one_that_was_signed_otherwise_is_found(said: dict[str, Any], expected: str) -> None:
    passkey = Passkey()
    assert expected in finding(enrolled_passkey(0, passkey), approved_by(1, passkey, **said))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"verdict": "reject"}, "not the digest of what is said to be signed"),
        ({"shown": "sha256:" + "0" * 64}, "not the digest of what is said to be signed"),
        ({"digest": "sha256:" + "0" * 64}, "not the digest of what is said to be signed"),
        ({"assertion": None}, "is not beside its signature"),
        ({"assertion": {"client_data": "e30="}}, "is not beside its signature"),
        ({"assertion": {"client_data": 1, "authenticator_data": 2}}, "is no text"),
        ({"assertion": {"client_data": "e30", "authenticator_data": "AA=="}}, "base64"),
        ({"signature": "AAAA"}, "does not fit"),
        ({"key_kind": "ed25519"}, "enrolled as one of another kind"),
    ],
)
def test_a_changed_fact_is_found(facts: dict[str, Json], expected: str) -> None:
    passkey = Passkey()
    assert expected in finding(enrolled_passkey(0, passkey), approved_by(1, passkey, facts))


@pytest.mark.parametrize("part", ["authenticator_data", "client_data"])
def test_any_flipped_bit_of_what_was_signed_is_found(part: str) -> None:
    passkey = Passkey("EdDSA")
    good = approved_by(1, passkey)
    assertion: Any = good.facts["assertion"]
    data = b64decode(assertion[part])
    for at in range(0, len(data), 7):
        spoiled = bytearray(data)
        spoiled[at] ^= 0x20
        beside = {**assertion, part: encoded(bytes(spoiled))}
        entry = approved_by(1, passkey, {**good.facts, "assertion": beside})
        assert "is a signed approval" in finding(enrolled_passkey(0, passkey), entry)


def test_a_passkey_of_somebody_else_or_a_revoked_one_is_found() -> None:
    passkey = Passkey()
    enrolment = enrolled_passkey(0, passkey)
    assert "does not fit" in finding(enrolment, approved_by(1, Passkey(seed=2)))
    assert "was revoked before" in finding(enrolment, revoked(1), approved_by(2, passkey))


def test_one_that_was_made_for_another_site_or_for_none_is_found() -> None:
    passkey = Passkey()
    for rp_id, expected in (("assent.test", "not at `assent.test`"), ("", "for which site")):
        entries = (enrolled_passkey(0, passkey, rp_id=rp_id), approved_by(1, passkey))
        assert expected in finding(*entries)


def test_over_plain_http_only_this_machine_counts() -> None:
    away = Passkey(rp_id="assent.test", origin="http://assent.test")
    entries = (enrolled_passkey(0, away, rp_id="assent.test"), approved_by(1, away))
    assert "anybody on the way" in finding(*entries)
    away.origin = "https://assent.test"
    good = [enrolled_passkey(0, away, rp_id="assent.test"), approved_by(1, away)]
    assert verify(an_export(good)).exit_code is ExitCode.GOOD


GOOD = Passkey().cose
BAD_KEYS = [
    b"",
    b"\xa0",
    GOOD[:-1],
    GOOD + b"\x00",
    b"\xa6" + GOOD[1:],
    GOOD.replace(b"\x03\x26", b"\x03\x27"),
    GOOD[:-32] + bytes(32),
    cbor({3: -7, 1: 2}),
    cbor({1: 1, 3: -8, -1: 6, -2: bytes(32)}),
    cbor({1: 1, 3: -8, -1: 6, -2: b"short"}),
    cbor({1: 2, 3: -7, -1: 1, -2: "text", -3: bytes(32)}),
    cbor({1: 3, 3: -257, -1: b"\x80" + bytes(127) + b"\x01", -2: b"\x01\x00\x01"}),
    cbor({1: 3, 3: -257, -1: b"\x80" + bytes(254) + b"\x01", -2: b"\x02"}),
    cbor({1: 3, 3: -257, -1: b"\x00\x80" + bytes(254) + b"\x01", -2: b"\x03"}),
    bytes(2000),
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_no_passkey_has_is_found(key: bytes) -> None:
    with pytest.raises(ValueError):
        read_key(key)
