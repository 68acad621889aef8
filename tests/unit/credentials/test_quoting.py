"""Names and texts stay names and texts, whatever is in them."""

import pytest

from assent.core.faults import OperatorFault
from assent.credentials.quoting import identifier, literal, qualified, table_parts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", '"orders"'),
        ("Orders", '"Orders"'),
        ('a"b', '"a""b"'),
        ('"; drop role x; --', '"""; drop role x; --"'),
        ("a\\b", '"a\\b"'),
        ("größe", '"größe"'),
        ("x" * 63, '"' + "x" * 63 + '"'),
    ],
)
def test_an_identifier_is_quoted(name: str, expected: str) -> None:
    assert identifier(name) == expected


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "ö" * 32, "\ud800"])
def test_a_name_that_no_object_can_have_is_refused(name: str) -> None:
    with pytest.raises(OperatorFault, match="must"):
        identifier(name)


def test_a_qualified_name_has_its_parts_quoted_apart() -> None:
    assert qualified("a.b", "c") == '"a.b"."c"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "''"),
        ("it's", "'it''s'"),
        ("a\\'b", "E'a\\\\''b'"),
        ("'; drop role x; --", "'''; drop role x; --'"),
    ],
)
def test_a_literal_means_itself_with_either_setting(text: str, expected: str) -> None:
    assert literal(text) == expected


def test_a_literal_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(OperatorFault, match="zero byte"):
        literal("a\0")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("public.orders", ("public", "orders")),
        ('public."a.b"', ("public", "a.b")),
        ('"x""y"."a.b"', ('x"y', "a.b")),
        ("it's; --.t", ("it's; --", "t")),
        ("orders", None),
        ("archive.public.orders", None),
        ("", None),
        (".", None),
        ('public."', None),
    ],
)
def test_a_full_name_has_two_parts_or_is_none(name: str, expected: tuple[str, str] | None) -> None:
    assert table_parts(name) == expected
