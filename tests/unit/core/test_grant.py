from dataclasses import replace
from datetime import timedelta

from builders import NOON, a_grant

INSTANT = timedelta(microseconds=1)


def test_a_grant_counts_from_its_start_until_before_its_end() -> None:
    grant = a_grant()
    assert grant.is_valid(grant.starts_at)
    assert grant.is_valid(grant.ends_at - INSTANT)
    assert not grant.is_valid(grant.starts_at - INSTANT)
    assert not grant.is_valid(grant.ends_at)


def test_a_revoked_grant_never_counts_not_even_before_it_was_revoked() -> None:
    revoked = replace(a_grant(), revoked_at=NOON + timedelta(minutes=5))
    assert not revoked.is_valid(NOON)
