"""Codes for command lines without a browser: RFC 8628, and what guessing one would take."""

import asyncio
import math
from datetime import timedelta

import pytest

from assent.control import device_codes
from assent.control.device_codes import (
    INTERVAL_S,
    LASTS_FOR,
    LENGTH,
    LETTERS,
    MOST_GUESSES,
    MOST_OF_AN_ADDRESS,
    MOST_WAITING,
    SLOWER_BY_S,
    Begun,
    NoToken,
    Trouble,
    normal,
    shown,
)
from assent.control.sign_in import TOKEN_LASTS_FOR
from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.secret import Secret
from assent.core.token import TokenKind
from builders import ANA, BEN, World
from program_callers import as_program, in_a_browser, just_confirmed

INTERVAL = timedelta(seconds=INTERVAL_S)


def begun(world: World, host: str = "laptop", address: str = "192.0.2.7") -> Begun:
    return world.plane.programs.device_codes.begin(host, address, "assent-cli")


async def trouble(world: World, code: Secret[str]) -> Trouble:
    with pytest.raises(NoToken) as none:
        await world.plane.programs.device_codes.poll(code)
    return none.value.trouble


async def test_who_types_the_code_lets_the_command_line_in_as_themself(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    asked = begun(world, "lap\u202etop\n")
    assert await trouble(world, asked.device_code) is Trouble.PENDING
    waiting = codes.look(ben, f" {shown(asked.user_code).lower()} ")
    assert (waiting.host, waiting.address) == ("laptop", "192.0.2.7")
    await codes.answer(ben, asked.user_code, allow=True)
    world.clock.advance(INTERVAL)
    secret, token = await codes.poll(asked.device_code)
    assert (token.subject, token.kind) == (BEN.id, TokenKind.COMMAND_LINE)
    assert token.method == "device-code"
    assert "laptop" in token.name
    assert (await as_program(world, secret)).subject == BEN


async def test_what_was_weak_in_the_browser_is_weak_at_the_command_line(world: World) -> None:
    codes, asked = world.plane.programs.device_codes, begun(world)
    secret, _ = await world.sign_in.issue(BEN, TokenKind.BROWSER, "password")
    ben = await world.sign_in.authenticate(secret, "", "web")
    await codes.answer(ben, asked.user_code, allow=True)
    _, token = await codes.poll(asked.device_code)
    assert token.method == "password"


async def test_a_device_code_brings_one_token_also_to_two_who_ask_at_once(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    asked = begun(world)
    await codes.answer(ben, asked.user_code, allow=True)
    both = await asyncio.gather(
        codes.poll(asked.device_code), codes.poll(asked.device_code), return_exceptions=True
    )
    assert [isinstance(one, NoToken) for one in both] == [False, True]
    assert await trouble(world, asked.device_code) is Trouble.BAD_GRANT


async def test_each_answer_of_the_standard_is_given_where_it_belongs(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    asked, refused, late = begun(world), begun(world), begun(world)
    assert await trouble(world, Secret("made up")) is Trouble.BAD_GRANT
    assert await trouble(world, asked.device_code) is Trouble.PENDING
    assert await trouble(world, asked.device_code) is Trouble.SLOW_DOWN
    world.clock.advance(INTERVAL)
    assert await trouble(world, asked.device_code) is Trouble.SLOW_DOWN
    world.clock.advance(INTERVAL + 2 * timedelta(seconds=SLOWER_BY_S))
    assert await trouble(world, asked.device_code) is Trouble.PENDING
    await codes.answer(ben, refused.user_code, allow=False)
    assert await trouble(world, refused.device_code) is Trouble.DENIED
    world.clock.advance(LASTS_FOR)
    assert await trouble(world, late.device_code) is Trouble.EXPIRED


async def test_a_code_is_answered_once_and_not_after_its_time(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    asked, late = begun(world), begun(world)
    await codes.answer(ben, asked.user_code, allow=True)
    with pytest.raises(MissingFault):
        await codes.answer(await in_a_browser(world, ANA), asked.user_code, allow=True)
    world.clock.advance(LASTS_FOR)
    with pytest.raises(MissingFault):
        codes.look(ben, late.user_code)


async def test_two_machines_never_share_a_code(world: World) -> None:
    some = [begun(world, address=f"192.0.2.{number}") for number in range(100)]
    assert len({one.user_code for one in some}) == len(some)
    assert {len(one.user_code) for one in some} == {LENGTH}
    assert set("".join(one.user_code for one in some)) <= set(LETTERS)


async def test_only_a_person_in_a_browser_answers(world: World) -> None:
    codes, asked = world.plane.programs.device_codes, begun(world)
    with pytest.raises(ForbiddenFault, match="in a browser"):
        await codes.answer(await just_confirmed(world), asked.user_code, allow=True)


async def test_whoever_signs_out_meanwhile_lets_nobody_in(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    asked = begun(world)
    await codes.answer(ben, asked.user_code, allow=True)
    await world.sign_in.logout(ben)
    assert await trouble(world, asked.device_code) is Trouble.DENIED


async def test_it_lasts_no_longer_than_what_was_proved_in_the_browser(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    proved_at = world.clock.now()
    world.clock.advance(timedelta(hours=1))
    asked = begun(world)
    await codes.answer(ben, asked.user_code, allow=True)
    _, token = await codes.poll(asked.device_code)
    assert (token.issued_at, token.expires_at) == (proved_at, proved_at + TOKEN_LASTS_FOR)
    assert token.stepped_up_at is None


async def test_guesses_end_before_they_get_anywhere_and_only_for_who_guesses(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    asked = begun(world)
    for number in range(MOST_GUESSES):
        with pytest.raises(MissingFault):
            codes.look(ben, f"BBBBBBB{LETTERS[number]}")
    with pytest.raises(ForbiddenFault, match="too many codes"):
        codes.look(ben, asked.user_code)
    assert codes.look(await in_a_browser(world, ANA), asked.user_code).host == "laptop"
    world.clock.advance(LASTS_FOR + timedelta(seconds=1))
    again = begun(world)
    assert codes.look(ben, again.user_code).host == "laptop"


def test_an_even_chance_of_a_guess_takes_decades() -> None:
    hits = MOST_WAITING / len(LETTERS) ** LENGTH
    guesses_a_year = MOST_GUESSES * timedelta(days=365) / LASTS_FOR
    assert math.log(2) / hits / guesses_a_year > 30


async def test_nobody_who_waits_is_pushed_out_by_who_asks_too_often(world: World) -> None:
    codes, ben = world.plane.programs.device_codes, await in_a_browser(world)
    mine = begun(world, "mine", "192.0.2.1")
    for _ in range(MOST_OF_AN_ADDRESS):
        begun(world, address="192.0.2.9")
    with pytest.raises(ForbiddenFault, match="too many command lines"):
        begun(world, address="192.0.2.9")
    assert codes.look(ben, mine.user_code).host == "mine"
    world.clock.advance(2 * LASTS_FOR)
    assert begun(world, address="192.0.2.9").interval_s == INTERVAL_S


async def test_all_places_taken_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_codes, "MOST_WAITING", 3)
    for number in range(3):
        begun(world, address=f"192.0.2.{number}")
    with pytest.raises(ForbiddenFault, match="too many command lines"):
        begun(world, address="192.0.2.200")


def test_a_code_is_read_however_it_is_typed() -> None:
    assert normal(" bcdf-ghjk\n") == normal("BCDF GHJK") == "BCDFGHJK"
    assert shown("BCDFGHJK") == "BCDF-GHJK"
