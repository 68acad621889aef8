"""The routes of each target: those of its configuration, and of its OpenAPI description."""

import asyncio
from pathlib import Path

import msgspec

from assent.core.faults import OperatorFault
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.protocols.http.routes import Routes

_LARGEST = 32 * 1024 * 1024


class TargetRoutes:
    """Reads them when they are first needed, and when the target's configuration changes."""

    def __init__(self) -> None:
        self._known: dict[TargetId, tuple[Target, Routes]] = {}

    async def of(self, target: Target) -> Routes:
        """Return the routes of a target. Raises OperatorFault for a description that is none."""
        before, routes = self._known.get(target.id, (None, None))
        if routes is not None and before is target:
            return routes
        routes = await asyncio.to_thread(routes_of, target)
        self._known[target.id] = target, routes
        return routes


def routes_of(target: Target) -> Routes:
    """Return what a target's options say of its routes. Raises OperatorFault."""
    place = f"target `{target.name}`"
    written = target.options.get("routes", ())
    described = str(target.options.get("openapi", ""))
    document = None
    if described:
        try:
            data = Path(described).read_bytes()
            if len(data) > _LARGEST:
                raise ValueError("too large")
            document = msgspec.json.decode(data)
        except (OSError, ValueError) as fault:
            words = f"`{described[-80:]}` cannot be read as JSON"
            raise OperatorFault("openapi", words, f"{place} http.openapi") from fault
    templates = (written,) if isinstance(written, str) else written
    return Routes(templates, document, target.labels, f"{place} http.routes")
