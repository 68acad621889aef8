"""SCRAM-SHA-256, both ends (RFC 5802 with the hash of RFC 7677), without channel binding.

The server's end checks one proof against several verifiers that share a salt, so that a
person may hold several session credentials at once.
"""

import base64
import binascii
import hashlib
import hmac
import stringprep
import unicodedata
from dataclasses import dataclass

from assent.core.faults import PeerFault
from assent.core.plugins import Identified, Verifier
from assent.core.secret import Secret

MECHANISM = "SCRAM-SHA-256"
_LARGEST_MESSAGE_BYTES = 2048
_FEWEST_CHECKS = 4
# PBKDF2 runs on the event loop; a target must not be able to stop it for seconds.
_MOST_ITERATIONS = 250_000


@dataclass(frozen=True, slots=True)
class Proved:
    """The proof fits verifier number `credential`; `final` is to be sent as SASLFinal."""

    credential: int
    final: bytes


class ScramServer:
    """Lets a client prove that it knows a password. Every method may raise PeerFault."""

    def __init__(self, identified: Identified, nonce: str) -> None:
        self._identified = identified
        self._nonce = nonce
        self._bare = b""
        self._first = b""
        self._header = b""

    def first(self, message: bytes) -> bytes:
        """Return server-first for client-first (RFC 5802, section 5)."""
        header, bare = _split_header(_bounded(message))
        attributes = bare.split(b",")
        if len(attributes) < 2 or not attributes[0].startswith(b"n="):
            raise _malformed("client-first")
        nonce = _attribute(attributes[1], b"r")
        if not nonce or not all(0x21 <= byte <= 0x7E for byte in nonce):
            raise _malformed("client-first")
        self._header, self._bare = header, bare
        self._nonce = nonce.decode() + self._nonce
        salt = base64.b64encode(self._identified.salt).decode()
        self._first = f"r={self._nonce},s={salt},i={self._identified.iterations}".encode()
        return self._first

    def final(self, message: bytes) -> Proved | None:
        """Return what client-final proves, None if it fits no verifier.

        Every verifier is checked and at least four are, whether one fits or not: how long it
        takes says nothing about who exists.
        """
        without_proof, comma, proof_text = _bounded(message).rpartition(b",p=")
        attributes = without_proof.split(b",")
        if not comma or len(attributes) < 2:
            raise _malformed("client-final")
        if _decoded(_attribute(attributes[0], b"c")) != self._header:
            raise _malformed("client-final")
        if not hmac.compare_digest(_attribute(attributes[1], b"r"), self._nonce.encode()):
            raise _malformed("client-final")
        proof = _decoded(proof_text)
        if len(proof) != 32:
            raise _malformed("client-final")
        auth_message = b",".join((self._bare, self._first, without_proof))
        return self._check(proof, auth_message)

    def _check(self, proof: bytes, auth_message: bytes) -> Proved | None:
        verifiers = list(self._identified.verifiers)
        real = len(verifiers)
        # A digest nobody knows a preimage of: no proof fits it.
        while len(verifiers) < _FEWEST_CHECKS:
            verifiers.append(Verifier(hashlib.sha256(b"none").digest(), bytes(32)))
        found = -1
        for index, verifier in enumerate(verifiers):
            signature = hmac.digest(verifier.stored_key, auth_message, "sha256")
            client_key = _xor(proof, signature)
            fits = hmac.compare_digest(hashlib.sha256(client_key).digest(), verifier.stored_key)
            if fits and index < real:
                found = index
        if found < 0:
            return None
        signature = hmac.digest(verifiers[found].server_key, auth_message, "sha256")
        return Proved(found, b"v=" + base64.b64encode(signature))


class ScramClient:
    """Proves to a target that we know its password, and checks that the target does too."""

    def __init__(self, password: Secret[str], nonce: str, user: str = "") -> None:
        self._password = password
        self._nonce = nonce
        # PostgreSQL takes the name of the startup message and wants this one empty.
        self._bare = f"n={user},r={nonce}".encode()
        self._expected = b""

    def first(self) -> bytes:
        """Return client-first."""
        return b"n,," + self._bare

    def final(self, server_first: bytes) -> bytes:
        """Return client-final for server-first. Raises PeerFault."""
        attributes = _bounded(server_first).split(b",")
        if len(attributes) < 3:
            raise _malformed("server-first")
        nonce = _attribute(attributes[0], b"r")
        salt = _decoded(_attribute(attributes[1], b"s"))
        digits = _attribute(attributes[2], b"i")
        if not digits.isdigit() or len(digits) > 9:
            raise _malformed("server-first")
        iterations = int(digits)
        if not nonce.startswith(self._nonce.encode()) or len(nonce) == len(self._nonce):
            raise _malformed("server-first")
        if not salt or not 1 <= iterations <= _MOST_ITERATIONS:
            raise _malformed("server-first")
        without_proof = b"c=biws,r=" + nonce
        auth_message = b",".join((self._bare, server_first, without_proof))
        password = normalized(self._password.reveal())
        salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        stored_key = hashlib.sha256(client_key).digest()
        proof = _xor(client_key, hmac.digest(stored_key, auth_message, "sha256"))
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        self._expected = hmac.digest(server_key, auth_message, "sha256")
        return without_proof + b",p=" + base64.b64encode(proof)

    def verify(self, server_final: bytes) -> None:
        """Check the target's own proof. Raises PeerFault when it does not know the password."""
        signature = _decoded(_attribute(_bounded(server_final).split(b",")[0], b"v"))
        if not self._expected or not hmac.compare_digest(signature, self._expected):
            raise PeerFault("scram", "the target could not prove that it knows the password")


def normalized(password: str) -> bytes:
    """Return the SASLprep of a password, or its bytes where that is not defined.

    Source: RFC 4013; PostgreSQL too takes a password as it is when SASLprep refuses it.
    """
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    return (password if any(map(_prohibited, prepared)) else prepared).encode()


def _prohibited(char: str) -> bool:
    return (
        stringprep.in_table_a1(char)
        or stringprep.in_table_c12(char)
        or stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
    )


def _split_header(message: bytes) -> tuple[bytes, bytes]:
    parts = message.split(b",", 2)
    if len(parts) != 3:
        raise _malformed("client-first")
    flag, authorization, bare = parts
    if flag.startswith(b"p="):
        raise PeerFault("scram", "channel binding is not offered; connect without it")
    # `y` says that the client could bind but saw no offer, and there was none.
    if flag not in (b"n", b"y") or (authorization and not authorization.startswith(b"a=")):
        raise _malformed("client-first")
    return flag + b"," + authorization + b",", bare


def _attribute(text: bytes, name: bytes) -> bytes:
    if not text.startswith(name + b"="):
        raise PeerFault("scram", "a SCRAM message lacks an attribute")
    return text[2:]


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PeerFault("scram", "a SCRAM message is not valid base64") from error


def _bounded(message: bytes) -> bytes:
    if len(message) > _LARGEST_MESSAGE_BYTES:
        raise _malformed("SCRAM")
    return message


def _malformed(which: str) -> PeerFault:
    return PeerFault("scram", f"the {which} message is malformed")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
