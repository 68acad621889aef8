"""Policies and targets: what is in force, what would change, and putting it in force."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import JsonValue, TypeAdapter

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.configuration_schemas import (
    AppliedOut,
    ApplyBody,
    ConfigurationOut,
    ContentBody,
    DecisionsOut,
    DifferenceOut,
    ForeseenOut,
    PlanOut,
    RevisionOut,
)
from assent.api.door import TheDoor
from assent.api.render import person_name, request_out
from assent.control.planning import Content, Plan, target_lines
from assent.core.clock import isoformat
from assent.core.role import Permission

router = APIRouter(prefix="/v1", tags=["configuration"])

_ITEMS = TypeAdapter(list[dict[str, JsonValue]])


@router.get("/configuration", dependencies=[Depends(needs(Permission.READ_POLICIES))])
async def in_force(door: TheDoor, caller: SignedIn) -> ConfigurationOut:
    """Return the policies and targets in force, for those who oversee."""
    policies, sources, targets = door.plane.configuring.in_force(caller)
    return ConfigurationOut(
        revision=policies.revision,
        policies=dict(sources),
        targets={one.name: list(target_lines(one)) for one in targets if not one.retired},
    )


@router.post(
    "/configuration/plan", dependencies=[Depends(needs(Permission.ASK, Permission.READ_POLICIES))]
)
async def plan(door: TheDoor, caller: SignedIn, body: ContentBody) -> ForeseenOut:
    """Say what a configuration would change, and what applying it would lead to."""
    foreseen = await door.plane.configuring.plan(caller, _content(body))
    return ForeseenOut(
        plan=_plan(foreseen.plan), leads_to=foreseen.leads_to, words=list(foreseen.words)
    )


@router.post(
    "/configuration/apply",
    dependencies=[Depends(needs(Permission.ASK))],
    responses={202: {"model": AppliedOut, "description": "People must assent to it first."}},
)
async def apply(door: TheDoor, caller: SignedIn, body: ApplyBody, response: Response) -> AppliedOut:
    """Put a configuration in force, or ask the people who must assent to exactly this change."""
    applied = await door.plane.configuring.apply(
        caller,
        _content(body),
        reason=body.reason,
        ticket=body.ticket,
        unsafe_lock_out=body.unsafe_lock_out,
    )
    if applied.request is not None:
        response.status_code = 202
    return AppliedOut(
        plan=_plan(applied.plan),
        state=applied.state,
        request=request_out(door, applied.request) if applied.request else None,
    )


@router.get("/policies/{revision}", dependencies=[Depends(needs(Permission.READ_POLICIES))])
async def revision(
    door: TheDoor,
    caller: SignedIn,
    revision: Annotated[str, Path(max_length=64, description="Such as `pol-0123456789abcdef`.")],
) -> RevisionOut:
    """Return the policies of a revision with their text as it was, for those who oversee."""
    found = await door.plane.configuring.revision(caller, revision)
    return RevisionOut(
        revision=found.revision,
        policies=dict(found.sources),
        at=isoformat(found.at),
        by=person_name(door.plane.directory, found.by) if found.by else None,
    )


@router.get("/decisions", dependencies=[Depends(needs(Permission.READ_LOG))])
async def decisions(
    door: TheDoor,
    caller: SignedIn,
    before: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> DecisionsOut:
    """List recorded decisions with their evidence, newest first, for those who oversee."""
    items, left = await door.plane.decided.page(caller, before, limit)
    return DecisionsOut(items=_ITEMS.validate_python(items), before=left)


def _content(body: ContentBody) -> Content:
    return Content(body.policies, body.targets)


def _plan(plan: Plan) -> PlanOut:
    return PlanOut(
        differences=[
            DifferenceOut.model_validate(
                {
                    "kind": one.kind,
                    "name": one.name,
                    "how": one.how,
                    "before": one.before,
                    "after": one.after,
                }
            )
            for one in plan.differences
        ],
        base=plan.base,
        content=plan.content_digest,
        before=plan.before,
        after=plan.after,
        text=plan.text,
    )
