"""Whether the server answers."""

from fastapi import APIRouter, Depends

from assent import __version__
from assent.api.authorization import public
from assent.api.schemas import HealthOut

router = APIRouter(tags=["status"])


@router.get(
    "/healthz", dependencies=[Depends(public("it says nothing but that the server answers"))]
)
async def health() -> HealthOut:
    """Say that the server answers."""
    return HealthOut(status="ok", version=__version__)
