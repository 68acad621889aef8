"""Master keys, which wrap data keys: a file of 32 bytes, or a key that Vault never gives away.

docs/specs/log-format.md, Data keys.
"""

from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assent.core.data_key import DATA_KEY_BYTES
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import Ids
from assent.core.secret import Secret

_NONCE_BYTES = 12
_ABOUT = b"assent data key v1\n"


class FileMasterKey:
    """A master key that lies in a file; here are its bytes, read once at the start."""

    def __init__(self, key: Secret[bytes], ids: Ids) -> None:
        self._cipher = AESGCM(key.reveal())
        self._ids = ids
        # Tells keys apart without saying anything of them.
        self.name = "file:" + sha256(b"assent master key v1\n" + key.reveal()).hexdigest()[:16]

    async def wrap(self, key: Secret[bytes], about: str) -> bytes:
        """Return nonce, ciphertext and tag; AES-256-GCM with the id authenticated beside it."""
        nonce = sha256(self._ids.token().encode()).digest()[:_NONCE_BYTES]
        return nonce + self._cipher.encrypt(nonce, key.reveal(), _ABOUT + about.encode())

    async def unwrap(self, wrapped: bytes, about: str) -> Secret[bytes]:
        """Return the data key. Raises OperatorFault where it was wrapped otherwise."""
        nonce, rest = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            key = self._cipher.decrypt(nonce, rest, _ABOUT + about.encode())
        except (InvalidTag, ValueError) as cause:
            raise _foreign(about) from cause
        return Secret(key)


class Transit(Protocol):
    """The transit engine of a Vault server."""

    async def encrypt(self, place: str, plain: Secret[bytes], context: bytes) -> str:
        """Return the ciphertext by the key at `MOUNT/KEY`. Raises OutsideFault, OperatorFault."""
        ...

    async def decrypt(self, place: str, sealed: str, context: bytes) -> Secret[bytes]:
        """Return what was encrypted. Raises OutsideFault, OperatorFault."""
        ...


class TransitMasterKey:
    """A key of Vault's transit engine, at `MOUNT/KEY`; made there with `derived=true`."""

    def __init__(self, vault: Transit, place: str) -> None:
        self._vault = vault
        self._place = place
        self.name = f"vault-transit:{place}"

    async def wrap(self, key: Secret[bytes], about: str) -> bytes:
        """Return Vault's ciphertext, the id being its context."""
        return (await self._vault.encrypt(self._place, key, _ABOUT + about.encode())).encode()

    async def unwrap(self, wrapped: bytes, about: str) -> Secret[bytes]:
        """Return the data key, which Vault decrypts."""
        try:
            text = wrapped.decode("ascii")
        except UnicodeDecodeError as cause:
            raise _foreign(about) from cause
        key = await self._vault.decrypt(self._place, text, _ABOUT + about.encode())
        if len(key.reveal()) != DATA_KEY_BYTES:
            raise OutsideFault("master-key", f"Vault decrypted data key `{about[:80]}` to no key")
        return key


def _foreign(about: str) -> OperatorFault:
    return OperatorFault(
        "master-key",
        f"data key `{about[:80]}` was not wrapped by this master key; restore the one that was in "
        "use when it was made, from your backup",
    )
