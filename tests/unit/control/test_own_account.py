"""One's own account: what may be changed, by which proof, and what is told and logged."""

import pytest

from assent.control.second_factor import BY_CODE, BY_RECOVERY_CODE
from assent.control.sign_in import Caller
from assent.control.sign_in_rules import SignInRules
from assent.core.faults import ConflictFault, ForbiddenFault, TooManyFault
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.token import TokenKind
from builders import ANA, MINUTE, PASSWORD, PlainHasher, World
from totp_app import code_now
from unit.control.test_accounts import CHOSEN, OTHER, administrator, joined

RIGHT = Secret(PASSWORD)


async def signed_in(world: World, name: str = "ana") -> Caller:
    token, _ = await world.sign_in.login(name, RIGHT, "192.0.2.1")
    return await world.sign_in.authenticate(token, "192.0.2.1", "web")


async def with_codes(world: World, caller: Caller) -> tuple[str, list[str]]:
    """Add an app for codes; return its secret and the recovery codes, a minute later."""
    own = world.plane.local_people.own
    secret = (await own.begin_generator(caller)).secret.reveal()
    codes = await own.confirm_generator(caller, code_now(secret, world.clock.now()))
    world.clock.advance(MINUTE)
    return secret, [code.reveal() for code in codes]


async def test_a_password_alone_is_not_enough_behind_an_app_for_codes(world: World) -> None:
    secret, codes = await with_codes(world, await signed_in(world))
    with pytest.raises(ForbiddenFault, match="second-factor-needed"):
        await world.sign_in.login("ana", RIGHT, "192.0.2.1")
    code = code_now(secret, world.clock.now())
    _, kept = await world.sign_in.login("ana", RIGHT, "192.0.2.1", code=code)
    assert kept.method == BY_CODE
    with pytest.raises(ForbiddenFault, match="used before"):
        await world.sign_in.login("ana", RIGHT, "192.0.2.1", code=code)
    _, kept = await world.sign_in.login("ana", RIGHT, "192.0.2.1", code=codes[0])
    assert kept.method == BY_RECOVERY_CODE
    with pytest.raises(ForbiddenFault, match="used before"):
        await world.sign_in.login("ana", RIGHT, "192.0.2.1", code=codes[0])


async def test_a_step_up_takes_the_code_as_well(world: World) -> None:
    ana = await signed_in(world)
    secret, _ = await with_codes(world, ana)
    with pytest.raises(ForbiddenFault, match="second-factor-needed"):
        await world.sign_in.step_up(ana, RIGHT)
    await world.sign_in.step_up(ana, RIGHT, code_now(secret, world.clock.now()))
    assert world.sign_in.stepped_up_at(ANA.id) == world.clock.now()


async def test_right_passwords_in_between_do_not_let_codes_be_guessed_on(world: World) -> None:
    await with_codes(world, await signed_in(world))
    for _ in range(5):
        with pytest.raises(ForbiddenFault, match="second-factor-needed"):
            await world.sign_in.login("ana", RIGHT, "198.51.100.1")
        with pytest.raises(ForbiddenFault, match="sign-in-refused"):
            await world.sign_in.login("ana", RIGHT, "198.51.100.1", code="000000")
    with pytest.raises(TooManyFault):
        await world.sign_in.login("ana", RIGHT, "198.51.100.1", code="000000")


async def test_changes_need_a_proof_of_the_last_minutes_at_this_sign_in(world: World) -> None:
    ana, own = await signed_in(world), world.plane.local_people.own
    world.clock.advance(11 * MINUTE)
    await world.step_up(ANA)  # At another sign-in.
    for change in (own.begin_generator, own.remove_generator, own.new_recovery_codes):
        with pytest.raises(ForbiddenFault, match="step-up-needed"):
            await change(ana)
    with pytest.raises(ForbiddenFault, match="step-up-needed"):
        await own.confirm_generator(ana, "000000")


