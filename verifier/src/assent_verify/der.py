"""As much of DER as a time stamp has (ITU-T X.690)."""

from dataclasses import dataclass

INTEGER, OCTETS, OID, TIME, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x18, 0x30, 0x31


@dataclass(frozen=True, slots=True)
class Value:
    """One value. raw: all of its bytes, tag and length among them. body: what is in it."""

    tag: int
    body: bytes
    raw: bytes

    def items(self) -> list["Value"]:
        """Return the values that it is made of. Raises ValueError."""
        return read_all(self.body)


def read_all(data: bytes) -> list[Value]:
    """Return the values that follow each other in `data`. Raises ValueError."""
    found, at = [], 0
    while at < len(data):
        value, at = _read(data, at)
        found.append(value)
    return found


def read_one(data: bytes) -> Value:
    """Return the one value that `data` is. Raises ValueError."""
    found = read_all(data)
    if len(found) != 1:
        raise ValueError("expected one value")
    return found[0]


def _read(data: bytes, start: int) -> tuple[Value, int]:
    at = start + 2
    if at > len(data) or data[start] & 0x1F == 0x1F:
        raise ValueError("a value is cut off, or its tag is long")
    length = data[start + 1]
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or at + count > len(data):
            raise ValueError("a length is malformed")
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > len(data):
        raise ValueError("a value is cut off")
    return Value(data[start], data[at : at + length], data[start : at + length]), at + length
