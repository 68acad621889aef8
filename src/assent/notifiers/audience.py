"""A channel that is there for some groups only."""

from collections.abc import Collection, Sequence

from assent.core.notice import Notice
from assent.core.ports import Notifier
from assent.core.subject import Subject


class ForGroups:
    """Tells only people of these groups; what is loud goes out to whoever it is for."""

    def __init__(self, channel: Notifier, groups: Collection[str]) -> None:
        self._channel = channel
        self._groups = frozenset(groups)

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._channel.name

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        """Tell those of them who are in the groups; nobody where none of them is."""
        if notice.loud:
            return await self._channel.send(notice, to, earlier)
        told = [person for person in to if not self._groups.isdisjoint(person.groups)]
        # What is for nobody in particular is for whoever watches, not for this channel's people.
        return await self._channel.send(notice, told, earlier) if told else ""
