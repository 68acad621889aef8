"""One tool of Assent's own MCP server: what it is called with, by whom, and what it does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue

from assent.api.door import Door
from assent.control.sign_in import Caller
from assent.core.role import Permission

Sent = TypeVar("Sent", bound=BaseModel)
Told = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Tool(Generic[Sent]):
    """A tool. body: what it is called with. do: answers it; raises Fault.

    any_of: permissions, of which one is enough. only_reads: whether nothing changes by it. repeats:
    whether calling it again does nothing more. asks_person: whether the person at the agent's
    client can be led to a request meanwhile.
    """

    name: str
    description: str
    body: type[Sent]
    do: Callable[[Door, Caller, Sent], Awaitable[Told]]
    any_of: tuple[Permission, ...] = (Permission.ASK,)
    only_reads: bool = False
    repeats: bool = False
    asks_person: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """Return what it is called with, as JSON Schema."""
        return self.body.model_json_schema()

    def is_for(self, caller: Caller) -> bool:
        """Return whether the caller may call it."""
        return any(caller.may(permission) for permission in self.any_of)

    async def called(self, door: Door, caller: Caller, arguments: object) -> Told:
        """Return its answer. Raises Fault, pydantic.ValidationError for wrong arguments."""
        caller.check(*self.any_of)
        return await self.do(door, caller, self.body.model_validate(arguments))
