"""Ids sort by time and tokens cannot be guessed."""

import base64
from datetime import timedelta

from assent.core.ids import PREFIXES
from assent.system.ids import SystemIds
from builders import FixedClock


def test_ids_carry_their_kind_and_sort_by_time() -> None:
    clock = FixedClock()
    ids = SystemIds(clock)
    minted = []
    for _ in range(50):
        minted.append(ids.mint("request"))
        clock.advance(timedelta(milliseconds=1))
    assert minted == sorted(set(minted))
    assert all(ids.mint(kind).startswith(f"{prefix}_") for kind, prefix in PREFIXES.items())


def test_ids_of_one_moment_differ() -> None:
    ids = SystemIds(FixedClock())
    assert len({ids.mint("entry") for _ in range(1_000)}) == 1_000


def test_a_token_has_as_many_bytes_as_asked_for() -> None:
    ids = SystemIds(FixedClock())
    for nbytes in (16, 24, 32):
        token = ids.token(nbytes)
        assert len(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) == nbytes
    assert ids.token() != ids.token()
