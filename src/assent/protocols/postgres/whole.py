"""Messages read where they lie in a chunk that is a whole unit, or the whole answer to one.

Each function returns None for what is malformed, unusual or not all there: the readers of
single messages say what is wrong with it. Positions only move on and must end exactly at the
end of their message, so nothing of the next one is ever read as part of it.
"""

from collections.abc import Callable
from struct import unpack_from

from assent.protocols.postgres.extended import no_types
from assent.protocols.postgres.messages import HEADER, SHORT, SIGNED
from assent.protocols.postgres.target_stream import rows_end
from assent.protocols.postgres.values import text_of

_unpack = HEADER.unpack_from
_short = SHORT.unpack_from
_signed = SIGNED.unpack_from


def parse_at(data: bytes, rest: int) -> tuple[bytes, bytes, int] | None:
    """Return name, text and end of the Parse that `data` begins with.

    rest: at least so many bytes follow it, 5 or more.
    """
    end = _unpack(data)[1] + 1
    if end + rest > len(data):
        return None
    name_end = data.find(b"\0", 5, end)
    if name_end < 0:
        return None
    text_end = data.find(b"\0", name_end + 1, end)
    if text_end < 0:
        return None
    # INVARIANT: `text_end < end` and 5 bytes follow `end`, so that this can be read.
    if text_end + 3 + 4 * _short(data, text_end + 1)[0] != end:
        return None
    return data[5:name_end], data[name_end + 1 : text_end], end


def types_at(data: bytes, at: int) -> tuple[int, ...]:
    """Return the declared types of a Parse that `parse_at` has read; `at`: after its text."""
    count: int = _short(data, at)[0]
    return unpack_from(f"!{count}I", data, at + 2)


def bind_at(
    data: bytes,
    at: int,
    rest: int,
    types_of: Callable[[bytes], tuple[int, ...]] = no_types,
) -> tuple[bytes, tuple[str | None, ...], int] | None:
    """Return statement, parameters and end of the Bind of the unnamed portal at `at`.

    rest: as in `parse_at`. All parameters are shown in full, the binary ones by the types
    that `types_of` returns for the statement.
    """
    if at + 6 + rest > len(data):
        return None
    kind, length = _unpack(data, at)
    end = at + length + 1
    if kind != 66 or data[at + 5] or end + rest > len(data):
        return None
    name_end = data.find(b"\0", at + 6, end)
    if name_end < 0:
        return None
    name = data[at + 6 : name_end]
    at = name_end + 3
    formats_end = at + 2 * _short(data, name_end + 1)[0]
    if formats_end > end:
        return None
    formats = data[at:formats_end]
    read = _parameters(data, formats_end, end, formats, lambda: types_of(name))
    if read is None:
        return None
    parameters, at = read
    if at + 2 + 2 * _short(data, at)[0] != end:
        return None
    return name, parameters, end


def _parameters(
    data: bytes, at: int, end: int, formats: bytes, types_of: Callable[[], tuple[int, ...]]
) -> tuple[tuple[str | None, ...], int] | None:
    """Return the parameters at `at` and where they end, at `end` or before it."""
    count: int = _short(data, at)[0]
    at += 2
    if len(formats) > 2 and len(formats) != 2 * count:
        return None
    # A format is text when it is zero; one alone counts for all, none at all is text.
    binary = formats.strip(b"\0")
    if binary and len(formats) == 2:
        formats *= count
    shown: list[str | None] = []
    for index in range(count):
        if at > end:
            return None
        size: int = _signed(data, at)[0]
        at += 4
        if size < 0:
            if size < -1:
                return None
            shown.append(None)
            continue
        value = data[at : at + size]
        at += size
        if binary and (formats[2 * index] or formats[2 * index + 1]):
            types = types_of()
            shown.append(text_of(types[index] if index < len(types) else 0, value))
            continue
        try:
            shown.append(value.decode())
        except UnicodeDecodeError:
            return None
    return (tuple(shown), at) if at <= end else None


def completed_at(data: bytes, at: int) -> bytes | None:
    """Return the tag of the command whose answer `data[at:]` is, all of it and nothing else.

    That is its description, its rows, its CommandComplete, and a message of 6 bytes, which
    the caller has looked at.
    """
    last = len(data) - 6
    while at + 5 <= last:
        kind, length = _unpack(data, at)
        end = at + length + 1
        if length < 4:
            return None
        if kind == 67:
            return data[at + 5 : end] if end == last else None
        if kind == 68:
            end = rows_end(data, kind, length, end, last)
        elif kind != 84 and kind != 110:
            return None
        at = end
    return None
