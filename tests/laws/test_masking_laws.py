"""Law: what reaches a client never contains a value of a masked column, however it is cut."""

import csv
import io
import re
import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assent.core.enforcement import Enforcement, MaskHow
from assent.core.frame import ResultFrame
from assent.core.secret import Secret
from assent.protocols.postgres.messages import frame
from catalogue_builder import a_catalogue, oid_of
from postgres_peers import S, b, d, e, p, q
from result_peers import (
    INT4_OID,
    NUMERIC_OID,
    TEXT_OID,
    UUID_OID,
    Column,
    ResultGateway,
    ResultTarget,
    copy_out,
    data_row,
    described,
    reads,
    values_in,
)

NAMES = ["a", "b", "c", "d", "e"]
CATALOGUE = a_catalogue(tables={"public.t": " ".join(NAMES)})
T = oid_of(CATALOGUE, "public.t")
TEXT = "select a, b, c, d, e from t"
# Found in nothing else that is sent, so that finding it means that it was let through.
MARK = "q7Zx"
MARKED = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12).map(
    lambda text: f"{MARK}{text}{MARK}"
)
HIDING = st.sampled_from([MaskHow.HASH, MaskHow.REDACT, MaskHow.NULL])


@st.composite
def results(
    draw: st.DrawFn,
) -> tuple[tuple[Column, ...], list[list[bytes | None]], dict[str, MaskHow]]:
    """Draw columns, rows and masks; values of masked columns are marked."""
    count = draw(st.integers(1, len(NAMES)))
    columns, masks = [], {}
    for place in range(count):
        kind = draw(st.sampled_from([TEXT_OID, INT4_OID, UUID_OID, NUMERIC_OID]))
        columns.append(Column(NAMES[place], T, place + 1, kind, draw(st.integers(0, 1))))
        if draw(st.booleans()):
            masks[f"public.t.{NAMES[place]}"] = draw(HIDING)
    rows = [
        [draw(value_of(f"public.t.{column.name}" in masks)) for column in columns]
        for _ in range(draw(st.integers(0, 6)))
    ]
    return tuple(columns), rows, masks


