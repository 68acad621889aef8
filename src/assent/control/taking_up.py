"""What is durable is put in force: targets before the policies that may name them."""

import asyncio
from collections.abc import Callable, Mapping

from assent.control.change_actions import EXAMPLE
from assent.control.directory import Directory
from assent.control.labels import Labels
from assent.control.live import LiveSessions
from assent.control.policies import Policies
from assent.control.revocation import cut as cut_session
from assent.control.standing_to_change import locked_out
from assent.control.wanting import Wanted, Wanting
from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.resource import Target


class TakingUp:
    """Puts changed targets and policies in force. changing: held by whoever does so.

    It is held from the comparison with what is in force until the change of it is durable.
    """

    def __init__(
        self,
        *,
        wanting: Wanting,
        directory: Directory,
        labels: Labels,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self._wanting = wanting
        self._directory = directory
        self._labels = labels
        self._policies = policies
        self._clock = clock
        self.changing = asyncio.Lock()
        self._listeners: list[Callable[[Target], None]] = []

    def when_target_changed(self, listener: Callable[[Target], None]) -> None:
        """Call `listener` after a target was changed, or retired."""
        self._listeners.append(listener)

    def check_lock_out(self, wanted: Wanted, details: Mapping[str, str] | None = None) -> None:
        """Raise ConflictFault where nobody could change policies afterwards.

        details: of the action that is applied, which may say that this is wanted.
        """
        if details and "unsafe_lock_out" in details:
            return
        if locked_out(wanted.policies, self._directory.subjects(), self._clock.now()):
            words = (
                "nobody could change policies again: none of them permits `policy.change` to any "
                "person who is here, or only with assent that nobody can give; keep such a policy, "
                "or say `--unsafe-lock-out`. One that permits it:\n\n" + EXAMPLE
            )
            raise ConflictFault("lock-out", words)

    def take_up(self, wanted: Wanted) -> None:
        """Put in force what is durable: targets before the policies that may name them."""
        self._wanting.take_up(wanted)
        for target in wanted.changed:
            self._directory.put_target(target)
            if not target.retired:
                self._labels.configured(target)
        if wanted.policies.revision != self._policies.current.revision:
            self._policies.replace(wanted.policies)
        for target in wanted.changed:
            for listener in self._listeners:
                listener(target)


def cutting(live: LiveSessions, clock: Clock) -> Callable[[Target], None]:
    """Return what cuts the sessions on a target that was taken away."""

    def cut(target: Target) -> None:
        if target.retired:
            for session in live:
                if session.session.target == target.id:
                    cut_session(session, clock.now(), f"target `{target.name}` was taken away")

    return cut
