"""Certificates for SSH keys, in place of passwords, and who vouches for whom."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.bodies import ConnectBody
from assent.api.door import Door, TheDoor
from assent.api.render import grant_out, request_out
from assent.api.schemas import GrantOut, WaitingOut
from assent.api.ways_in import must_have_door
from assent.control.session_credentials import Opened
from assent.core.faults import ConflictFault
from assent.core.ports import SshAuthority
from assent.core.role import Permission

router = APIRouter(prefix="/v1/ssh", tags=["access"])

_KEY = r"^[A-Za-z0-9@.+/=-]+ [A-Za-z0-9+/=]+( [^\x00-\x1f\x7f]*)?$"
PublicKey = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=_KEY)]


class SshCertificateBody(ConnectBody):
    """A wish for access, and the public key that is certified for it, as in `id_ed25519.pub`."""

    public_key: PublicKey


class SshDoorOut(BaseModel):
    """Where the SSH gateway listens, and whom to trust.

    host_key: the gateway's, as in known_hosts behind the name. host_authority: vouches for it
    under the name of a target, behind `@cert-authority NAME`. target_authority: what targets name
    in `TrustedUserCAKeys`.
    """

    host: str
    port: int
    host_key: str
    host_authority: str
    target_authority: str


class SshCertificateOut(BaseModel):
    """A certificate that opens so many `connections`, within a minute, as `user` at the gateway.

    user: `NAME`; `NAME:ACCOUNT@TARGET` is another account than `account`, of `accounts`.
    """

    target: str
    user: str
    account: str
    accounts: list[str]
    certificate: str
    connections: int
    grant: GrantOut
    device: str | None
    door: SshDoorOut


@router.get("/authority", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def authority(door: TheDoor) -> SshDoorOut:
    """Say where the SSH gateway is, by which key it is known, and what targets must trust."""
    return _door_out(door, _authority(door))


@router.post(
    "/certificates",
    dependencies=[Depends(needs(Permission.ASK))],
    status_code=201,
    responses={202: {"model": WaitingOut, "description": "People must assent first."}},
    response_model=SshCertificateOut,
)
async def certify(
    door: TheDoor, caller: SignedIn, body: SshCertificateBody
) -> SshCertificateOut | JSONResponse:
    """Get a certificate for a target, or the request that must be answered first."""
    ssh = _authority(door)
    _must_speak_ssh(door, body.target)
    devices, proof = door.plane.devices, body.device.possession if body.device else None
    async with devices.proofs.connecting(caller, proof, body.target, body.connections) as asker:
        answer = await door.plane.access.connect(
            asker,
            body.target,
            body.lasts_for,
            body.reason,
            body.ticket,
            body.connections,
            body.wish,
        )
    if isinstance(answer, Opened):
        return _certified(door, ssh, body.public_key, answer, asker.holds)
    waiting = WaitingOut(request=request_out(door, answer))
    return JSONResponse(waiting.model_dump(mode="json"), status_code=202)


def _certified(
    door: Door, ssh: SshAuthority, public_key: str, opened: Opened, device: str | None
) -> SshCertificateOut:
    target = opened.target
    now = door.plane.clock.now()
    certificate = ssh.issue(
        public_key, opened.credential, opened.user, target.name, now, opened.expires_at
    )
    return SshCertificateOut(
        target=target.name,
        user=opened.user,
        account=target.user,
        accounts=sorted({target.user, *target.databases}),
        certificate=certificate,
        connections=opened.connections,
        grant=grant_out(door, opened.grant),
        device=device,
        door=_door_out(door, ssh),
    )


def _door_out(door: Door, ssh: SshAuthority) -> SshDoorOut:
    host, port = door.addresses["ssh"]
    return SshDoorOut(
        host=host,
        port=port,
        host_key=ssh.host_key,
        host_authority=ssh.host_authority,
        target_authority=ssh.target_authority,
    )


def _authority(door: Door) -> SshAuthority:
    if door.plane.ssh is None or "ssh" not in door.addresses:
        words = "this server has no door for ssh; its operator opens one by `[ssh] listen`"
        raise ConflictFault("no-door", words)
    return door.plane.ssh


def _must_speak_ssh(door: Door, name: str) -> None:
    """Raise ConflictFault for a target of another protocol, before anything is made for it."""
    must_have_door(door, name)
    target = door.plane.directory.target_named(name)
    if target is not None and target.protocol != "ssh":
        words = f"`{name[:80]}` speaks {target.protocol}; certificates are for targets of ssh"
        raise ConflictFault("other-protocol", words)