async def test_a_new_password_ends_the_other_sign_ins_and_the_old_one(world: World) -> None:
    nora = await joined(world, await administrator(world))
    await world.sign_in.login("nora", CHOSEN, "192.0.2.2")
    own = world.plane.local_people.own
    world.clock.advance(11 * MINUTE)
    with pytest.raises(ForbiddenFault, match="step-up-needed"):
        await own.set_password(nora, OTHER)
    with pytest.raises(ForbiddenFault, match="sign-in-refused"):
        await own.set_password(nora, OTHER, Secret("wrong"))
    assert await own.set_password(nora, OTHER, CHOSEN) == 1
    assert [one.id for one in await world.store.tokens(nora.subject.id)] == [nora.token]
    assert await world.sign_in.login("nora", OTHER, "192.0.2.1")


async def test_a_password_of_an_older_cost_is_hashed_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def costlier(self: PlainHasher, password: Secret[str]) -> str:
        return f"costlier {password.reveal()}"

    await joined(world, await administrator(world))
    nora = world.directory.subject_named("nora")
    assert nora is not None
    await world.plane.people.put(nora, None, password_hash="old password")
    monkeypatch.setattr(PlainHasher, "hash", costlier)
    await world.sign_in.login("nora", Secret("old password"), "192.0.2.1")
    kept = await world.store.password_hash(nora.id)
    assert kept is not None
    assert kept.reveal() == "costlier old password"


async def test_whoever_must_prove_more_sees_only_their_account(world: World) -> None:
    world.sign_in.rules = SignInRules(second_factor_of="everybody")
    ana = await signed_in(world)
    assert ana.falls_short
    assert ana.permissions == {Permission.ACCOUNT}
    with pytest.raises(ForbiddenFault, match="second-factor-missing"):
        ana.check(Permission.ASK)
    token, _ = await world.sign_in.login("ana", RIGHT, "192.0.2.1")
    caller = await world.sign_in.authenticate(token, "192.0.2.1", "web")
    await with_codes(world, caller)
    whole = await world.sign_in.authenticate(token, "192.0.2.1", "web")
    assert not whole.falls_short
    whole.check(Permission.ASK)


async def test_only_administrators_must_prove_more_where_the_rules_say_so(world: World) -> None:
    world.sign_in.rules = SignInRules(second_factor_of="administrators")
    assert not (await signed_in(world)).falls_short
    nora = await joined(world, await administrator(world))
    assert not nora.falls_short


async def test_a_browser_in_which_nothing_is_done_is_signed_out(world: World) -> None:

    token, _ = await world.sign_in.login("ana", RIGHT, "192.0.2.1", kind=TokenKind.BROWSER)
    for _ in range(5):
        world.clock.advance(100 * MINUTE)
        await world.sign_in.authenticate(token, "192.0.2.1", "web")
    world.clock.advance(131 * MINUTE)
    with pytest.raises(ForbiddenFault, match="not-signed-in"):
        await world.sign_in.authenticate(token, "192.0.2.1", "web")


async def test_removing_the_app_removes_the_recovery_codes(world: World) -> None:
    ana, own = await signed_in(world), world.plane.local_people.own
    await with_codes(world, ana)
    with pytest.raises(ConflictFault, match="generator-exists"):
        await own.begin_generator(ana)
    await own.remove_generator(ana)
    assert await world.store.authenticators(ANA.id) == []
    assert {"authenticator.added", "authenticator.removed"} <= set(world.journal)


async def test_passwords_count_nothing_where_the_rules_say_so(world: World) -> None:
    world.sign_in.proving._rules = SignInRules(local_passwords=False)
    with pytest.raises(ForbiddenFault, match="no-passwords"):
        await world.sign_in.login("ana", RIGHT, "192.0.2.1")


async def test_what_expired_is_swept(world: World) -> None:
    await signed_in(world)
    world.clock.advance(13 * 60 * MINUTE)
    await world.sweep.once()
    assert await world.store.tokens(ANA.id) == []
