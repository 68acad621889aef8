"""Passkeys: one's own, making one, and confirming with one who one is."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, JsonValue, StringConstraints

from assent.api.authorization import needs
from assent.api.bodies import Body
from assent.api.door import TheDoor
from assent.api.risk_schemas import Instant
from assent.control.device_keys import LONGEST_NAME
from assent.control.passkeys import LONGEST_CREDENTIAL
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.device_key import DeviceKey
from assent.core.faults import ForbiddenFault
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["passkeys"])

Own = Annotated[Caller, Depends(needs(Permission.ACCOUNT))]


class CredentialBody(Body):
    """A browser's answer, as `PublicKeyCredential.toJSON` writes it."""

    credential: Annotated[dict[str, JsonValue], Field(max_length=20)]

    @property
    def text(self) -> str:
        """Return it as JSON. Raises ForbiddenFault where it is too long."""
        text = json.dumps(self.credential)
        if len(text) > LONGEST_CREDENTIAL:
            raise ForbiddenFault("bad-passkey", "a passkey's answer is shorter than this")
        return text


class NewPasskeyBody(CredentialBody):
    """A passkey that was made with the options. name: for its owner."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]


class OptionsOut(BaseModel):
    """What a browser takes as `publicKey`, in the JSON form of WebAuthn Level 3, section 5.1."""

    public_key: dict[str, JsonValue]


class PasskeyOut(BaseModel):
    """A passkey. rp_id: the host that it was made for. credential_id: base64url.

    backed_up: whether it is kept beyond its device.
    """

    id: str
    name: str
    rp_id: str
    credential_id: str
    backed_up: bool
    enrolled_at: Instant
    revoked_at: Instant | None


class PasskeysOut(BaseModel):
    """Passkeys. problem: why none can be made or used at this address, empty where they can."""

    items: list[PasskeyOut]
    problem: str


@router.get("/passkeys")
async def listing(door: TheDoor, caller: Own) -> PasskeysOut:
    """List your passkeys, revoked ones too. They are revoked as devices are."""
    passkeys = door.plane.passkeys
    mine = await passkeys.mine(caller.subject.id)
    return PasskeysOut(items=[_passkey(key) for key in mine], problem=passkeys.problem)


@router.post("/passkeys/options")
async def options(door: TheDoor, caller: Own) -> OptionsOut:
    """Begin to make a passkey; it needs a proof of the last five minutes of who you are."""
    made = await door.plane.passkeys.begin_enrolment(caller)
    return OptionsOut.model_validate({"public_key": made})


@router.post("/passkeys", status_code=201)
async def enrol(door: TheDoor, caller: Own, body: NewPasskeyBody) -> PasskeyOut:
    """Keep the passkey that was made."""
    return _passkey(await door.plane.passkeys.enrol(caller, body.name, body.text))


@router.post("/step-up/passkey/options")
async def step_up_options(door: TheDoor, caller: Own) -> OptionsOut:
    """Begin to prove again with a passkey who you are."""
    begun = await door.plane.passkeys.begin_step_up(caller)
    return OptionsOut.model_validate({"public_key": begun})


@router.post("/step-up/passkey", status_code=204)
async def step_up(door: TheDoor, caller: Own, body: CredentialBody) -> None:
    """Prove again with a passkey who you are."""
    await door.plane.passkeys.step_up(caller, body.text)


def _passkey(key: DeviceKey) -> PasskeyOut:
    return PasskeyOut(
        id=key.id,
        name=key.name,
        rp_id=key.details.get("rp_id", ""),
        credential_id=key.details.get("credential_id", ""),
        backed_up=key.details.get("backed_up") == "true",
        enrolled_at=isoformat(key.enrolled_at),
        revoked_at=isoformat(key.revoked_at) if key.revoked_at else None,
    )
