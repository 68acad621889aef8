"""Signing in: what it costs to guess, what is kept, and what ends it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from assent.control.sign_in import TOKEN_LASTS_FOR
from assent.core.faults import ForbiddenFault
from assent.core.secret import Secret
from builders import ANA, BEN, CARL, PASSWORD, World, a_caller, a_subject, disabled

WRONG = Secret("wrong")
RIGHT = Secret(PASSWORD)


async def test_a_token_signs_in_until_it_expires(world: World) -> None:
    token, kept = await world.sign_in.login("ana", RIGHT, "10.0.0.1")
    caller = await world.sign_in.authenticate(token, "10.0.0.1", "api")
    assert (caller.subject, caller.door) == (ANA, "api")
    assert kept.expires_at == world.clock.now() + TOKEN_LASTS_FOR
    world.clock.advance(TOKEN_LASTS_FOR)
    with pytest.raises(ForbiddenFault, match="not-signed-in"):
        await world.sign_in.authenticate(token, "10.0.0.1", "api")


async def test_neither_token_nor_password_is_kept_or_shown(world: World) -> None:
    token, kept = await world.sign_in.login("ana", RIGHT, "10.0.0.1")
    caller = await world.sign_in.authenticate(token, "10.0.0.1", "api")
    log = await world.log()
    for secret in (token.reveal(), PASSWORD):
        assert secret not in log + repr((token, kept, caller, world.sign_in))
    assert await world.store.token(token.reveal()) is None
    assert await world.store.token(sha256(token.reveal().encode()).hexdigest()) is not None


async def test_a_refusal_does_not_tell_names_apart_and_shows_nothing(world: World) -> None:
    faults = []
    world.replace_people(disabled(ANA))
    for name, password in (("nobody", RIGHT), ("ben", WRONG), ("ana", RIGHT)):
        with pytest.raises(ForbiddenFault) as caught:
            await world.sign_in.login(name, password, "10.0.0.1")
        faults.append(str(caught.value))
    assert len(set(faults)) == 1
    assert PASSWORD not in faults[0]


async def test_the_eleventh_guess_is_not_checked(world: World) -> None:
    for _ in range(10):
        with pytest.raises(ForbiddenFault, match="sign-in-refused"):
            await world.sign_in.login("ana", WRONG, "10.0.0.1")
    with pytest.raises(ForbiddenFault, match="too-many-attempts"):
        await world.sign_in.login("ana", RIGHT, "10.0.0.1")


async def test_guesses_at_the_same_moment_are_counted_too(world: World) -> None:
    guesses = [world.sign_in.login("ana", WRONG, "10.0.0.1") for _ in range(50)]
    faults = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [fault.code for fault in faults if isinstance(fault, ForbiddenFault)]
    assert codes.count("sign-in-refused") == 10
    assert codes.count("too-many-attempts") == 40


async def test_nobody_locks_somebody_else_out(world: World) -> None:
    for _ in range(11):
        with pytest.raises(ForbiddenFault):
            await world.sign_in.login("ana", WRONG, "10.0.0.1")
    await world.sign_in.login("ana", RIGHT, "10.0.0.2")


async def test_the_limit_passes_with_time_and_with_the_right_password(world: World) -> None:
    for _ in range(9):
        with pytest.raises(ForbiddenFault):
            await world.sign_in.login("ana", WRONG, "10.0.0.1")
    await world.sign_in.login("ana", RIGHT, "10.0.0.1")
    for _ in range(10):
        with pytest.raises(ForbiddenFault):
            await world.sign_in.login("ana", WRONG, "10.0.0.1")
    world.clock.advance(timedelta(minutes=5, seconds=1))
    await world.sign_in.login("ana", RIGHT, "10.0.0.1")


async def test_signing_out_ends_the_token(world: World) -> None:
    token, _ = await world.sign_in.login("ana", RIGHT, "10.0.0.1")
    caller = await world.sign_in.authenticate(token, "10.0.0.1", "web")
    await world.sign_in.logout(caller)
    with pytest.raises(ForbiddenFault, match="not-signed-in"):
        await world.sign_in.authenticate(token, "10.0.0.1", "web")


async def test_a_disabled_person_is_signed_out_at_once(world: World) -> None:
    token, _ = await world.sign_in.login("ana", RIGHT, "10.0.0.1")
    world.replace_people(disabled(ANA))
    with pytest.raises(ForbiddenFault, match="not-signed-in"):
        await world.sign_in.authenticate(token, "10.0.0.1", "api")


async def test_a_step_up_is_dated_and_needs_the_password(world: World) -> None:
    token, _ = await world.sign_in.login("ana", RIGHT, "10.0.0.1")
    caller = await world.sign_in.authenticate(token, "10.0.0.1", "api")
    with pytest.raises(ForbiddenFault, match="sign-in-refused"):
        await world.sign_in.step_up(caller, WRONG)
    assert world.sign_in.stepped_up_at(ANA.id) is None
    await world.sign_in.step_up(caller, RIGHT)
    again = await world.sign_in.authenticate(token, "10.0.0.1", "api")
    assert again.authentication.stepped_up_at == world.clock.now()
    assert world.journal == ["login", "step-up"]


async def test_guessing_at_a_step_up_is_limited_like_signing_in(world: World) -> None:
    caller = replace(a_caller(ANA), address="10.0.0.9")
    for _ in range(10):
        with pytest.raises(ForbiddenFault, match="sign-in-refused"):
            await world.sign_in.step_up(caller, WRONG)
    with pytest.raises(ForbiddenFault, match="too-many-attempts"):
        await world.sign_in.step_up(caller, RIGHT)


def test_overseers_are_security_and_auditors() -> None:
    assert a_caller(CARL).oversees
    assert a_caller(a_subject("eve", "auditors")).oversees
    assert not a_caller(BEN).oversees