def value_of(masked: bool) -> st.SearchStrategy[bytes | None]:
    """Return values; what their type says does not matter to what is hidden."""
    if masked:
        return st.none() | MARKED.map(str.encode)
    return st.none() | st.binary(max_size=20)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return the data in pieces."""
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


def gateway(
    masks: dict[str, MaskHow], columns: tuple[Column, ...], *, known: bool
) -> ResultGateway:
    """Return a gateway before a target that answers when it is told to."""
    outputs = [f"public.t.{column.name}" for column in columns]
    enforcement = Enforcement(masks=masks, key=Secret(b"key"))
    shop = ResultGateway(
        enforcement, ResultTarget(), {TEXT: reads(*outputs, known=known)}, CATALOGUE
    )
    shop.take()
    shop.talks = False
    return shop


def simple_answer(columns: tuple[Column, ...], rows: list[list[bytes | None]]) -> bytes:
    """Return what answers a Query."""
    return (
        described(*columns)
        + b"".join(data_row(*row) for row in rows)
        + frame(b"C", b"SELECT %d\0" % len(rows))
        + frame(b"Z", b"I")
    )


@given(results(), st.booleans(), st.booleans(), st.lists(st.integers(0, 10_000), max_size=12))
def test_no_value_of_a_masked_column_reaches_the_client(
    result: tuple[tuple[Column, ...], list[list[bytes | None]], dict[str, MaskHow]],
    simple: bool,
    known: bool,
    places: list[int],
) -> None:
    columns, rows, masks = result
    shop = gateway(masks, columns, known=known)
    shop.send(q(TEXT) if simple else p(TEXT) + b() + d() + e() + S)
    answer = simple_answer(columns, rows)
    if not simple:
        # What the client asked for, then, where results are looked at, what the gateway did.
        own = described(*columns)
        rest = frame(b"3") + answer if masks else answer[len(own) :]
        answer = frame(b"1") + frame(b"2") + own + rest
    for piece in cut(answer, places):
        shop.reply(piece)
    assert not shop.closed
    assert MARK.encode() not in shop.client
    assert MARK not in repr(shop.frames)
    messages = shop.take()
    got = [values_in(body) for tag, body in messages if tag == "D"]
    assert len(got) == len(rows)
    for shown, sent in zip(got, rows, strict=True):
        for column, new, old in zip(columns, shown, sent, strict=True):
            if f"public.t.{column.name}" not in masks:
                assert new == old
            elif old is None:
                assert new is None
    # How it is cut changes nothing, also of what is recorded.
    whole = gateway(masks, columns, known=known)
    whole.send(q(TEXT) if simple else p(TEXT) + b() + d() + e() + S)
    whole.reply(answer)
    assert whole.take() == messages
    assert _results(whole) == _results(shop)


def _results(shop: ResultGateway) -> list[ResultFrame]:
    return [found for found in shop.frames if isinstance(found, ResultFrame)]


# COPY.

FIELD = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)


@st.composite
def copies(draw: st.DrawFn) -> tuple[list[list[str | None]], list[bool]]:
    """Draw the rows of a table and which of its columns are masked."""
    masked = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    rows = [
        [draw(st.none() | MARKED) if hidden else draw(FIELD) for hidden in masked]
        for _ in range(draw(st.integers(0, 5)))
    ]
    return rows, masked


def copied(
    options: str, payload: bytes, masked: list[bool], places: list[int], *, binary: bool = False
) -> bytes:
    """Return what a client gets of a COPY, its data joined."""
    text = f"copy t to stdout {options}"
    names = [f"public.t.{NAMES[place]}" for place in range(len(masked))]
    masks = {name: MaskHow.REDACT for name, hidden in zip(names, masked, strict=True) if hidden}
    shop = ResultGateway(Enforcement(masks=masks), ResultTarget(), {text: reads(*names)}, CATALOGUE)
    shop.take()
    shop.talks = False
    shop.send(q(text))
    answer = copy_out(len(masked), *cut(payload, places), binary=binary)
    answer += frame(b"C", b"COPY 1\0") + frame(b"Z", b"I")
    for piece in cut(answer, [3 * place for place in places]):
        shop.reply(piece)
    assert not shop.closed
    return b"".join(body for tag, body in shop.take() if tag == "d")


def written(value: str | None) -> str:
    """Return a value in the text format."""
    if value is None:
        return "\\N"
    letters = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "".join(letters.get(char, char) for char in value)


def read_back(field: str) -> str | None:
    """Return what a field of the text format means."""
    letters = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    if field == "\\N":
        return None
    return re.sub(r"\\(.)", lambda found: letters.get(found[1], found[1]), field, flags=re.DOTALL)


def check(got: list[list[str | None]], rows: list[list[str | None]], masked: list[bool]) -> None:
    """Check that what was shown passed, and what was masked did not."""
    assert len(got) == len(rows)
    for shown, sent in zip(got, rows, strict=True):
        for new, old, hidden in zip(shown, sent, masked, strict=True):
            assert new is None if hidden and old is None else True
            assert hidden or new == old


@given(copies(), st.lists(st.integers(0, 500), max_size=8))
def test_a_copy_as_text_hides_what_is_masked_and_nothing_else(
    copy: tuple[list[list[str | None]], list[bool]], places: list[int]
) -> None:
    rows, masked = copy
    lines = ["\t".join(written(value) for value in row) + "\n" for row in rows]
    data = copied("", "".join(lines).encode(), masked, places)
    assert MARK.encode() not in data
    got = [
        [read_back(field) for field in line.split("\t")] for line in data.decode().split("\n")[:-1]
    ]
    check(got, rows, masked)


@given(copies(), st.lists(st.integers(0, 500), max_size=8), st.booleans())
def test_a_copy_as_csv_hides_what_is_masked_and_nothing_else(
    copy: tuple[list[list[str | None]], list[bool]], places: list[int], header: bool
) -> None:
    rows, masked = copy

    def quoted(value: str | None) -> str:
        # As the server does with FORCE_QUOTE *, so that an empty one is not NULL.
        return "" if value is None else '"' + value.replace('"', '""') + '"'

    lines = [",".join(NAMES[: len(masked)]) + "\n"] if header else []
    lines += [",".join(quoted(value) for value in row) + "\n" for row in rows]
    options = "(format csv, header)" if header else "(format csv)"
    data = copied(options, "".join(lines).encode(), masked, places)
    assert MARK.encode() not in data
    read = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))[header:]
    got: list[list[str | None]] = [[value or None for value in line] or [None] for line in read]
    wanted: list[list[str | None]] = [[value or None for value in row] for row in rows]
    check(got, wanted, masked)


@given(copies(), st.lists(st.integers(0, 500), max_size=8))
def test_a_binary_copy_hides_what_is_masked_and_nothing_else(
    copy: tuple[list[list[str | None]], list[bool]], places: list[int]
) -> None:
    rows, masked = copy
    payload = b"PGCOPY\n\xff\r\n\0" + struct.pack("!II", 0, 0)
    for row in rows:
        payload += data_row(*(None if one is None else one.encode() for one in row))[5:]
    payload += b"\xff\xff"
    data = copied("(format binary)", payload, masked, places, binary=True)
    assert MARK.encode() not in data
    assert data.startswith(payload[:19])
    assert data.endswith(b"\xff\xff")
    at, got = 19, []
    for _ in rows:
        start = at
        at += 2
        for _ in masked:
            (size,) = struct.unpack_from("!i", data, at)
            at += 4 + max(size, 0)
        got.append([None if one is None else one.decode() for one in values_in(data[start:at])])
    assert at == len(data) - 2
    check(got, rows, masked)
