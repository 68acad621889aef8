"""What a server answers, where clients are told less of it or where it must be known."""

from collections.abc import Iterable
from typing import Final

from assent.protocols.ssh.sftp_requests import EXTENSIONS
from assent.protocols.ssh.sftp_wire import (
    LARGEST_PACKET,
    LONGEST_PATH,
    VERSION,
    Fields,
    Kind,
    Unreadable,
    number,
    packet,
    string,
)

_LONGEST_WORD: Final = 1_024
_MOST_EXTENSIONS: Final = 64
_MOST_DATA: Final = LARGEST_PACKET - 1_024


def welcome(body: bytes) -> bytes:
    """Return a server's VERSION as clients see it: with the extensions that are understood here.

    body: behind the kind. Raises Unreadable for another version than 3.
    """
    fields = Fields(body)
    if fields.number() != VERSION:
        raise Unreadable("the server speaks another version than 3")
    kept = [
        string(name) + string(value)
        for name, value in _pairs(fields)
        if name.decode("ascii", "replace") in EXTENSIONS
    ]
    return packet(Kind.VERSION, number(VERSION), *kept)


def bounded(id: int, kind: int, body: bytes) -> bytes:
    """Return the answer to `limits@openssh.com` with no more in it than passes here.

    body: behind the id: longest packet, most that is read and written at once, most handles, each
    in 64 bits (OpenSSH's PROTOCOL, section 4.8).
    """
    if kind != Kind.EXTENDED_REPLY:
        return packet(kind, number(id), body)
    fields = Fields(body)
    longest, read, written = fields.long(), fields.long(), fields.long()
    clipped = (
        min(longest or LARGEST_PACKET, LARGEST_PACKET),
        min(read or _MOST_DATA, _MOST_DATA),
        min(written or _MOST_DATA, _MOST_DATA),
    )
    return packet(kind, number(id), *(value.to_bytes(8) for value in clipped), fields.rest())


def names_in(body: bytes) -> bytes:
    """Return the names of a listing, a line each. body: behind the id. Raises Unreadable."""
    fields = Fields(body)
    found = []
    for _ in range(fields.number()):
        found.append(fields.string(LONGEST_PATH))
        fields.string(LARGEST_PACKET)
        fields.attributes()
    return b"".join(name + b"\n" for name in found)


def _pairs(fields: Fields) -> Iterable[tuple[bytes, bytes]]:
    for _ in range(_MOST_EXTENSIONS):
        if fields.at_end:
            return
        yield fields.string(_LONGEST_WORD), fields.string(_LONGEST_WORD)
    raise Unreadable("the server knows too many extensions")
