"""Unit tests of workflow/session.py."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.faults import ConflictFault
from assent.core.ids import GrantId, SessionId, SubjectId, TargetId
from assent.core.session import Session, SessionState
from assent.workflow.session import TRANSITIONS, SessionEvent, end

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def session() -> Session:
    return Session(
        SessionId("ses_1"),
        SubjectId("sub_ana"),
        TargetId("tgt_shop"),
        GrantId("grt_1"),
        "postgres",
        "shop",
        "127.0.0.1",
        "psql",
        SessionState.OPEN,
        NOW,
        NOW + HOUR,
    )


def test_a_session_that_hung_up_is_closed() -> None:
    ended = end(session(), SessionEvent.CLOSED, NOW + HOUR, "the client hung up")
    assert ended.state is SessionState.CLOSED
    assert (ended.ended_at, ended.ended_because) == (NOW + HOUR, "the client hung up")


def test_a_session_that_was_cut_is_cut() -> None:
    assert end(session(), SessionEvent.CUT, NOW, "revoked").state is SessionState.CUT


def test_an_ended_session_does_not_end_again() -> None:
    for event in SessionEvent:
        ended = end(session(), event, NOW, "first")
        with pytest.raises(ConflictFault, match="already"):
            end(ended, SessionEvent.CUT, NOW, "second")


def test_a_session_never_ends_before_it_began() -> None:
    assert end(session(), SessionEvent.CUT, NOW - HOUR, "x").ended_at == NOW


def test_the_table_has_every_state() -> None:
    assert set(TRANSITIONS) == set(SessionState)
