"""A log's signer whose key can be replaced: for a while, two keys sign each checkpoint."""

from assent.audit.note import Signer
from assent.core.secret import Secret


class RotatingSigner(Signer):
    """Signs with one key, and with the next one beside it while a rotation is under way."""

    __slots__ = ("_next",)

    def __init__(self, name: str, seed: Secret[bytes], following: Secret[bytes] | None) -> None:
        super().__init__(name, seed)
        self._next = None if following is None else Signer(name, following)

    @property
    def following(self) -> str | None:
        """The public key that signs beside the present one, None while nothing is rotated."""
        return None if self._next is None else self._next.verifier_key

    def sign(self, text: str) -> str:
        """Return the note with one signature, or with one of each key."""
        note = super().sign(text)
        return note if self._next is None else f"{note}{self._next.line(text)}\n"

    def all_derived(self, purpose: bytes) -> tuple[Secret[bytes], ...]:
        """Return what is derived of the next key, while there is one, and of the present one."""
        following = () if self._next is None else (self._next.derived(purpose),)
        return (*following, self.derived(purpose))

    def begin(self, following: Secret[bytes]) -> None:
        """Let another key sign beside the present one from now on."""
        self._next = Signer(self.name, following)

    def abandon(self) -> None:
        """Let only the present key sign again."""
        self._next = None

    def finish(self) -> None:
        """Let only the next key sign from now on."""
        if self._next is not None:
            self._key, self.verifier = self._next._key, self._next.verifier
            self._next = None
