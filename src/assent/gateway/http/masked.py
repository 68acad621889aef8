"""Answers of which something may have to be masked: read whole, and written anew.

JSON by the paths of its fields; other text by what things look like, where no field of the route is
masked. What can be read in neither way does not pass.
"""

import zlib

import aiohttp
from aiohttp import hdrs

from assent.content.json_masking import MOST_BYTES, JsonMasks
from assent.core.faults import PeerFault

# Nothing in these is text that a person would read as one.
_NO_TEXT = ("image/", "audio/", "video/", "font/")
_LINES = ("application/x-ndjson", "application/jsonl", "application/json-seq")
_STREAM = "text/event-stream"
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def passes_unread(response: aiohttp.ClientResponse, masks: JsonMasks) -> bool:
    """Return whether an answer passes as it is: nothing of it is looked at, or could be."""
    if not masks.looks:
        return True
    return (
        not masks.by_path
        and _kind(response).startswith(_NO_TEXT)
        and _kind(response) != ("image/svg+xml")
    )


async def masked_answer(response: aiohttp.ClientResponse, masks: JsonMasks) -> bytes:
    """Return the body of an answer as it may be shown. Raises PeerFault `unmaskable`."""
    kind = _kind(response)
    if 300 <= response.status < 400:
        # A redirect is followed, and not read.
        return b""
    if kind == _STREAM:
        raise _unmaskable("is a stream of events")
    data = await _whole(response)
    if not data:
        return data
    if kind == "application/json" or kind.endswith("+json"):
        return masks.json(data).data
    if kind in _LINES:
        return b"\n".join(masks.json(line).data for line in data.split(b"\n"))
    if masks.by_path:
        raise _unmaskable(f"is `{kind[:80]}`, and not JSON")
    if not (kind.startswith("text/") or kind.endswith(("xml", "javascript"))):
        raise _unmaskable(f"is `{kind[:80]}`, which cannot be looked through")
    try:
        return masks.text(data.decode()).encode()
    except UnicodeError:
        raise _unmaskable("is text in another encoding than UTF-8") from None


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Return a body as it is meant, decompressed. Raises PeerFault for one too large."""
    coding = response.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if coding not in ("", "identity", *_WINDOW):
        raise _unmaskable(f"is encoded as `{coding[:40]}`")
    unpacker = zlib.decompressobj(_WINDOW[coding]) if coding in _WINDOW else None
    found = bytearray()
    async for piece in response.content.iter_any():
        if unpacker is not None:
            try:
                piece = unpacker.decompress(piece, MOST_BYTES - len(found) + 1)
            except zlib.error:
                raise _unmaskable("is not encoded as it says") from None
        found += piece
        if len(found) > MOST_BYTES or (unpacker is not None and unpacker.unconsumed_tail):
            raise _unmaskable(f"is larger than {MOST_BYTES >> 20} MiB")
    if unpacker is not None and found and (not unpacker.eof or unpacker.unused_data):
        raise _unmaskable("is not encoded as it says")
    return bytes(found)


def _kind(response: aiohttp.ClientResponse) -> str:
    return response.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()


def _unmaskable(why: str) -> PeerFault:
    words = f"the answer {why}, so what is masked in it for you cannot be told"
    return PeerFault("unmaskable", words)
