"""Fields beside a text: each value as it is sent, or none at all."""

import json

from assent.web.laid_out import MOST_FIELDS, laid_out


def rows(verb: str, text: str) -> list[tuple[str, str, str]]:
    found = laid_out(verb, text)
    return (
        [
            (
                row.where,
                "".join(one.text for one in row.path),
                "".join(one.text for one in row.value),
            )
            for row in found.rows
        ]
        if found
        else []
    )


def test_a_request_shows_its_query_and_its_body_field_by_field() -> None:
    text = (
        'POST /orders?dry=%31&x=\n(application/json)\n{"a": {"b": [1.50, {"c": "d"}]}, "e.f": ""}'
    )
    assert rows("http.post", text) == [
        ("query", "dry", "1"),
        ("query", "x", ""),
        ("body", "a.b (1)", "1.50"),
        ("body", "a.b.c (2)", "d"),
        ("body", '"e.f"', '""'),
    ]


def test_a_text_that_looks_like_another_value_stands_in_quotes() -> None:
    said = {
        "a": "12",
        "b": 12,
        "c": "null",
        "d": None,
        "e": '"x"',
        "f": "12 eggs",
        "g": [],
        "h": "x",
    }
    shown = [value for _, _, value in rows("tool.call", f"call t\n{json.dumps(said)}")]
    assert shown == ['"12"', "12", '"null"', "null", '"\\"x\\""', '"12 eggs"', "[]", "x"]


def test_what_could_be_read_in_two_ways_is_not_laid_out() -> None:
    assert laid_out("tool.call", 'call t\n{"a": 1, "a": 2}') is None
    assert laid_out("tool.call", 'call t\n{"a": ') is None
    assert laid_out("tool.call", "call t\n{}") is None


def test_a_body_that_is_cut_or_no_json_is_left_to_its_text() -> None:
    assert (
        laid_out("http.post", 'POST /a\n(application/json, 9 bytes, sha256:ab)\n{"a": 1}') is None
    )
    assert laid_out("http.post", "POST /a\n(text/plain)\nhello") is None
    assert laid_out("ssh.execute", "echo {}") is None


def test_many_fields_are_counted_and_deep_ones_stand_as_they_are() -> None:
    found = laid_out("tool.call", "call t\n" + json.dumps(dict.fromkeys(map(str, range(300)), 1)))
    assert found is not None
    assert (len(found.rows), found.left_out) == (MOST_FIELDS, 100)
    deep = '{"a":' * 100 + "1" + "}" * 100
    ((_, path, value),) = rows("tool.call", f"call t\n{deep}")
    assert path.count("a") < 40
    assert value.endswith("}")


def test_what_hides_in_a_name_or_a_value_is_named() -> None:
    assert rows("tool.call", 'call t\n{"\\ud800": "\\udc00"}') == [("", "U+D800", "U+DC00")]
    found = laid_out("tool.call", 'call t\n{"a": "x\u200by"}')
    assert found is not None
    assert [piece.text for piece in found.rows[0].value] == ["x", "U+200B", "y"]
