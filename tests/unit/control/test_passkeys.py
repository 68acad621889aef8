"""Passkeys: who may make one, what signing in and confirming with one needs, what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from assent.control.device_keys import STEPPED_UP_WITHIN
from assent.control.passkey_challenges import LASTS_FOR
from assent.control.passkeys import METHOD
from assent.control.sign_in import Caller
from assent.core.device_key import DeviceKey
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.identity.webauthn import WebAuthnParty
from builders import BEN, CARL, DORA, PASSWORD, World
from software_authenticator import ATTESTED, PRESENT, VERIFIED, Passkey

HERE = "192.0.2.7"


async def signed_in(world: World, person: Subject = BEN, *, fresh: bool = True) -> Caller:
    token, _ = await world.sign_in.login(person.name, Secret(PASSWORD), HERE)
    caller = await world.sign_in.authenticate(token, HERE, "web")
    if fresh:
        await world.sign_in.step_up(caller, Secret(PASSWORD))
    return caller


async def enrolled(world: World, passkey: Passkey, person: Subject = BEN) -> DeviceKey:
    passkeys, caller = world.plane.passkeys, await signed_in(world, person)
    options = await passkeys.begin_enrolment(caller)
    return await passkeys.enrol(caller, "phone", passkey.create(options))


async def sign_in(world: World, passkey: Passkey, whose: str = "tab", **said: Any) -> Caller:
    passkeys = world.plane.passkeys
    answer = passkey.get(passkeys.begin_sign_in(whose), **said)
    token, _ = await passkeys.sign_in(whose, answer, HERE, "a browser")
    return await world.sign_in.authenticate(token, HERE, "web")


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
async def test_a_passkey_is_made_known_and_signs_in_and_that_is_a_step_up_too(
    world: World, kind: str
) -> None:
    passkey = Passkey(kind)
    key = await enrolled(world, passkey)
    assert (key.subject, key.kind) == (BEN.id, "webauthn")
    assert key.details["rp_id"] == "localhost"
    assert key.details["protection"] == "authenticator"
    caller = await sign_in(world, passkey)
    assert caller.subject == BEN
    assert caller.authentication.method == METHOD
    assert caller.authentication.stepped_up_at == world.clock.now()
    # And of this very sign-in, so that the next passkey needs no password.
    await world.plane.passkeys.begin_enrolment(caller)
    (kept,) = await world.plane.passkeys.mine(BEN.id)
    assert kept.details["sign_count"] == "1"
    assert world.journal.count("device.enrolled") == 1


async def test_one_is_made_only_after_a_fresh_step_up_and_at_one_sign_in(world: World) -> None:
    passkeys = world.plane.passkeys
    stale = await signed_in(world, fresh=False)
    world.clock.advance(STEPPED_UP_WITHIN + timedelta(seconds=1))
    with pytest.raises(ForbiddenFault, match="confirm that it is you"):
        await passkeys.begin_enrolment(stale)
    caller, other = await signed_in(world), await signed_in(world)
    answer = Passkey().create(await passkeys.begin_enrolment(caller))
    with pytest.raises(ConflictFault, match="another sign-in's"):
        await passkeys.enrol(other, "phone", answer)
    world.clock.advance(STEPPED_UP_WITHIN + timedelta(seconds=1))
    with pytest.raises(ForbiddenFault, match="confirm that it is you"):
        await passkeys.enrol(caller, "phone", answer)


async def test_whoever_knows_who_it_is_makes_one_for_somebody_who_is_not_signed_in(
    world: World,
) -> None:
    passkeys, passkey = world.plane.passkeys, Passkey()
    options = await passkeys.begin_for(DORA, "digest of an invitation")
    answer = passkey.create(options)
    with pytest.raises(ConflictFault):
        await passkeys.enrol_for(DORA, "another invitation", "phone", answer)
    await passkeys.enrol_for(DORA, "digest of an invitation", "phone", answer)
    assert (await sign_in(world, passkey)).subject == DORA


async def test_the_browser_is_told_which_passkeys_there_are(world: World) -> None:
    passkey = Passkey()
    await enrolled(world, passkey)
    options = await world.plane.passkeys.begin_enrolment(await signed_in(world))
    excluded: Any = options["excludeCredentials"]
    selection: Any = options["authenticatorSelection"]
    assert len(excluded) == 1
    assert selection["userVerification"] == selection["residentKey"] == "required"
    assert options["attestation"] == "none"
    algorithms: Any = options["pubKeyCredParams"]
    assert [one["alg"] for one in algorithms] == [-7, -8, -257]


BAD_MAKINGS: list[tuple[dict[str, Any], str]] = [
    ({"origin": "http://localhost:9"}, "origin"),
    ({"origin": "https://evil.test"}, "origin"),
    ({"rp_id": "evil.test"}, "RP ID"),
    ({"flags": PRESENT | ATTESTED}, "verif"),
    ({"flags": VERIFIED | ATTESTED}, "present"),
]


@pytest.mark.parametrize(("said", "words"), BAD_MAKINGS)
async def test_a_passkey_made_elsewhere_or_unverified_is_not_taken(
    world: World, said: dict[str, Any], words: str
) -> None:
    caller = await signed_in(world)
    answer = Passkey().create(await world.plane.passkeys.begin_enrolment(caller), **said)
    with pytest.raises(ForbiddenFault, match=words):
        await world.plane.passkeys.enrol(caller, "phone", answer)
    assert await world.plane.passkeys.mine(BEN.id) == ()


BAD_USES: list[tuple[dict[str, Any], str]] = [
    ({"origin": "http://localhost:9"}, "used at `http://localhost:9`, not at"),
    ({"origin": "https://evil.test"}, "used at `https://evil.test`, which is not `localhost`"),
    ({"rp_id": "evil.test"}, "was not used for `localhost`"),
    ({"flags": PRESENT}, "did not check who was there"),
    ({"flags": VERIFIED}, "nobody was there"),
    ({"type": "webauthn.create"}, "asked for something else"),
    ({"cross_origin": True}, "inside of another site's"),
]


@pytest.mark.parametrize(("said", "words"), BAD_USES)
async def test_a_passkey_used_elsewhere_or_unverified_does_not_sign_in(
    world: World, said: dict[str, Any], words: str
) -> None:
    passkey = Passkey()
    await enrolled(world, passkey)
    with pytest.raises(ForbiddenFault, match=words):
        await sign_in(world, passkey, **said)


async def test_an_answer_is_good_once_for_a_while_and_in_one_browser(world: World) -> None:
    passkeys, passkey = world.plane.passkeys, Passkey()
    await enrolled(world, passkey)
    answer = passkey.get(passkeys.begin_sign_in("tab"))
    with pytest.raises(ConflictFault, match="begin again"):
        await passkeys.sign_in("another browser", answer, HERE)
    await passkeys.sign_in("tab", answer, HERE)
    with pytest.raises(ConflictFault, match="begin again"):
        await passkeys.sign_in("tab", answer, HERE)
    late = passkey.get(passkeys.begin_sign_in("tab"))
    world.clock.advance(LASTS_FOR)
    with pytest.raises(ConflictFault, match="begin again"):
        await passkeys.sign_in("tab", late, HERE)
    invented = passkey.get({"challenge": "A" * 40})
    with pytest.raises(ConflictFault, match="begin again"):
        await passkeys.sign_in("tab", invented, HERE)


async def test_what_one_signed_to_sign_in_is_no_step_up(world: World) -> None:
    passkeys, passkey = world.plane.passkeys, Passkey()
    await enrolled(world, passkey)
    caller = await signed_in(world, fresh=False)
    answer = passkey.get(passkeys.begin_sign_in(caller.token_digest))
    with pytest.raises(ConflictFault, match="begin again"):
        await passkeys.step_up(caller, answer)


async def _revoked(world: World, passkey: Passkey) -> None:
    key = await enrolled(world, passkey)
    await world.plane.device_keys.revoke(await signed_in(world), key.id)


async def _disabled(world: World, passkey: Passkey) -> None:
    await enrolled(world, passkey)
    await world.plane.people.disable(world.directory.subject(BEN.id), None)


async def _forged(world: World, passkey: Passkey) -> None:
    await enrolled(world, passkey)
    passkey.key = Passkey(seed=9).key


async def _nobodys(world: World, passkey: Passkey) -> None:
    passkey.user = "sub_nobody"


async def _anothers(world: World, passkey: Passkey) -> None:
    await enrolled(world, passkey)
    passkey.user = DORA.id


@pytest.mark.parametrize("spoil", [_revoked, _disabled, _forged, _nobodys, _anothers])
async def test_whatever_is_wrong_with_it_one_hears_the_same(
    world: World, spoil: Callable[[World, Passkey], Any]
) -> None:
    passkey = Passkey()
    await spoil(world, passkey)
    with pytest.raises(ForbiddenFault) as refused:
        await sign_in(world, passkey)
    assert refused.value.code == "sign-in-refused"
    assert "not good here" in refused.value.detail
    await world.sign_in.refusals.flush(all_of_them=True)
    assert "login.refused" in world.journal


async def test_a_copy_that_signed_less_often_is_refused_and_told_of(world: World) -> None:
    passkey = Passkey()
    await enrolled(world, passkey)
    await sign_in(world, passkey)
    await sign_in(world, passkey)
    with pytest.raises(ForbiddenFault, match="may have been copied"):
        await sign_in(world, passkey, sign_count=2)
    with pytest.raises(ForbiddenFault, match="may have been copied"):
        await sign_in(world, passkey, sign_count=0)
    await world.sign_in.refusals.flush(all_of_them=True)
    assert "security.event" in world.journal
    assert "login.refused" in world.journal
    uncounted = Passkey("EdDSA", counts=False)
    await enrolled(world, uncounted)
    await sign_in(world, uncounted)
    assert (await sign_in(world, uncounted)).subject == BEN


async def test_confirming_needs_ones_own_passkey(world: World) -> None:
    passkeys, bens, doras = world.plane.passkeys, Passkey(), Passkey("EdDSA")
    caller = await signed_in(world, fresh=False)
    with pytest.raises(ConflictFault, match="you have no passkey"):
        await passkeys.begin_step_up(caller)
    await enrolled(world, bens)
    await enrolled(world, doras, DORA)
    world.clock.advance(timedelta(hours=1))
    options = await passkeys.begin_step_up(caller)
    with pytest.raises(ForbiddenFault, match="not good here"):
        await passkeys.step_up(caller, doras.get(options))
    await passkeys.step_up(caller, bens.get(options))
    assert world.sign_in.stepped_up_at(BEN.id) == world.clock.now()
    with pytest.raises(ConflictFault, match="begin again"):
        await passkeys.step_up(caller, bens.get(options))


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"id": 1}', "\x00" * 50, "[" * 5000])
async def test_what_is_no_answer_of_a_passkey_is_refused(world: World, text: str) -> None:
    passkeys, caller = world.plane.passkeys, await signed_in(world)
    for doing in (
        lambda: passkeys.sign_in("tab", text, HERE),
        lambda: passkeys.step_up(caller, text),
        lambda: passkeys.enrol(caller, "phone", text),
    ):
        with pytest.raises(ForbiddenFault, match="no answer of a passkey"):
            await doing()


async def test_where_the_site_has_no_name_it_says_what_to_do(world: World) -> None:
    for origin, words in (
        ("http://127.0.0.1:8470", "is an address"),
        ("https://[::1]:8470", "is an address"),
        ("http://assent.test", "over https only"),
    ):
        assert words in WebAuthnParty(origin).problem
    for origin in ("https://assent.test", "http://localhost:8470"):
        assert WebAuthnParty(origin).problem == ""
    passkeys = world.plane.passkeys
    passkeys._party = WebAuthnParty("http://127.0.0.1:8470")
    with pytest.raises(ConflictFault, match="public_url"):
        passkeys.begin_sign_in("tab")


async def test_a_passkey_of_a_former_name_of_the_site_is_not_offered(world: World) -> None:
    key = await enrolled(world, Passkey())
    assert list((await world.plane.passkeys.signer(await signed_in(world))).known) == [key.id]
    moved = WebAuthnParty("https://assent.test")
    world.plane.passkeys._party = moved
    assert not (await world.plane.passkeys.signer(await signed_in(world, CARL))).known
    assert not (await world.plane.passkeys.signer(await signed_in(world))).known
    assert replace(key).details["rp_id"] == "localhost"
