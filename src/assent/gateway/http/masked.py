"""Answers of which parts are masked: read whole, as JSON, and written anew."""

import aiohttp

from assent.core.enforcement import Enforcement
from assent.core.faults import OutsideFault


def must_be_read(enforcement: Enforcement) -> bool:
    """Return whether an answer must be looked at before it passes."""
    return bool(enforcement.masks or enforcement.scan)


async def masked_answer(
    response: aiohttp.ClientResponse, route: str, enforcement: Enforcement
) -> bytes:
    """Return the body of an answer with what is obliged to be masked. Raises OutsideFault."""
    raise OutsideFault("masks", "something in the answer must be masked, and it is not JSON")
