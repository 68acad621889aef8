"""Sealed payloads and segments: AES-256-GCM under a data key that is named in front.

`0x01`, one byte length of the key id, the key id in ASCII, 12 bytes nonce, ciphertext and tag.
The data that is authenticated beside it says what was sealed, so that nothing can be put in
the place of something else. docs/specs/log-format.md, Payload.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assent.core.ids import DataKeyId, EntryId, SessionId
from assent.core.secret import Secret

FORM = b"\x01"
NONCE_BYTES = 12
_TAG_BYTES = 16


def about_payload(entry: EntryId) -> bytes:
    """Return what is authenticated beside the payload of an entry."""
    return b"assent payload v1\n" + entry.encode()


def about_segment(session: SessionId, number: int) -> bytes:
    """Return what is authenticated beside a segment of a recording."""
    return f"assent segment v1\n{session}/{number}".encode()


def seal(
    content: bytes, key_id: DataKeyId, key: Secret[bytes], nonce: bytes, about: bytes
) -> bytes:
    """Return `content` sealed under a key of 32 bytes.

    nonce: 12 bytes that are never used twice under one key. about: what is authenticated
    beside it; it opens only together with the same.
    """
    name = key_id.encode("ascii")
    if not 0 < len(name) < 256 or len(nonce) != NONCE_BYTES:
        raise ValueError("a key id has 1 to 255 characters, a nonce 12 bytes")
    return b"".join(
        (
            FORM,
            bytes((len(name),)),
            name,
            nonce,
            AESGCM(key.reveal()).encrypt(nonce, content, about),
        )
    )


def key_of(data: bytes) -> DataKeyId | None:
    """Return which key sealed it, None where it is not sealed: an older form, read as it is.

    Raises ValueError where it is cut off or its key's id is no text.
    """
    if data[:1] != FORM:
        return None
    return DataKeyId(data[2 : _nonce_at(data)].decode("ascii"))


def open_sealed(data: bytes, key: Secret[bytes], about: bytes) -> bytes:
    """Return what was sealed. Raises ValueError where this key and `about` did not seal it."""
    if data[:1] != FORM:
        raise ValueError("it is not sealed")
    start = _nonce_at(data)
    end = start + NONCE_BYTES
    try:
        return AESGCM(key.reveal()).decrypt(data[start:end], data[end:], about)
    except InvalidTag as cause:
        raise ValueError("its seal is broken: other bytes, another key or another place") from cause


def _nonce_at(data: bytes) -> int:
    start = 2 + (data[1] if len(data) > 1 else 0)
    if start == 2 or len(data) < start + NONCE_BYTES + _TAG_BYTES:
        raise ValueError("what is sealed is cut off")
    return start
