"""Tickets: only an open one verifies a need, and a tracker that is away verifies nothing."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.tickets import Tickets
from assent.core.faults import ConflictFault, OperatorFault, OutsideFault
from assent.core.request import RequestState
from builders import TIM, FixedClock, a_caller, a_world

VERIFIED = """
@id("needs-a-ticket") @require("ticket") @message("name an open ticket")
forbid (principal in Group::"temps", action == Action::"access.request", resource)
unless { context.request.ticket_verified };
"""


@dataclass
class Tracker:
    """Answers with `says`, counts, and can be away or slow."""

    says: str = "open"
    away: bool = False
    hangs: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def look_up(self, ticket: str, subject: str, target: str) -> str:
        self.asked.append((ticket, subject, target))
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise OutsideFault("source-away", "the issue tracker cannot be reached")
        return self.says


async def said(tickets: Tickets, ticket: str = "OPS-1") -> str:
    return await tickets.said(ticket, "tim", "shop")


@pytest.mark.parametrize(
    ("says", "expected"),
    [("open", "open"), ("closed", "closed"), ("unknown", "unknown"), ("OPEN!", "unknown")],
)
async def test_what_the_tracker_says_is_taken_only_where_it_is_known(
    says: str, expected: str
) -> None:
    assert await said(Tickets(Tracker(says), FixedClock())) == expected


async def test_without_a_tracker_or_a_ticket_nothing_is_said() -> None:
    assert await said(Tickets(None, FixedClock())) == ""
    tracker = Tracker()
    assert await said(Tickets(tracker, FixedClock()), " ") == ""
    assert tracker.asked == []


async def test_a_tracker_that_is_away_or_slow_verifies_nothing_and_is_asked_again_soon() -> None:
    clock, tracker = FixedClock(), Tracker(away=True)
    tickets = Tickets(tracker, clock)
    assert await said(tickets) == "unavailable"
    assert await said(tickets) == "unavailable"
    assert len(tracker.asked) == 1
    tracker.away = False
    clock.advance(timedelta(seconds=5))
    assert await said(tickets) == "open"
    assert await said(Tickets(Tracker(hangs=True), clock, within_s=0.01)) == "unavailable"


async def test_what_it_said_counts_for_a_minute_and_for_one_person_on_one_target() -> None:
    clock, tracker = FixedClock(), Tracker()
    tickets = Tickets(tracker, clock)
    assert await said(tickets) == await said(tickets, " OPS-1 ") == "open"
    assert await tickets.said("OPS-1", "ana", "shop") == "open"
    assert tracker.asked == [("OPS-1", "tim", "shop"), ("OPS-1", "ana", "shop")]
    tracker.says = "closed"
    clock.advance(timedelta(seconds=60))
    assert await said(tickets) == "closed"


async def test_what_cannot_be_a_ticket_is_refused_at_once_and_never_sent_out() -> None:
    tracker = Tracker()
    tickets = Tickets(tracker, FixedClock(), pattern="OPS-[0-9]+|CHG-[0-9]+")
    for ticket in ("please", "OPS-1 or so", "xOPS-1", "OPS-1\n", "OPS-\ud800", "O" * 300):
        if ticket != "OPS-1\n":
            with pytest.raises(ConflictFault, match="no ticket"):
                tickets.check(ticket)
            assert await said(tickets, ticket) == "unknown"
    assert tracker.asked == []
    tickets.check("OPS-12")
    tickets.check("CHG-7")
    tickets.check("")
    with pytest.raises(OperatorFault, match="no pattern"):
        Tickets(tracker, FixedClock(), pattern="OPS-(")


async def test_a_policy_asks_for_an_open_ticket_and_gets_it(tmp_path: Path) -> None:
    tracker, clock = Tracker("closed"), FixedClock()
    tickets = Tickets(tracker, clock, pattern="OPS-[0-9]+")
    async with a_world(tmp_path, VERIFIED, clock=clock, tickets=tickets) as world:
        tim = a_caller(TIM)
        with pytest.raises(ConflictFault, match="must fit"):
            await world.access.ask(tim, "shop", None, "", "nonsense")
        request = await world.access.ask(tim, "shop", None, "", "OPS-1")
        assert request.ticket_said == "closed"
        assert "name an open ticket" in request.messages
        with pytest.raises(ConflictFault, match="must fit"):
            await world.requests.give_reason(tim, request.id, "", "nonsense")
        tracker.says = "open"
        said_open = await world.requests.give_reason(tim, request.id, "", "OPS-2")
        assert said_open.ticket_said == "open"
        another = await world.access.ask(tim, "shop", None, "", "OPS-2")
        assert another.ticket_said == "open"
        assert "name an open ticket" not in another.messages
        assert another.state is RequestState.PENDING
