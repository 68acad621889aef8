"""Signing in and out, and proving again who one is."""

from fastapi import APIRouter, Depends, Request
from pydantic import SecretStr

from assent.api.authentication import SignedIn, peer_address
from assent.api.authorization import needs, public
from assent.api.bodies import LoginBody, StepUpBody
from assent.api.door import TheDoor
from assent.api.program_schemas import WhoAmIOut
from assent.api.render import caller_out
from assent.api.render_programs import who_am_i_out
from assent.api.schemas import LoginOut
from assent.core.clock import isoformat
from assent.core.faults import ForbiddenFault
from assent.core.role import Permission
from assent.core.secret import Secret

router = APIRouter(prefix="/v1", tags=["sign-in"])

_LONGEST_AGENT = 200


@router.post("/login", dependencies=[Depends(public("here people sign in"))])
async def login(request: Request, door: TheDoor, body: LoginBody) -> LoginOut:
    """Exchange a name and a password for a bearer token.

    `second-factor-needed` says that the password is right, and a `code` is to come with it.
    """
    secret, token = await door.plane.sign_in.login(
        body.name,
        Secret(body.password.get_secret_value()),
        peer_address(request),
        code=_code(body.code),
        user_agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT],
    )
    return LoginOut(
        token=secret.reveal(),
        expires_at=isoformat(token.expires_at),
        subject=caller_out(door.plane.directory.subject(token.subject)),
    )


@router.post("/logout", dependencies=[Depends(needs(*Permission))], status_code=204)
async def logout(door: TheDoor, caller: SignedIn) -> None:
    """Forget the token that this request came with."""
    await door.plane.sign_in.logout(caller)


@router.post("/step-up", dependencies=[Depends(needs(Permission.ACCOUNT))], status_code=204)
async def step_up(door: TheDoor, caller: SignedIn, body: StepUpBody) -> None:
    """Prove again who you are, for what asks for a fresh proof."""
    password = Secret(body.password.get_secret_value())
    await door.plane.sign_in.step_up(caller, password, _code(body.code))


@router.get("/whoami", dependencies=[Depends(needs(*Permission))])
async def whoami(door: TheDoor, caller: SignedIn) -> WhoAmIOut:
    """Say who is signed in, and how."""
    token = await door.plane.programs.tokens.own(caller)
    if token is None:
        raise ForbiddenFault("not-signed-in", "this sign-in was ended just now; sign in again")
    return who_am_i_out(door.plane.directory, caller, token)


def _code(code: SecretStr | None) -> str:
    return code.get_secret_value() if code is not None else ""
