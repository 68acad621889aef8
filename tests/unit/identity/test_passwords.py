"""Passwords: hashed with Argon2id, and the same work for a name that does not exist."""

import pytest

from assent.core.secret import Secret
from assent.identity import passwords
from assent.identity.passwords import Argon2Hasher

RIGHT = Secret("correct horse")


async def test_a_password_is_checked_against_its_hash() -> None:
    hasher = Argon2Hasher()
    kept = Secret(await hasher.hash(RIGHT))
    assert kept.reveal().startswith("$argon2id$")
    assert await hasher.verify(kept, RIGHT)
    assert not await hasher.verify(kept, Secret("wrong"))
    assert kept.reveal() != await hasher.hash(RIGHT)


async def test_nobody_has_no_password_and_costs_a_whole_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hasher = Argon2Hasher()
    checked = []
    check = Argon2Hasher._check

    def spy(self: Argon2Hasher, kept: Secret[str], password: Secret[str]) -> bool:
        checked.append(kept)
        return check(self, kept, password)

    monkeypatch.setattr(Argon2Hasher, "_check", spy)
    assert not await hasher.verify(None, Secret("nobody has this password"))
    assert len(checked) == 1


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$broken"])
async def test_a_hash_that_is_none_fits_nothing(kept: str) -> None:
    assert not await Argon2Hasher().verify(Secret(kept), RIGHT)


async def test_an_endless_password_is_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Argon2Hasher()
    monkeypatch.setattr(passwords.Argon2Hasher, "_check", lambda *_: True)
    assert not await hasher.verify(Secret("kept"), Secret("x" * 1_025))
    assert await hasher.verify(Secret("kept"), Secret("x" * 1_024))
