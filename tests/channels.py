"""A channel that writes down what it was told, and can be away, hang, or refuse."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.notice import Notice
from assent.core.subject import Subject


@dataclass
class Channel:
    """told: topic, headline and names, in order. earlier: what it was to change, each time."""

    name: str = "chat"
    told: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    away: bool = False
    hangs: bool = False
    refuses: bool = False
    broken: bool = False
    tries: int = 0

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        self.tries += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise OutsideFault("chat-away", "the chat cannot be reached")
        if self.refuses:
            raise OperatorFault("chat-gone", "the chat has no such room")
        if self.broken:
            raise RuntimeError("a fault of ours")
        self.told.append((notice.topic, tuple(person.name for person in to)))
        self.notices.append(notice)
        self.earlier.append(earlier)
        return f"message-{len(self.told)}"

    def topics(self) -> list[str]:
        return [topic for topic, _ in self.told]
