"""One-time codes that lead a browser from the console, where it is signed in, to a target's host.

A code says that whoever brings it back, with what the host gave them before, holds a sign-in of the
console. It is good for a minute, once, on that host alone.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from assent.core.clock import Clock
from assent.core.faults import MissingFault
from assent.core.ids import Ids
from assent.core.secret import Secret

CODE_LASTS_FOR = timedelta(seconds=60)
PATH = "/.assent/enter"
"""Where a host takes the code."""
_MOST_CODES = 10_000

AddressOf = Callable[[str], str]
"""A target's name → the origin that browsers reach it at, empty for none."""


@dataclass(frozen=True, slots=True)
class _Code:
    target: str
    state: str
    token_digest: str
    until: datetime


class Entering:
    """Makes and takes them. They live in this process, as what they lead to does."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._codes: OrderedDict[str, _Code] = OrderedDict()
        self._address_of: AddressOf = lambda target: ""

    def open_at(self, address_of: AddressOf) -> None:
        """Hear where targets have hosts of their own."""
        self._address_of = address_of

    def lead(self, token_digest: str, target: str, state: str, path: str) -> str:
        """Return the address on the target's host that takes its holder in, and on to `path`.

        state: what that host gave the browser, of which only the digest came here. Raises
        MissingFault where there is no such host.
        """
        origin = self._address_of(target)
        if not origin:
            raise MissingFault("no-such-target", f"no web application is called `{target[:80]}`")
        code = Secret(self._ids.token(32))
        until = self._clock.now() + CODE_LASTS_FOR
        self._codes[_digest(code.reveal())] = _Code(target, state, token_digest, until)
        while len(self._codes) > _MOST_CODES:
            self._codes.popitem(last=False)
        return f"{origin}{PATH}?{urlencode({'code': code.reveal(), 'to': local(path)})}"

    def take(self, code: str, target: str, state: str) -> str | None:
        """Return the digest of the token that a code stands for, once; None for any other.

        state: as the browser brings it.
        """
        found = self._codes.pop(_digest(code), None)
        if found is None or found.target != target or self._clock.now() >= found.until:
            return None
        return found.token_digest if hmac.compare_digest(found.state, state_of(state)) else None


def state_of(value: str) -> str:
    """Return what may be said of a state outside of its host."""
    return _digest(value)


def local(path: str) -> str:
    """Return `path` where it leads to a page of the same host, else `/`."""
    plain = all("!" <= character < "\x7f" and character != "\\" for character in path)
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()
