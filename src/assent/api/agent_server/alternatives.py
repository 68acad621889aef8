"""What an agent could ask for instead: less, with what asking for that would lead to now."""

from dataclasses import replace

from pydantic import JsonValue

from assent.api.agent_server.tool import Told
from assent.api.door import Door
from assent.control.access import Outlook
from assent.control.sign_in import Caller
from assent.core.request import Request
from assent.core.scope import Budget
from assent.workflow.narrowing import ACCESS
from assent.workflow.wishes import Wish, wish_of

_FEW = Budget(writes=5, bytes=1_000_000)
_FEW_TEXT = "writes 5, bytes 1000000"
_SHORT_S = 900


async def alternatives(door: Door, caller: Caller, request: Request) -> list[JsonValue]:
    """Return what would be safer than a request: words, and how `propose_alternative` is told it.

    leads_to: what asking for that would lead to now, `automatic`, `ask` or `closed`; nothing of it
    is logged. Of a statement nothing is tried: what would do instead, the agent alone can know.
    """
    found: list[JsonValue] = []
    if request.action.verb == ACCESS and request.action.target is not None:
        target = door.plane.directory.target(request.action.target).name
        wish = replace(wish_of(request.action.details), extends=None)
        found += [
            await _tried(door, caller, target, words, arguments, narrower)
            for words, arguments, narrower in _narrower(wish)
        ]
        if request.action.details.get("for_s", "") in ("",):
            found.append(
                {"words": "ask for a quarter of an hour", "arguments": {"for_s": _SHORT_S}}
            )
    if request.assessment.otherwise:
        found.append({"words": request.assessment.otherwise})
    return found


def _narrower(wish: Wish) -> list[tuple[str, dict[str, JsonValue], Wish]]:
    found: list[tuple[str, dict[str, JsonValue], Wish]] = []
    if not wish.scope.read_only:
        reading = replace(wish, scope=replace(wish.scope, read_only=True))
        found.append(("ask to read only", {"read_only": True}, reading))
    if not wish.budget.is_limited:
        limited = replace(wish, budget=_FEW)
        found.append((f"ask for a budget: {_FEW_TEXT}", {"budget": _FEW_TEXT}, limited))
    return found


async def _tried(
    door: Door,
    caller: Caller,
    target: str,
    words: str,
    arguments: dict[str, JsonValue],
    wish: Wish,
) -> dict[str, JsonValue]:
    outlooks = await door.plane.access.outlook(caller, wish, only=target)
    leads_to = outlooks[0].state if outlooks else "closed"
    needs: list[JsonValue] = list(outlooks[0].words) if outlooks else []
    return {"words": words, "arguments": arguments, "leads_to": leads_to, "needs": needs}


def outlook_told(outlook: Outlook) -> Told:
    """Return what asking for a target would lead to."""
    return {
        "name": outlook.target.name,
        "protocol": outlook.target.protocol,
        "environment": outlook.target.environment,
        "access": outlook.state,
        "needs": list(outlook.words),
    }
