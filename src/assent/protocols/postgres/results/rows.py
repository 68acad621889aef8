"""DataRows rewritten in bulk: the hottest loop of the gateway.

Only the fields up to the last masked one are walked, the row's own length leads to the next
one; values that were masked before are remembered, and all pieces are joined once.
"""

import struct
from collections.abc import Sequence

from assent.content.masks import constant, masking
from assent.protocols.postgres.messages import violation
from assent.protocols.postgres.results.plan import Plan, Treatment

# From the tag on: length of the row, number of its fields, length of the first.
_first = struct.Struct("!xIHi").unpack_from
_size = struct.Struct("!i").unpack_from
_length = struct.Struct("!I").unpack_from

_ROW = 68
_NULL = b"\xff\xff\xff\xff"
_MOST_REMEMBERED = 8_192
_LONGEST_REMEMBERED = 256
# Headers of rows of usual lengths, made beforehand.
_HEADERS = tuple(b"D" + struct.pack("!I", length) for length in range(2_048))


class Masker:
    """What stands in place of the values of one field, with its length in front.

    always: the same for all values but NULL; None where it depends on the value.
    """

    __slots__ = ("_masked", "always", "remembered")

    def __init__(self, treatment: Treatment, key: bytes) -> None:
        if treatment.how is None:
            raise ValueError("a field that is shown has no mask")
        kind = treatment.field.value_kind
        self._masked = masking(kind, treatment.how, key)
        self.remembered: dict[bytes, bytes] = {}
        same, shown = constant(kind, treatment.how)
        self.always = with_length(shown) if same else None

    def shown(self, value: bytes) -> bytes:
        """Return it for a value that is not remembered; only where it depends on the value."""
        masked = self._masked(value)
        found = _NULL if masked is None else len(masked).to_bytes(4) + masked
        if len(value) <= _LONGEST_REMEMBERED:
            if len(self.remembered) >= _MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[value] = found
        return found


class RowMasks:
    """Masks the DataRows of one plan. touches: whether any field is masked.

    unmasked: of the rows rewritten last, all that was not put there by a mask, in no order of
    use to anybody but a scan; empty where that is not told apart.
    """

    __slots__ = ("_count", "_maskers", "_tells_apart", "touches", "unmasked")

    def __init__(self, plan: Plan, key: bytes) -> None:
        self.unmasked = b""
        self._tells_apart = any(item.scanned for item in plan)
        places = [place for place, item in enumerate(plan) if item.how is not None]
        self._count = len(plan)
        # For each masked field, how many are shown between it and the one before.
        self._maskers = [
            (place - before - 1, Masker(plan[place], key))
            for before, place in zip([-1, *places], places, strict=False)
        ]
        self.touches = bool(places)

    def rewrite(self, data: bytes, at: int, size: int) -> tuple[bytes, int]:
        """Return the rows that are whole in `data[at:size]`, masked, and where they end.

        Raises PeerFault for a row that is not what was described.
        """
        try:
            if len(self._maskers) == 1:
                return self._one(data, at, size)
            return self._many(data, at, size)
        except (struct.error, IndexError):
            raise violation("a row of the target is shorter than its fields") from None

    def _one(self, data: bytes, at: int, size: int) -> tuple[bytes, int]:
        """One masked field: everything in local names, since this is where the time goes."""
        gap, masker = self._maskers[0]
        always, remembered, shown = masker.always, masker.remembered, masker.shown
        count, first, size_at = self._count, _first, _size
        headers, most = _HEADERS, len(_HEADERS)
        pieces: list[bytes] = []
        append = pieces.append
        while at + 11 <= size and data[at] == _ROW:
            length, fields, value_size = first(data, at)
            end = at + length + 1
            if end > size:
                break
            begin = at + 11
            left = gap
            while left:
                if value_size > 0:
                    begin += value_size
                (value_size,) = size_at(data, begin)
                begin += 4
                left -= 1
            if value_size < 0:
                mask, after = _NULL, begin
            else:
                after = begin + value_size
                if always is not None:
                    mask = always
                else:
                    value = data[begin:after]
                    mask = remembered.get(value) or shown(value)
                length += len(mask) - 4 - value_size
            if after > end or fields != count:
                raise _not_as_described()
            append(headers[length] if length < most else b"D" + length.to_bytes(4))
            append(data[at + 5 : begin - 4])
            append(mask)
            append(data[after:end])
            at = end
        if self._tells_apart:
            # What a mask shows of an address has the look of one, and would always be found.
            self.unmasked = b"".join(pieces[1::4]) + b"".join(pieces[3::4])
        return b"".join(pieces), at

    def _many(self, data: bytes, at: int, size: int) -> tuple[bytes, int]:
        maskers = [(gap, one.always, one.remembered, one.shown) for gap, one in self._maskers]
        count, first, size_at = self._count, _first, _size
        pieces: list[bytes] = []
        append = pieces.append
        while at + 11 <= size and data[at] == _ROW:
            length, fields, value_size = first(data, at)
            end = at + length + 1
            if end > size:
                break
            place = len(pieces)
            append(b"")
            # From where on it passes as it is, and where the length of the next field is.
            begin, after = at + 5, at + 7
            for gap, always, remembered, shown in maskers:
                for _ in range(gap):
                    (value_size,) = size_at(data, after)
                    after += 4 + value_size if value_size > 0 else 4
                (value_size,) = size_at(data, after)
                append(data[begin:after])
                if value_size < 0:
                    append(_NULL)
                    begin = after = after + 4
                    continue
                begin = after + 4 + value_size
                mask = always
                if mask is None:
                    value = data[after + 4 : begin]
                    mask = remembered.get(value) or shown(value)
                append(mask)
                length += len(mask) - 4 - value_size
                after = begin
            if after > end or fields != count:
                raise _not_as_described()
            append(data[begin:end])
            pieces[place] = b"D" + length.to_bytes(4)
            at = end
        return b"".join(pieces), at


def whole_rows(data: bytes, at: int, size: int, most_rows: int, most_bytes: int) -> tuple[int, int]:
    """Return how many messages like the one at `at` are whole, and where they end.

    At most so many, and at most so many bytes of them.
    """
    kind, begin, count = data[at], at, 0
    length_at = _length
    size = min(size, begin + most_bytes)
    while count < most_rows and at + 5 <= size and data[at] == kind:
        length: int = length_at(data, at + 1)[0]
        if length < 4:
            raise violation("a message of the target has an impossible length")
        end = at + length + 1
        if end > size:
            break
        at = end
        count += 1
    return count, at


def values_of(data: bytes, at: int, end: int) -> list[list[bytes | None]]:
    """Return the values of whole DataRows. Raises PeerFault for what is none."""
    rows = []
    try:
        while at < end:
            length, count = struct.unpack_from("!xIH", data, at)
            following = at + length + 1
            at += 7
            values: list[bytes | None] = []
            for _ in range(count):
                (size,) = _size(data, at)
                at += 4
                values.append(None if size < 0 else data[at : at + size])
                at += max(size, 0)
            if at != following:
                raise _not_as_described()
            rows.append(values)
    except struct.error:
        raise _not_as_described() from None
    return rows


def row(values: Sequence[bytes | None]) -> bytes:
    """Return a DataRow."""
    body = struct.pack("!H", len(values)) + b"".join(with_length(value) for value in values)
    return b"D" + struct.pack("!I", len(body) + 4) + body


def with_length(value: bytes | None) -> bytes:
    """Return a value as it stands in a row."""
    return _NULL if value is None else struct.pack("!i", len(value)) + value


def _not_as_described() -> Exception:
    return violation("a row of the target is not what was described")
