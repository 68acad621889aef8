"""Who is on call: turns by week and day, hours over midnight, and a service that may be away."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.intelligence.on_call import OnCallOf, OnCallService, Rota, Turns, bearer
from assent.workflow.wishes import window_of
from builders import FixedClock

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PEOPLE = ("ben", "dora", "eve")


def test_the_order_stays_where_nobody_takes_turns() -> None:
    assert Turns("dba", PEOPLE).at(MONDAY) == PEOPLE


@pytest.mark.parametrize(("weeks", "first"), [(0, "ben"), (1, "dora"), (2, "eve"), (3, "ben")])
def test_the_first_place_moves_on_each_week(weeks: int, first: str) -> None:
    turns = Turns("dba", PEOPLE, turns="weekly", since=date(2026, 3, 2))
    on_call = turns.at(MONDAY + weeks * timedelta(weeks=1))
    assert on_call[0] == first
    assert sorted(on_call) == sorted(PEOPLE)
    assert turns.at(MONDAY - timedelta(weeks=1))[0] == "eve"


def test_a_day_is_that_of_the_rotas_own_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    turns = Turns("dba", PEOPLE, berlin, turns="daily", since=date(2026, 3, 2))
    late = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)
    assert turns.at(late)[0] == "ben"
    assert turns.at(late + timedelta(minutes=1))[0] == "dora"


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    hours = window_of("mon-fri 22:00-06:00")
    turns = Turns("dba", PEOPLE, turns="daily", since=date(2026, 3, 2), hours=hours)
    assert turns.at(MONDAY) == ()
    assert turns.at(MONDAY + timedelta(hours=11))[0] == "ben"
    assert turns.at(MONDAY + timedelta(hours=17, minutes=59))[0] == "ben"
    assert turns.at(MONDAY + timedelta(hours=18)) == ()
    assert turns.at(MONDAY - timedelta(hours=13)) == ()


async def test_several_lines_of_a_group_follow_each_other() -> None:
    day = Turns("dba", ("ben",), hours=window_of("mon-fri 08:00-18:00"))
    rota = Rota([day, Turns("dba", ("eve", "ben")), Turns("security", ("carl",))])
    assert await rota.on_call("dba", MONDAY) == ("ben", "eve")
    assert await rota.on_call("dba", MONDAY + timedelta(hours=9)) == ("eve", "ben")
    assert await rota.on_call("nobody", MONDAY) == ()


async def test_a_service_is_asked_once_a_minute_and_not_at_once_again_when_it_is_away() -> None:
    clock, asked = FixedClock(), list[Mapping[str, str]]()
    answers: list[object] = [
        {"on_call": ["ben", "ben", "dora"]},
        OutsideFault("x", "away"),
        ["eve"],
    ]

    async def ask(query: Mapping[str, str]) -> object:
        asked.append(query)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    service = OnCallService(ask, clock)
    assert await service.on_call("dba", MONDAY) == ("ben", "dora")
    assert await service.on_call("dba", MONDAY) == ("ben", "dora")
    assert asked == [{"group": "dba", "at": "2026-03-02T12:00:00.000000Z"}]
    clock.advance(timedelta(seconds=60))
    for _ in range(2):
        with pytest.raises(OutsideFault):
            await service.on_call("dba", MONDAY)
    assert len(asked) == 2
    clock.advance(timedelta(seconds=15))
    assert await service.on_call("dba", MONDAY) == ("eve",)


@pytest.mark.parametrize("answer", [{"on_call": "ben"}, {"on_call": [1]}, None, {}, "ben"])
async def test_an_answer_without_names_is_none(answer: object) -> None:
    async def ask(query: Mapping[str, str]) -> object:
        return answer

    with pytest.raises(OutsideFault, match="no list of names"):
        await OnCallService(ask, FixedClock()).on_call("dba", MONDAY)


async def test_each_group_is_asked_of_who_knows_it() -> None:
    known, others = Rota([Turns("dba", ("ben",))]), Rota([Turns("security", ("carl",))])
    sources = OnCallOf({"dba": known}, others)
    assert await sources.on_call("dba", MONDAY) == ("ben",)
    assert await sources.on_call("security", MONDAY) == ("carl",)
    assert await OnCallOf({}).on_call("dba", MONDAY) == ()


def test_a_token_is_shown_as_a_bearer() -> None:
    assert bearer(Secret("t0ken")) == {"authorization": "Bearer t0ken"}
    assert bearer(None) == {}
