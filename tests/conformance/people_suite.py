"""What every store must keep of who there is and how they prove it.

These stand among the expectations of `store_suite`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.authenticator import Authenticator, AuthenticatorKind, Invitation
from assent.core.changes import PutSubject, PutToken
from assent.core.faults import ConflictFault
from assent.core.ids import AuthenticatorId, InvitationId, SubjectId, TokenId
from assent.core.people_changes import (
    DropAuthenticators,
    DropExpired,
    DropTokens,
    KeepNetwork,
    PutAuthenticator,
    PutInvitation,
    PutPassword,
    SeeToken,
    UseAuthenticator,
    UseInvitation,
)
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.subject import Subject
from assent.core.token import Token, TokenKind
from conformance import store_builders as make
from conformance.audit_suite import EXPECTATIONS, expected

ANA = SubjectId("sub_ana")
BEN = SubjectId("sub_ben")
HOUR = timedelta(hours=1)


def token(number: int, subject: SubjectId = ANA) -> Token:
    return Token(
        id=TokenId(f"tok_{number}"),
        digest=f"{number:064d}",
        subject=subject,
        kind=TokenKind.BROWSER,
        method="password+totp",
        issued_at=make.NOON,
        expires_at=make.NOON + number * HOUR,
        permissions=frozenset({Permission.ASK}),
        address="192.0.2.1",
        user_agent="a browser",
    )


def generator(number: int = 1, subject: SubjectId = ANA) -> Authenticator:
    return Authenticator(
        AuthenticatorId(f"aut_{number}"),
        subject,
        AuthenticatorKind.TOTP,
        b"\x00seal\xff",
        make.NOON,
    )


def invitation(number: int, subject: SubjectId | None) -> Invitation:
    return Invitation(
        InvitationId(f"inv_{number}"),
        f"{number:064d}",
        "invitation",
        subject,
        make.NOON,
        make.NOON + HOUR,
    )


@expected
async def tokens_are_kept_seen_dropped_and_swept(store: Store) -> None:
    kept = [token(1), token(2), token(3), token(4, BEN)]
    await store.commit([PutToken(one) for one in kept], ())
    assert await store.tokens(ANA) == kept[:3]
    await store.commit((SeeToken(kept[0].digest, make.NOON + HOUR / 2),), ())
    seen = await store.token(kept[0].digest)
    assert seen == replace(kept[0], seen_at=make.NOON + HOUR / 2)
    await store.commit((DropTokens(ANA, only=kept[1].id),), ())
    assert [one.id for one in await store.tokens(ANA)] == ["tok_1", "tok_3"]
    await store.commit((DropExpired(make.NOON + HOUR, make.NOON),), ())
    assert [one.id for one in await store.tokens(ANA)] == ["tok_3"]
    await store.commit((DropTokens(ANA, but=kept[2].digest),), ())
    assert await store.tokens(ANA) == [kept[2]]
    await store.commit((DropTokens(ANA),), ())
    assert [one.id for one in await store.tokens()] == ["tok_4"]


@expected
async def networks_of_sign_ins_are_known_until_they_are_old(store: Store) -> None:
    await store.commit((KeepNetwork(ANA, "192.0.2.1", make.NOON),), ())
    await store.commit((KeepNetwork(ANA, "192.0.2.1", make.NOON + HOUR),), ())
    assert await store.knows_network(ANA, "192.0.2.1")
    assert not await store.knows_network(BEN, "192.0.2.1")
    assert not await store.knows_network(ANA, "192.0.2.2")
    await store.commit((DropExpired(make.NOON, make.NOON + HOUR),), ())
    assert await store.knows_network(ANA, "192.0.2.1")
    await store.commit((DropExpired(make.NOON, make.NOON + 2 * HOUR),), ())
    assert not await store.knows_network(ANA, "192.0.2.1")


@expected
async def a_password_is_replaced_and_taken_away(store: Store) -> None:
    await store.commit((PutSubject(Subject(ANA, "ana"), "first"),), ())
    for hashed in ("second", None):
        await store.commit((PutPassword(ANA, hashed),), ())
        found = await store.password_hash(ANA)
        assert (found.reveal() if found else None) == hashed


@expected
async def a_code_counts_once(store: Store) -> None:
    code = replace(
        generator(2), kind=AuthenticatorKind.RECOVERY_CODE, name="4", secret=b"$argon2id$"
    )
    await store.commit((PutAuthenticator(generator()), PutAuthenticator(code)), ())
    assert await store.authenticators(ANA) == [generator(), code]
    await store.commit((UseAuthenticator(generator().id, make.NOON, 7),), ())
    for step in (7, 6):
        with pytest.raises(ConflictFault, match="code-used"):
            await store.commit((UseAuthenticator(generator().id, make.NOON, step),), ())
    await store.commit((UseAuthenticator(generator().id, make.NOON, 8),), ())
    await store.commit((UseAuthenticator(code.id, make.NOON),), ())
    with pytest.raises(ConflictFault, match="code-used"):
        await store.commit((UseAuthenticator(code.id, make.NOON),), ())
    await store.commit((DropAuthenticators(ANA, AuthenticatorKind.RECOVERY_CODE),), ())
    assert [one.last_step for one in await store.authenticators(ANA)] == [8]
    await store.commit((PutAuthenticator(generator(3, BEN)), DropAuthenticators(ANA)), ())
    assert await store.authenticators(ANA) == []
    assert len(await store.authenticators(BEN)) == 1


@expected
async def an_invitation_counts_once_and_ends_the_one_before(store: Store) -> None:
    for subject, first in ((ANA, 1), (None, 3)):
        old, new = invitation(first, subject), invitation(first + 1, subject)
        await store.commit((PutInvitation(old),), ())
        assert await store.invitation(old.digest) == old
        await store.commit((PutInvitation(new),), ())
        with pytest.raises(ConflictFault, match="invitation-over"):
            await store.commit((UseInvitation(old.id, make.NOON),), ())
        with pytest.raises(ConflictFault, match="invitation-over"):
            await store.commit((UseInvitation(new.id, make.NOON + HOUR),), ())
        await store.commit((UseInvitation(new.id, make.NOON),), ())
        with pytest.raises(ConflictFault, match="invitation-over"):
            await store.commit((UseInvitation(new.id, make.NOON),), ())
    assert await store.invitation("0" * 64) is None


__all__ = ["EXPECTATIONS"]
