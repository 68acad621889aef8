"""Codes that a browser brings to a command line of its machine: RFC 8252 with RFC 7636."""

import asyncio
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from assent.control.loop_back import (
    CODE_LASTS_FOR,
    MOST_OF_A_PERSON,
    Asked,
    asked_of,
    is_verified,
)
from assent.control.sign_in import TOKEN_LASTS_FOR
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.secret import Secret
from assent.core.token import TokenKind
from builders import BEN, World
from program_callers import in_a_browser, just_confirmed

VERIFIER = Secret("v" * 43)
STATE = "s" * 22


def challenge_of(verifier: Secret[str]) -> str:
    digest = sha256(verifier.reveal().encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def asked(verifier: Secret[str] = VERIFIER, host: str = "laptop") -> Asked:
    return asked_of(50_000, challenge_of(verifier), STATE, host)


async def test_the_code_brings_a_token_to_who_has_the_verifier_once(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    code = await loop_back.confirm(ben, asked())
    _, token = await loop_back.exchange(code, VERIFIER, "127.0.0.1", "assent-cli")
    assert (token.subject, token.kind, token.method) == (BEN.id, TokenKind.COMMAND_LINE, "passkey")
    assert token.name == "command line on laptop"
    with pytest.raises(ForbiddenFault, match="was used"):
        await loop_back.exchange(code, VERIFIER, "127.0.0.1")


async def test_of_two_who_come_with_one_code_one_gets_a_token(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    code = await loop_back.confirm(ben, asked())
    both = await asyncio.gather(
        loop_back.exchange(code, VERIFIER, ""),
        loop_back.exchange(code, VERIFIER, ""),
        return_exceptions=True,
    )
    assert [isinstance(one, ForbiddenFault) for one in both] == [False, True]


async def test_a_wrong_verifier_uses_the_code_up(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    code = await loop_back.confirm(ben, asked())
    for verifier in (Secret("w" * 43), VERIFIER):
        with pytest.raises(ForbiddenFault, match="sign in again"):
            await loop_back.exchange(code, verifier, "")


async def test_a_code_is_good_for_two_minutes(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    code = await loop_back.confirm(ben, asked())
    world.clock.advance(CODE_LASTS_FOR)
    with pytest.raises(ForbiddenFault):
        await loop_back.exchange(code, VERIFIER, "")


async def test_a_sign_in_of_a_command_line_makes_no_other_one(world: World) -> None:
    loop_back = world.plane.programs.loop_back
    with pytest.raises(ForbiddenFault, match="in a browser"):
        await loop_back.confirm(await just_confirmed(world), asked())


async def test_a_code_dies_with_the_sign_in_that_gave_it(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    code = await loop_back.confirm(ben, asked())
    await world.sign_in.logout(ben)
    with pytest.raises(ForbiddenFault):
        await loop_back.exchange(code, VERIFIER, "")


async def test_an_old_sign_in_is_not_renewed_by_it(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    began = world.clock.now()
    world.clock.advance(timedelta(minutes=7))
    code = await loop_back.confirm(ben, asked())
    _, token = await loop_back.exchange(code, VERIFIER, "")
    assert (token.issued_at, token.expires_at) == (began, began + TOKEN_LASTS_FOR)


async def test_somebodys_codes_are_bounded_and_nobody_elses_suffer(world: World) -> None:
    loop_back, ben = world.plane.programs.loop_back, await in_a_browser(world)
    codes = [await loop_back.confirm(ben, asked()) for _ in range(MOST_OF_A_PERSON + 1)]
    with pytest.raises(ForbiddenFault):
        await loop_back.exchange(codes[0], VERIFIER, "")
    await loop_back.exchange(codes[-1], VERIFIER, "")


@pytest.mark.parametrize(
    ("port", "challenge", "state"),
    [
        (80, "c" * 43, STATE),
        (65536, "c" * 43, STATE),
        (50_000, "c" * 42, STATE),
        (50_000, "c" * 42 + "&", STATE),
        (50_000, "c" * 43, "short"),
        (50_000, "c" * 43, "s" * 20 + "\r\nx"),
    ],
)
def test_what_no_command_line_of_ours_sends_is_refused(
    port: int, challenge: str, state: str
) -> None:
    with pytest.raises(ConflictFault):
        asked_of(port, challenge, state, "laptop")


def test_the_answer_goes_to_this_machine_and_nowhere_else() -> None:
    where = asked(host="x@evil.example/").answered(code="a&b")
    assert where == f"http://127.0.0.1:50000/?code=a%26b&state={STATE}"


def test_the_vector_of_the_standard_holds() -> None:
    # RFC 7636, appendix B.
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert is_verified(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert not is_verified(Secret("ü" * 43), challenge_of(VERIFIER))
