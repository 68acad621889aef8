"""Law: what has one shape is one statement, but for values that change nothing."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from postgast import PgQueryError, fingerprint, scan

from assent.protocols.postgres.statements import Classifier, shape_of

PIECES = st.sampled_from(
    [
        *("select ", "id", " from ", "orders", " where ", " = ", ", ", "(", ")", ";", " "),
        *("'", "''", '"', '""', "E'", "U&'", 'U&"', "B'", "x'", "n'", "$1", "$", "$$", "$a$"),
        *("1", "22", "333333333", "4444444444", "1.5", ".5", "1e5", "0x1f", "1_000", "a1", "é"),
        *("--", "/*", "*/", "\\", "\n", "-", "::", "date ", " uescape '!'", "?", "§", "\0"),
        *("'a'", "'b c'", "'it''s'", '"Name"', " and ", "limit 5", "in (1, 2)", "- 1", "a.b"),
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
INTEGERS = st.integers(0, 999_999_999).map(str)
STRINGS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, blacklist_characters="\\'-/*$\""),
    max_size=8,
).map(lambda text: f"'{text}'")
HOLE = re.compile(r"'§'|§")


def _tokens(text: str) -> list[tuple[int, bytes]] | None:
    """Return the server's tokens, with values taken out of literals; None if it is no text."""
    try:
        found = scan(text).tokens
    except PgQueryError:
        return None
    data = text.encode()
    tokens = []
    for token in found:
        # The numbers of the tokens: a string, an integer.
        literal = (
            token.token in (261, 266) and data[token.start : token.start + 1] in b"'0123456789"
        )
        tokens.append((token.token, b"" if literal else data[token.start : token.end]))
    return tokens


def _filled(shape: str, draw: st.DataObject) -> str:
    """Return a text of that shape with other values."""
    return HOLE.sub(lambda found: draw.draw(INTEGERS if found[0] == "§" else STRINGS), shape)


@settings(max_examples=600, deadline=None)
@given(TEXTS, st.data())
def test_texts_of_one_shape_have_the_same_tokens_for_the_server(
    text: str, draw: st.DataObject
) -> None:
    shape = shape_of(text)
    if shape is None or '"' in shape:
        return
    other = _filled(shape, draw)
    if shape_of(other) != shape:
        return
    assert _tokens(other) == _tokens(text)


@settings(max_examples=600, deadline=None)
@given(TEXTS, TEXTS)
def test_two_texts_that_happen_to_share_a_shape_have_the_same_tokens(
    first: str, second: str
) -> None:
    shape = shape_of(first)
    if shape is not None and shape == shape_of(second):
        assert _tokens(first) == _tokens(second)


QUERIES = st.sampled_from(
    [
        "SELECT {} FROM orders WHERE id = {} AND note = {}",
        "SELECT id, {} AS n FROM orders o JOIN customers c USING (id) LIMIT 5",
        "SELECT * FROM orders WHERE id IN ({}, {}) ORDER BY 1",
        "SELECT lower({}), now() FROM orders WHERE placed_at > timestamp {}",
        'SELECT "Id" FROM "Orders" WHERE x = {} OR y = {}',
        "SELECT {}::regclass",
        "SELECT nextval({})",
        "SELECT set_config({}, {}, false)",
        "UPDATE orders SET total = {} WHERE {} = {}",
        "DELETE FROM orders WHERE id = {}",
        "SELECT x FROM orders WHERE data ? {} AND $1 = {}",
        "WITH a AS (SELECT {}) SELECT * FROM a, orders",
    ]
)


@settings(max_examples=300, deadline=None)
@given(QUERIES, st.data())
def test_a_reusable_reading_is_the_reading_of_every_text_of_its_shape(
    query: str, draw: st.DataObject
) -> None:
    kinds = [draw.draw(st.sampled_from([INTEGERS, STRINGS])) for _ in range(query.count("{}"))]
    first, second = (query.format(*[draw.draw(kind) for kind in kinds]) for _ in range(2))
    reading = Classifier().classify(first)
    if shape_of(first) is None or shape_of(first) != shape_of(second) or not reading.reusable:
        return
    assert Classifier().classify(second) == reading
    assert fingerprint(first).hex == fingerprint(second).hex


@given(TEXTS)
def test_bytes_and_text_have_the_same_shape(text: str) -> None:
    assert shape_of(text.encode()) == shape_of(text)
