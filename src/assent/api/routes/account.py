"""One's own account: password, codes, and where one is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.account_schemas import (
    AccountOut,
    CodeBody,
    EndedOut,
    GeneratorOut,
    PasswordBody,
    RecoveryCodesOut,
    SignInOut,
)
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render_people import person_out
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.ids import TokenId
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.token import Token

router = APIRouter(prefix="/v1/account", tags=["account"])

Own = Annotated[Caller, Depends(needs(Permission.ACCOUNT))]


@router.get("")
async def account(door: TheDoor, caller: Own) -> AccountOut:
    """Say who you are, how you sign in, and where you are signed in."""
    found = await door.plane.local_people.own.of(caller)
    return AccountOut(
        person=person_out(door.plane.directory, found.subject),
        permissions=sorted(one.value for one in caller.permissions),
        has_password=found.has_password,
        may_set_password=found.may_set_password,
        totp=found.standing.generator is not None,
        recovery_codes_left=found.standing.codes_left,
        falls_short=caller.falls_short,
        sign_ins=[_sign_in(caller, one) for one in found.sign_ins],
    )


@router.post("/password")
async def password(door: TheDoor, caller: Own, body: PasswordBody) -> EndedOut:
    """Set another password; your other sign-ins end."""
    old = Secret(body.old.get_secret_value()) if body.old is not None else None
    new = Secret(body.new.get_secret_value())
    return EndedOut(ended=await door.plane.local_people.own.set_password(caller, new, old))


@router.post("/totp", status_code=201)
async def begin_totp(door: TheDoor, caller: Own) -> GeneratorOut:
    """Begin to add an app for codes; it needs a proof of the last ten minutes."""
    begun = await door.plane.local_people.own.begin_generator(caller)
    return GeneratorOut(secret=begun.secret.reveal(), uri=begun.uri.reveal())


@router.post("/totp/confirm")
async def confirm_totp(door: TheDoor, caller: Own, body: CodeBody) -> RecoveryCodesOut:
    """Let the app count from now on; recovery codes come with it."""
    code = body.code.get_secret_value()
    codes = await door.plane.local_people.own.confirm_generator(caller, code)
    return RecoveryCodesOut(codes=[one.reveal() for one in codes])


@router.delete("/totp", status_code=204)
async def remove_totp(door: TheDoor, caller: Own) -> None:
    """Be asked for no codes any more."""
    await door.plane.local_people.own.remove_generator(caller)


@router.post("/recovery-codes", status_code=201)
async def recovery_codes(door: TheDoor, caller: Own) -> RecoveryCodesOut:
    """Make ten new recovery codes; those before do not count any more."""
    codes = await door.plane.local_people.own.new_recovery_codes(caller)
    return RecoveryCodesOut(codes=[one.reveal() for one in codes])


@router.delete("/sign-ins")
async def end_others(door: TheDoor, caller: Own) -> EndedOut:
    """End all of your sign-ins but the one that asks."""
    return EndedOut(ended=await door.plane.local_people.own.sign_ins.end_others(caller))


@router.delete("/sign-ins/{token}", status_code=204)
async def end(
    door: TheDoor,
    caller: Own,
    token: Annotated[str, Path(max_length=64, description="A sign-in's id.")],
) -> None:
    """End one of your sign-ins."""
    await door.plane.local_people.own.sign_ins.end(caller, TokenId(token))


def _sign_in(caller: Caller, token: Token) -> SignInOut:
    return SignInOut(
        id=token.id,
        kind=token.kind.value,
        name=token.name,
        method=token.method,
        address=token.address,
        user_agent=token.user_agent,
        since=isoformat(token.issued_at),
        expires_at=isoformat(token.expires_at),
        seen_at=isoformat(token.seen_at) if token.seen_at else None,
        proved_at=isoformat(token.stepped_up_at) if token.stepped_up_at else None,
        this=token.id == caller.token,
    )
