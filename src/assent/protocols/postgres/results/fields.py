"""RowDescription read: what each field of a result is, and where it comes from."""

from msgspec import Struct

from assent.content.masks import OTHER, Family, ValueKind
from assent.protocols.postgres.messages import Cursor

# Object ids of `pg_type.dat`. Domains are described as the type that they are made of.
_TEXTS = frozenset((19, 25, 705, 1042, 1043))
_INTEGERS = {20: 8, 21: 2, 23: 4}
# Nothing is put in their place but what they can hold, and yet text may be found in them.
_TEXT_LIKE = _TEXTS | {114, 142, 3802}


class Field(Struct, frozen=True, gc=False):
    """One column of a result.

    table, number: the column that it is, zero where it is computed. kind: the oid of its type.
    """

    name: str
    table: int
    number: int
    kind: int
    binary: bool

    @property
    def value_kind(self) -> ValueKind:
        """How its values are written."""
        return value_kind(self.kind, binary=self.binary)

    @property
    def is_text_like(self) -> bool:
        """Whether its values are text to people, in either format."""
        return self.kind in _TEXT_LIKE


def value_kind(oid: int, *, binary: bool) -> ValueKind:
    """Return how values of a type are written."""
    if oid in _TEXTS:
        return ValueKind(Family.TEXT, binary)
    if oid in _INTEGERS:
        return ValueKind(Family.INTEGER, binary, _INTEGERS[oid])
    if oid == 2950:
        return ValueKind(Family.UUID, binary)
    if oid == 17:
        return ValueKind(Family.BYTES, binary)
    return OTHER


def read_fields(body: bytes) -> tuple[Field, ...]:
    """Return the fields that a RowDescription describes. Raises PeerFault."""
    cursor = Cursor(body)
    fields = []
    for _ in range(cursor.short()):
        name = cursor.string().decode("utf-8", "replace")
        table, number, kind = cursor.unsigned(), cursor.short(), cursor.unsigned()
        cursor.take(6)
        fields.append(Field(name, table, number, kind, cursor.short() != 0))
    cursor.end()
    return tuple(fields)
