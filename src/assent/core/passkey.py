"""Passkeys as the use cases see them: what an authenticator answered, and who reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assent.core.canonical import Json
from assent.core.subject import Subject


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that an authenticator made. public_key: a COSE key.

    credential_id: base64url. sign_count: how often it signed, 0 where it does not count.
    aaguid: the model of the authenticator, all zeros where it does not say.
    """

    credential_id: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    aaguid: str
    backed_up: bool


@dataclass(frozen=True, slots=True)
class PresentedPasskey:
    """What an authenticator answered, not checked yet. user: whose it says to be, or empty."""

    credential_id: str
    user: str
    challenge: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @property
    def sign_count(self) -> int:
        """Return how often it says that it signed; 0 where it does not count."""
        return int.from_bytes(self.authenticator_data[33:37])


class RelyingParty(Protocol):
    """This site, to authenticators (WebAuthn Level 3, section 4: Relying Party).

    What it returns for browsers are the JSON forms of section 5.1.8 and 5.1.9. Every method that
    takes something from outside raises ForbiddenFault that says what is wrong with it.
    """

    @property
    def rp_id(self) -> str:
        """Return the host that passkeys are made for."""
        ...

    @property
    def origin(self) -> str:
        """Return where they have to be used, exactly."""
        ...

    @property
    def problem(self) -> str:
        """Return why passkeys cannot be used here and what to do; empty where they can."""
        ...

    def creation_options(
        self, subject: Subject, challenge: bytes, known: Sequence[Mapping[str, str]]
    ) -> dict[str, Json]:
        """Return what a browser needs to make one. known: details of those that there are."""
        ...

    def request_options(
        self, challenge: bytes, known: Sequence[Mapping[str, str]]
    ) -> dict[str, Json]:
        """Return what a browser needs to use one. known: those to use, none for any."""
        ...

    def challenge_of(self, credential: str) -> bytes:
        """Return the challenge that a browser's answer says to be about."""
        ...

    def made(self, credential: str, challenge: bytes) -> NewPasskey:
        """Return the passkey that was made for this challenge."""
        ...

    def presented(self, credential: str) -> PresentedPasskey:
        """Return what a browser's answer says, unchecked."""
        ...

    def check(self, given: PresentedPasskey, public_key: bytes) -> None:
        """Check that the holder of the key signed the challenge here, present and verified."""
        ...

    def check_place(self, given: PresentedPasskey) -> None:
        """Check all of that but the signature: what does not depend on whose it is."""
        ...
