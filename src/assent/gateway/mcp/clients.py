"""Clients that shook hands: who they said they are, and who of them listens for news.

What they may do does not rest on this: every request carries its token.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from assent.core.ids import Ids, TargetId
from assent.protocols.mcp import messages
from assent.protocols.mcp.eras import Speaker

SESSION = "mcp-session-id"
_MOST = 10_000
_MOST_OF_ONE = 100
_MOST_TOLD = 1_000
_MOST_NEWS = 100
_MOST_LISTENING = 8

Owner = tuple[str, TargetId]
"""The digest of a token, and the target that it is used at."""


@dataclass(slots=True, eq=False)
class Client:
    """One that shook hands. calls: what it asked for that is under way, by its own ids.

    told: which calls it was sent away with, to come back.
    """

    owner: Owner
    speaker: Speaker
    calls: "dict[messages.MessageId, asyncio.Task[Any]]" = field(default_factory=dict)
    told: "OrderedDict[Hashable, None]" = field(default_factory=OrderedDict)

    def was_told(self, key: Hashable) -> bool:
        """Return whether it was sent away with this before, and remember that it is now."""
        before = key in self.told
        self.told[key] = None
        if len(self.told) > _MOST_TOLD:
            self.told.popitem(last=False)
        return before


class Clients:
    """All of them, the oldest forgotten first: whoever is forgotten shakes hands again."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._known: OrderedDict[str, Client] = OrderedDict()
        self._listening: dict[Owner, set[asyncio.Queue[str]]] = {}

    def begin(self, owner: Owner, speaker: Speaker) -> str:
        """Return the id of a new one."""
        mine = [key for key, one in self._known.items() if one.owner == owner]
        if len(mine) >= _MOST_OF_ONE:
            del self._known[mine[0]]
        id = self._ids.token(24)
        self._known[id] = Client(owner, speaker)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return id

    def get(self, id: str, owner: Owner) -> Client | None:
        """Return the client of this id, None where there is none, or it is somebody else's."""
        found = self._known.get(id)
        if found is None or found.owner != owner:
            return None
        self._known.move_to_end(id)
        return found

    def end(self, id: str) -> None:
        """Forget a client."""
        self._known.pop(id, None)

    @contextmanager
    def listening(self, owner: Owner) -> Iterator["asyncio.Queue[str] | None"]:
        """Give a queue of news for whoever holds this token, None where too many listen."""
        heard = self._listening.setdefault(owner, set())
        if len(heard) >= _MOST_LISTENING:
            yield None
            return
        queue: asyncio.Queue[str] = asyncio.Queue(_MOST_NEWS)
        heard.add(queue)
        try:
            yield queue
        finally:
            heard.discard(queue)
            if not heard:
                self._listening.pop(owner, None)

    def tell(self, owner: Owner, what: str) -> None:
        """Tell whoever listens that a list is another one: `tools`, `resources` or `prompts`."""
        for queue in self._listening.get(owner, ()):
            with suppress(asyncio.QueueFull):
                queue.put_nowait(what)

    def tell_all(self, target: TargetId, what: str) -> None:
        """Tell everybody who listens at a target."""
        for owner in tuple(self._listening):
            if owner[1] == target:
                self.tell(owner, what)
