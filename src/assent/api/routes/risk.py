"""Risk: why a score was what it was, what is usual for somebody, and what was not them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render_risk import explained_out, profile_out
from assent.api.risk_schemas import DisownedOut, ExplainedOut, ForgottenOut, ProfileOut
from assent.core.ids import SessionId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/risk", tags=["risk"])

AboutPath = Annotated[
    str, Path(max_length=64, description="An action's, an entry's or a request's id.")
]
PersonPath = Annotated[str, Path(max_length=64, description="A person's name.")]
SessionPath = Annotated[str, Path(max_length=64, description="A session's id.")]


@router.get("/explain/{about}", dependencies=[Depends(needs(Permission.ASK, Permission.READ_RISK))])
async def explain(door: TheDoor, caller: SignedIn, about: AboutPath) -> ExplainedOut:
    """Say what a score consists of, and make it again from the evidence in the log."""
    return explained_out(await door.plane.risk.explain(caller, about))


@router.get(
    "/profiles/{person}", dependencies=[Depends(needs(Permission.ASK, Permission.READ_RISK))]
)
async def profile(door: TheDoor, caller: SignedIn, person: PersonPath) -> ProfileOut:
    """Show what is normal for a person, and from how much that is known."""
    return profile_out(await door.plane.risk.profile(caller, person))


@router.delete("/profiles/{person}", dependencies=[Depends(needs(Permission.REPORT))])
async def forget(door: TheDoor, caller: SignedIn, person: PersonPath) -> ForgottenOut:
    """Forget all that was learned of a person; the log says that it was forgotten."""
    return ForgottenOut(person=(await door.plane.risk.forget(caller, person)).name)


@router.post(
    "/sessions/{session_id}/disown",
    dependencies=[Depends(needs(Permission.ASK, Permission.REPORT))],
)
async def disown(door: TheDoor, caller: SignedIn, session_id: SessionPath) -> DisownedOut:
    """Say that a session was not its person: it is cut and unlearned, and counts as a warning."""
    unlearned = await door.plane.risk.disown(caller, SessionId(session_id))
    return DisownedOut(session=session_id, unlearned=unlearned)
