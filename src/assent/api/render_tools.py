"""Tools as the JSON that the API returns."""

from assent.api.tool_schemas import ToolOut
from assent.core.clock import isoformat
from assent.core.tool_pin import ToolPin


def tool_out(pin: ToolPin) -> ToolOut:
    """Return what is known of a tool."""
    state = "new" if not pin.digest else "changed" if pin.waiting_digest else "admitted"
    return ToolOut.model_validate(
        {
            "name": pin.name,
            "state": state,
            "digest": pin.digest,
            "admitted_at": isoformat(pin.admitted_at) if pin.admitted_at else None,
            "waiting_digest": pin.waiting_digest,
            "request": pin.request,
            "seen_at": isoformat(pin.seen_at),
        }
    )
