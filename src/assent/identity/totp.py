"""Codes of an app: TOTP (RFC 6238) of six digits every 30 seconds, its secret sealed."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from assent.core.secret import Secret

STEP_S = 30
_DIGITS = 6
_SECRET_BYTES = 20
_NONCE_BYTES = 12
# Clocks of telephones differ a little (RFC 6238, section 5.2).
_STEPS_AROUND = (0, -1, 1)


class SealedTotp:
    """Makes generators and checks their codes. Who has the store but not the key has no code.

    key: of this installation; what seals is derived from it for this use alone.
    """

    def __init__(self, key: Secret[bytes], issuer: str = "Assent") -> None:
        self._aead = AESGCM(hmac.digest(key.reveal(), b"assent totp secrets", "sha256"))
        self._issuer = issuer

    def make(self, about: str) -> tuple[Secret[str], bytes]:
        """Return a new secret in base32, to be shown once, and what to keep of it.

        about: the id of what it is kept in, bound to it.
        """
        key, nonce = secrets.token_bytes(_SECRET_BYTES), secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._aead.encrypt(nonce, key, about.encode())
        return Secret(base64.b32encode(key).decode("ascii")), sealed

    def step_of(self, sealed: bytes, about: str, code: str, now: datetime) -> int | None:
        """Return the time step that a code is of, now or one beside it; None for a wrong one."""
        if len(code) != _DIGITS or not (code.isascii() and code.isdecimal()):
            return None
        try:
            key = self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except InvalidTag:
            # Sealed with another key: it counts as no generator, and a recovery code still does.
            return None
        generator, step = TOTP(key, _DIGITS, SHA1(), STEP_S), int(now.timestamp()) // STEP_S  # noqa: S303
        found = None
        for near in _STEPS_AROUND:
            # All are compared, so that time does not tell how near a guess is.
            right = generator.generate((step + near) * STEP_S)
            if hmac.compare_digest(right, code.encode()) and found is None:
                found = step + near
        return found

    def uri(self, secret: Secret[str], account: str) -> Secret[str]:
        """Return what an app reads from a QR code (Key URI Format of Google Authenticator)."""
        issuer, name = quote(self._issuer), quote(account)
        return Secret(f"otpauth://totp/{issuer}:{name}?secret={secret.reveal()}&issuer={issuer}")
