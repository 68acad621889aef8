"""Which sign-in each password for a target was asked for with, so that it ends with that one.

It is known to the process that made the password, and that is enough: what was open ends with the
process, and such a password opens something for five minutes only.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from assent.core.entry import Entry
from assent.core.ids import CredentialId, TokenId

_MOST_MINTED = 100_000
_MOST_ENDED = 50_000


class TokenBonds:
    """Remembers them, the oldest least, and tells when a sign-in was ended by somebody."""

    def __init__(self) -> None:
        self._minted: OrderedDict[CredentialId, TokenId] = OrderedDict()
        self._ended: OrderedDict[TokenId, None] = OrderedDict()
        self._listeners: list[Callable[[frozenset[TokenId]], None]] = []

    def when_ended(self, listener: Callable[[frozenset[TokenId]], None]) -> None:
        """Call `listener` with sign-ins and tokens that were ended, at once."""
        self._listeners.append(listener)

    def minted(self, credential: CredentialId, token: TokenId | None) -> None:
        """Remember that a password was asked for with that token."""
        if token is None:
            return
        self._minted[credential] = token
        while len(self._minted) > _MOST_MINTED:
            self._minted.popitem(last=False)

    def token_of(self, credential: CredentialId) -> TokenId | None:
        """Return the token that a password was asked for with, None where that is not known."""
        return self._minted.get(credential)

    def is_over(self, token: TokenId | None) -> bool:
        """Return whether somebody ended that token."""
        return token in self._ended

    def end(self, tokens: Iterable[TokenId]) -> None:
        """Let everything end that was opened with these; call it once they are gone."""
        ended = frozenset(tokens)
        self._ended.update(dict.fromkeys(ended))
        while len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)
        for listener in self._listeners:
            listener(ended)

    def end_all_in(self, entries: Sequence[Entry]) -> None:
        """End those that entries say are revoked."""
        self.end(TokenId(str(one.facts["token"])) for one in entries)
