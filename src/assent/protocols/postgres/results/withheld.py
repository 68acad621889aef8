"""Errors and notices of a statement that may read masked values: its words can hold them.

`invalid input syntax for type integer: "bob@example.com"` says what a mask hides. Where it
came from the reading of the text alone, which points into it, nothing of a row is in it.
"""

from assent.protocols.postgres.messages import frame

WORDS = "the target refused it; its words are withheld since they may hold masked values"
_SAID = "the target said something; it is withheld since it may hold masked values"

# Connection, transaction state, rollback, resources, limits, state of objects, operator.
_PASSED = frozenset(("08", "25", "40", "53", "54", "55", "57"))
# Names that do not exist; but also what a value was cast to, such as `email::regclass`.
_PASSED_WITH_PLACE = frozenset(("0A", "26", "34", "3D", "3F", "42"))
_DENIED = "42501"
_KEPT = frozenset(b"SVCP")
# Where it happened inside of a function, whose words may be anything.
_INSIDE = frozenset(b"Wqp")


def withheld(kind: int, body: bytes) -> bytes | None:
    """Return what is said in place of an ErrorResponse or NoticeResponse, None to let it pass.

    kind: its tag. Severity, SQLSTATE and position are kept.
    """
    fields = [field for field in body.split(b"\0") if field]
    tags = {field[0] for field in fields}
    sqlstate = next((field[1:].decode("latin-1") for field in fields if field[0] == 67), "")
    sort = sqlstate[:2]
    if not tags & _INSIDE and (
        sort in _PASSED or sqlstate == _DENIED or (sort in _PASSED_WITH_PLACE and ord("P") in tags)
    ):
        return None
    words = WORDS if kind == 69 else _SAID
    kept = [field for field in fields if field[0] in _KEPT]
    kept.append(b"M" + words.encode())
    return frame(bytes((kind,)), b"\0".join(kept) + b"\0\0")
