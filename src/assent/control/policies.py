"""The policies in force: one immutable set, replaced by one assignment."""

from collections.abc import Callable

from assent.policy import PolicySet


class Policies:
    """Holds the current policy set and tells whoever must decide again when it changes."""

    def __init__(self, current: PolicySet) -> None:
        self.current = current
        self._listeners: list[Callable[[], None]] = []

    def when_replaced(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every replacement."""
        self._listeners.append(listener)

    def replace(self, policies: PolicySet) -> None:
        """Put `policies` in force, for every decision from now on."""
        self.current = policies
        for listener in self._listeners:
            listener()
