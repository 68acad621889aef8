"""SCRAM-SHA-256 verifiers of session credentials (RFC 5802, section 3; RFC 7677)."""

import hmac
from hashlib import pbkdf2_hmac, sha256

from assent.core.plugins import Verifier
from assent.core.secret import Secret

# The least that RFC 7677 asks for. A session password is 192 random bits, so that more
# rounds would slow clients down and stop nobody.
ITERATIONS = 4096


class Verifiers:
    """Makes verifiers; the salt is one per name, derived from a key of this installation.

    One salt for all credentials of a person lets one exchange be checked against each of
    them, and a name that does not exist has a salt like any other.
    """

    def __init__(self, key: Secret[bytes]) -> None:
        self._key = key

    def salt(self, name: str) -> bytes:
        """Return the 16 bytes of salt of a name, whether or not it exists."""
        return hmac.digest(self._key.reveal(), b"scram-salt:" + name.encode(), "sha256")[:16]

    def make(self, name: str, password: Secret[str]) -> Verifier:
        """Return the verifier of an ASCII password for `name`."""
        salted = pbkdf2_hmac("sha256", password.reveal().encode(), self.salt(name), ITERATIONS)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        return Verifier(sha256(client_key).digest(), server_key)
