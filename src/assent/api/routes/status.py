"""Whether the server answers."""

from fastapi import APIRouter

from assent import __version__
from assent.api.schemas import HealthOut

router = APIRouter(tags=["status"])


@router.get("/healthz")
async def health() -> HealthOut:
    """Say that the server answers."""
    return HealthOut(status="ok", version=__version__)
