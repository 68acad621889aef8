"""Unit tests of workflow/grant.py."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Grant
from assent.core.ids import GrantId, RequestId, SubjectId, TargetId
from assent.workflow.grant import LONGEST, TRANSITIONS, GrantState, mint, revoke, state_of

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def minted(asked: timedelta = HOUR, permitted: timedelta = HOUR) -> Grant:
    return mint(
        GrantId("grt_1"),
        SubjectId("sub_ana"),
        TargetId("tgt_shop"),
        NOW,
        asked=asked,
        permitted=permitted,
        request=RequestId("req_1"),
        reason="ticket 12",
    )


def test_a_grant_lasts_for_what_was_asked_when_more_is_permitted() -> None:
    assert minted(HOUR, 2 * HOUR).ends_at == NOW + HOUR


def test_a_grant_lasts_for_what_is_permitted_when_more_was_asked() -> None:
    assert minted(2 * HOUR, HOUR).ends_at == NOW + HOUR


def test_a_grant_keeps_where_it_came_from() -> None:
    grant = minted()
    assert (grant.request, grant.reason, grant.starts_at) == ("req_1", "ticket 12", NOW)


def test_no_grant_stands_for_ever() -> None:
    assert minted(timedelta.max, timedelta.max).ends_at == NOW + LONGEST


@pytest.mark.parametrize("asked", [timedelta(0), timedelta(seconds=-5)])
def test_a_grant_of_no_time_is_refused(asked: timedelta) -> None:
    with pytest.raises(ForbiddenFault, match="a second at least"):
        minted(asked)


def test_a_revoked_grant_is_not_valid_any_more() -> None:
    grant = revoke(minted(), NOW + HOUR / 2, SubjectId("sub_ben"), "wrong person")
    assert not grant.is_valid(NOW + HOUR / 2)
    assert not grant.is_valid(NOW)


def test_a_second_revocation_does_not_replace_the_first() -> None:
    grant = revoke(minted(), NOW, SubjectId("sub_ben"), "wrong person")
    with pytest.raises(ConflictFault, match="was revoked at 2026-03-04T12:00:00"):
        revoke(grant, NOW, None, "again")


def test_an_ended_grant_can_be_revoked_as_a_clock_may_be_set_back() -> None:
    grant = revoke(minted(), NOW + 2 * HOUR, None, "cleaned up")
    assert not grant.is_valid(NOW)


def test_the_state_follows_the_half_open_interval() -> None:
    grant = minted()
    assert state_of(grant, NOW - HOUR) is GrantState.COMING
    assert state_of(grant, NOW) is GrantState.ACTIVE
    assert state_of(grant, NOW + HOUR) is GrantState.ENDED
    assert state_of(revoke(grant, NOW, None, "x"), NOW) is GrantState.REVOKED


def test_the_table_has_every_state_and_revoked_is_for_ever() -> None:
    assert set(TRANSITIONS) == set(GrantState)
    assert TRANSITIONS[GrantState.REVOKED] == {}
