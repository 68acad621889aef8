"""Codes of an app, and how their secret is kept."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from assent.core.secret import Secret
from assent.identity.totp import SealedTotp
from totp_app import code_now

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TOTP = SealedTotp(Secret(b"k" * 32))


def test_a_secret_is_not_in_what_is_kept_of_it() -> None:
    secret, sealed = TOTP.make("aut_1")
    assert base64.b32decode(secret.reveal()) not in sealed
    assert len(base64.b32decode(secret.reveal())) == 20


@pytest.mark.parametrize(("seconds", "steps"), [(0, 0), (-30, -1), (30, 1)])
def test_codes_of_a_step_around_count(seconds: int, steps: int) -> None:
    secret, sealed = TOTP.make("aut_1")
    code = code_now(secret.reveal(), NOW + timedelta(seconds=seconds))
    assert TOTP.step_of(sealed, "aut_1", code, NOW) == int(NOW.timestamp()) // 30 + steps


def test_codes_further_away_and_other_texts_count_nothing() -> None:
    secret, sealed = TOTP.make("aut_1")
    right = code_now(secret.reveal(), NOW)
    far = code_now(secret.reveal(), NOW + timedelta(seconds=90))
    for code in (far, "", "12345", right + "0", "١٢٣٤٥٦", "abcdef"):
        if code != right:
            assert TOTP.step_of(sealed, "aut_1", code, NOW) is None


def test_what_was_sealed_for_another_or_with_another_key_is_no_generator() -> None:
    secret, sealed = TOTP.make("aut_1")
    code = code_now(secret.reveal(), NOW)
    assert TOTP.step_of(sealed, "aut_2", code, NOW) is None
    assert SealedTotp(Secret(b"l" * 32)).step_of(sealed, "aut_1", code, NOW) is None


def test_an_app_reads_who_it_is_for() -> None:
    uri = TOTP.uri(Secret("ABC"), "ana b").reveal()
    assert uri == "otpauth://totp/Assent:ana%20b?secret=ABC&issuer=Assent"
