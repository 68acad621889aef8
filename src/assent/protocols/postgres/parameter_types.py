"""The types of the parameters of prepared statements, as the target described them.

They serve to show binary values to people. A value shown by a wrong type would mislead them,
so whatever may change what a name means makes its types unknown at once, before the target
has said whether it did.
"""

from collections import deque
from struct import Struct

from assent.core.faults import PeerFault

_count = Struct("!H").unpack_from


class ParameterTypes:
    """Object ids of types by name of the statement. most: so many names are remembered."""

    __slots__ = ("_awaited", "_declared", "_known", "_lost", "_most", "_versions")

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[bytes, tuple[int, ...]] = {}
        # By the Parses of this group: if one of them fails, so does all that follows it.
        self._declared: dict[bytes, tuple[int, ...]] = {}
        self._awaited: deque[tuple[bytes, int]] = deque()
        # More was asked than is remembered: which answer belongs to what is not known then.
        self._lost = False
        # Counts the Parses and Closes of all names: what was asked before one is not of now.
        self._versions = 0

    def of(self, name: bytes) -> tuple[int, ...]:
        """Return the types of a statement's parameters, none where they are not known."""
        return self._declared.get(name) or self._known.get(name, ())

    def begin(self) -> None:
        """A new group: what the last one described has been answered, or never will be."""
        self._awaited.clear()
        self._declared.clear()
        self._lost = False

    def forget(self, name: bytes) -> None:
        """The client prepares or closes this name, or tries to."""
        self._versions += 1
        self._known.pop(name, None)
        self._declared.pop(name, None)

    def declare(self, name: bytes, kinds: tuple[int, ...]) -> None:
        """The client prepares this name and says of which types its parameters are, 0 for any."""
        self.forget(name)
        if len(self._declared) < self._most:
            self._declared[name] = kinds

    def asked(self, name: bytes) -> None:
        """The client has a statement described."""
        if len(self._awaited) >= self._most:
            self._lost = True
        if self._lost:
            self._awaited.clear()
            return
        self._awaited.append((name, self._versions))

    def told(self, body: bytes) -> None:
        """Take a ParameterDescription. Raises PeerFault where it is none."""
        (count,) = _count(body) if len(body) >= 2 else (0,)
        if len(body) != 2 + 4 * count:
            raise PeerFault("protocol-violation", "the target described parameters wrongly")
        if not self._awaited:
            return
        name, version = self._awaited.popleft()
        if version == self._versions and len(self._known) < self._most:
            self._known[name] = Struct(f"!{count}I").unpack_from(body, 2)
