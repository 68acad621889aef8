"""Agents and service accounts: made, listed, disabled, and given tokens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.api.program_bodies import AgentBody, ServiceAccountBody, TokenBody
from assent.api.program_schemas import MintedOut, WorkloadOut, WorkloadsOut
from assent.api.render_programs import token_out, workload_out
from assent.control.sign_in import Caller
from assent.core.role import Permission
from assent.core.subject import SubjectKind

router = APIRouter(prefix="/v1", tags=["agents and service accounts"])

ENDS = Depends(needs(Permission.ACCOUNT))
# An auditor changes nothing, and has no programs of their own make work for others.
MAKES = Depends(needs(Permission.ASK))
SEEN = Depends(needs(Permission.ACCOUNT, Permission.READ_PEOPLE))
ADMINISTRATORS = Depends(needs(Permission.CHANGE_PEOPLE))
AgentPath = Annotated[str, Path(max_length=128, description="An agent's name.")]
ServicePath = Annotated[str, Path(max_length=128, description="A service account's name.")]
_AGENT, _SERVICE = SubjectKind.AGENT, SubjectKind.WORKLOAD


@router.get("/agents", dependencies=[SEEN])
async def agents(door: TheDoor, caller: SignedIn) -> WorkloadsOut:
    """List your agents; all of them, if you see people."""
    return _listing(door, caller, _AGENT)


@router.post("/agents", dependencies=[MAKES], status_code=201)
async def make_agent(door: TheDoor, caller: SignedIn, body: AgentBody) -> WorkloadOut:
    """Make an agent that acts for you; for somebody else it takes an administrator."""
    made = await door.plane.programs.workloads.make_agent(
        caller,
        body.name,
        body.task,
        person=body.person or "",
        groups=None if body.groups is None else frozenset(body.groups),
    )
    return workload_out(door.plane.directory, made)


@router.post("/agents/{name}/disable", dependencies=[ENDS])
async def disable_agent(door: TheDoor, caller: SignedIn, name: AgentPath) -> WorkloadOut:
    """Disable an agent: its tokens are gone, what it has open is cut."""
    return await _disable(door, caller, _AGENT, name)


@router.post("/agents/{name}/enable", dependencies=[MAKES])
async def enable_agent(door: TheDoor, caller: SignedIn, name: AgentPath) -> WorkloadOut:
    """Enable an agent again; it needs new tokens."""
    return await _enable(door, caller, _AGENT, name)


@router.post("/agents/{name}/tokens", dependencies=[MAKES], status_code=201)
async def agent_token(
    door: TheDoor, caller: SignedIn, name: AgentPath, body: TokenBody
) -> MintedOut:
    """Make a token that acts as the agent; it needs a step-up of the last five minutes."""
    return await _token(door, caller, _AGENT, name, body)


@router.get("/service-accounts", dependencies=[SEEN])
async def service_accounts(door: TheDoor, caller: SignedIn) -> WorkloadsOut:
    """List the service accounts that you answer for; all of them, if you see people."""
    return _listing(door, caller, _SERVICE)


@router.post("/service-accounts", dependencies=[ADMINISTRATORS], status_code=201)
async def make_service_account(
    door: TheDoor, caller: SignedIn, body: ServiceAccountBody
) -> WorkloadOut:
    """Make a service account with somebody who answers for it."""
    made = await door.plane.programs.workloads.make_service_account(
        caller, body.name, body.task, owner=body.owner or "", groups=frozenset(body.groups)
    )
    return workload_out(door.plane.directory, made)


@router.post("/service-accounts/{name}/disable", dependencies=[ENDS])
async def disable_service_account(
    door: TheDoor, caller: SignedIn, name: ServicePath
) -> WorkloadOut:
    """Disable a service account: its tokens are gone, what it has open is cut."""
    return await _disable(door, caller, _SERVICE, name)


@router.post("/service-accounts/{name}/enable", dependencies=[MAKES])
async def enable_service_account(door: TheDoor, caller: SignedIn, name: ServicePath) -> WorkloadOut:
    """Enable a service account again; it needs new tokens."""
    return await _enable(door, caller, _SERVICE, name)


@router.post("/service-accounts/{name}/tokens", dependencies=[MAKES], status_code=201)
async def service_account_token(
    door: TheDoor, caller: SignedIn, name: ServicePath, body: TokenBody
) -> MintedOut:
    """Make a token that acts as the service account; it needs a step-up just before."""
    return await _token(door, caller, _SERVICE, name, body)


def _listing(door: Door, caller: Caller, kind: SubjectKind) -> WorkloadsOut:
    found = door.plane.programs.workloads.listing(caller, kind)
    return WorkloadsOut(items=[workload_out(door.plane.directory, one) for one in found])


async def _disable(door: Door, caller: Caller, kind: SubjectKind, name: str) -> WorkloadOut:
    found = await door.plane.programs.workloads.disable(caller, kind, name)
    return workload_out(door.plane.directory, found)


async def _enable(door: Door, caller: Caller, kind: SubjectKind, name: str) -> WorkloadOut:
    found = await door.plane.programs.workloads.enable(caller, kind, name)
    return workload_out(door.plane.directory, found)


async def _token(
    door: Door, caller: Caller, kind: SubjectKind, name: str, body: TokenBody
) -> MintedOut:
    programs = door.plane.programs
    secret, token = await programs.tokens.mint(
        caller,
        body.name,
        permissions=frozenset(body.permissions),
        lasts_for=body.lasts_for(),
        holder=programs.workloads.get(caller, kind, name),
    )
    kept = token_out(door.plane.directory, token)
    return MintedOut(**kept.model_dump(), token=secret.reveal())
