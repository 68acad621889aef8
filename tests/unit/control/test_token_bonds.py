"""What was opened with a sign-in ends when somebody ends that sign-in, and nothing else does."""

from assent.control.opening import sign_in_over
from assent.control.sign_in import Caller
from assent.control.token_bonds import TokenBonds
from assent.core.ids import CredentialId, TokenId
from assent.core.secret import Secret
from assent.core.token import TokenKind
from builders import ANA, PASSWORD, Client, World
from device_worlds import signed_in


async def at(world: World, address: str) -> Caller:
    token, _ = await world.sign_in.login("ana", Secret(PASSWORD), address)
    return await world.sign_in.authenticate(token, address, "api")


async def opened(world: World, caller: Caller) -> Client:
    await world.access.connect(caller, "shop", None, "", "", 1)
    return await world.connected(ANA, "127.0.0.1")


async def test_ending_the_others_cuts_what_they_opened_and_not_what_this_one_did(
    world: World,
) -> None:
    other, this = await at(world, "192.0.2.6"), await at(world, "192.0.2.7")
    theirs, own = await opened(world, other), await opened(world, this)
    unused = await world.access.connect(other, "shop", None, "", "", 1)
    assert unused
    sign_ins = world.plane.local_people.own.sign_ins
    assert await sign_ins.end_others(this) == 1
    (said,) = theirs.cuts
    assert "was ended: so was its sign-in" in said
    assert own.cuts == []
    late = await world.connected(ANA, "127.0.0.1")
    assert late.live == sign_in_over()


async def test_revoking_the_token_of_a_program_cuts_what_it_opened(world: World) -> None:
    owner, tokens = await signed_in(world, ANA), world.plane.programs.tokens
    secret, token = await tokens.mint(owner, "backup")
    assert token.kind is TokenKind.API
    program = await world.sign_in.authenticate(secret, "192.0.2.8", "api")
    client = await opened(world, program)
    await tokens.revoke(owner, token.id)
    assert len(client.cuts) == 1


async def test_what_ends_all_sign_ins_counts_once_it_is_kept(world: World) -> None:
    first = await opened(world, await at(world, "192.0.2.6"))
    caller = await signed_in(world, ANA)
    ended = await world.plane.local_people.own.sign_ins.ending(ANA.id, ANA.id, "owner", caller)
    assert ended[2] == 1
    assert first.cuts == []
    world.plane.local_people.own.sign_ins.ended(ended[1])
    assert len(first.cuts) == 1


def test_whoever_listens_hears_which_sign_ins_were_ended() -> None:
    bonds, heard = TokenBonds(), list[frozenset[TokenId]]()
    bonds.when_ended(heard.append)
    bonds.minted(CredentialId("cred_1"), TokenId("tok_1"))
    bonds.minted(CredentialId("cred_2"), None)
    assert bonds.token_of(CredentialId("cred_1")) == "tok_1"
    assert bonds.token_of(CredentialId("cred_2")) is None
    bonds.end((TokenId("tok_1"),))
    assert heard == [frozenset({"tok_1"})]
    assert bonds.is_over(TokenId("tok_1"))
    assert not bonds.is_over(None)
