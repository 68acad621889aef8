"""Personal credentials: a password for the day, with which connecting is asking."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import Body, Name, PossessionBody
from assent.api.door import Door, TheDoor
from assent.api.risk_schemas import Instant
from assent.api.ways_in import connection_facts, must_have_door
from assent.control.personal_credentials import LONGEST, MOST_CONNECTIONS, Minted
from assent.core.clock import isoformat
from assent.core.role import Permission

router = APIRouter(prefix="/v1/credentials", tags=["access"])

_LONGEST_S = int(LONGEST.total_seconds())


class CredentialBody(Body):
    """A wish for a personal credential. for_s: seconds that it lasts, 8 h if null.

    device: proof that a device of yours asks, null where none does.
    """

    target: Name
    for_s: Annotated[int, Field(ge=1, le=_LONGEST_S, strict=True)] | None = None
    connections: Annotated[int, Field(ge=1, le=MOST_CONNECTIONS, strict=True)] = 100
    device: PossessionBody | None = None

    @property
    def lasts_for(self) -> timedelta | None:
        """Return how long it shall last, None for a working day."""
        return None if self.for_s is None else timedelta(seconds=self.for_s)


class CredentialOut(BaseModel):
    """A personal credential, without its password. connections: how many it may still open."""

    id: str
    target: str
    expires_at: Instant
    connections: int


class CredentialsOut(BaseModel):
    """Personal credentials."""

    items: list[CredentialOut]


class MintedOut(CredentialOut):
    """A new one, and how to connect with it. password: shown this once."""

    protocol: str
    host: str
    port: int
    address: str
    command: str
    tls_sha256: str
    user: str
    password: str
    database: str
    device: str | None = None
    certificate: str | None = None


@router.post("", dependencies=[Depends(needs(Permission.ASK))], status_code=201)
async def mint(door: TheDoor, caller: SignedIn, body: CredentialBody) -> MintedOut:
    """Get a password for the day that says who you are and gives nothing.

    Connect with it, and access is asked for then, on the same connection.
    """
    must_have_door(door, body.target)
    devices, proof = door.plane.devices, body.device.possession if body.device else None
    async with devices.proofs.connecting(caller, proof, body.target, body.connections) as asker:
        minted = await door.plane.credentials.mint(
            asker, body.target, body.lasts_for, body.connections
        )
    ends = minted.credential.expires_at
    return _minted(door, minted, devices.certificate_until(proof, minted.user, ends))


@router.get("", dependencies=[Depends(needs(Permission.ASK))])
async def listing(door: TheDoor, caller: SignedIn) -> CredentialsOut:
    """List your personal credentials that can still be used."""
    return CredentialsOut(items=[_out(each) for each in await door.plane.credentials.list(caller)])


@router.post("/{name}/revoke", dependencies=[Depends(needs(Permission.ASK))])
async def revoke(
    door: TheDoor,
    caller: SignedIn,
    name: Annotated[str, Path(max_length=128, description="Its id, or a target for all of them.")],
) -> CredentialsOut:
    """End a personal credential of yours, or all for a target; open sessions go on."""
    ended = await door.plane.credentials.revoke(caller, name)
    return CredentialsOut(items=[_out(each) for each in ended])


def _out(minted: Minted) -> CredentialOut:
    credential = minted.credential
    return CredentialOut(
        id=credential.id,
        target=minted.target.name,
        expires_at=isoformat(credential.expires_at),
        connections=credential.connections_left,
    )


def _minted(door: Door, minted: Minted, certificate: str | None) -> MintedOut:
    return MintedOut(
        **_out(minted).model_dump(),
        **connection_facts(door, minted.target),
        user=minted.user,
        password=minted.password.reveal() if minted.password else "",
        database=minted.target.name,
        device=minted.credential.device,
        certificate=certificate,
    )
