"""What is shown of a JSON answer, by the paths of its fields and by what values look like."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from assent.content.json_masking import DEEPEST, MOST_BYTES, JsonMasks
from assent.content.patterns import OwnPattern
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.faults import PeerFault
from assent.core.secret import Secret

ROUTE = "/customers/{id}"
KEY = Secret(b"key")


def masks(paths: Mapping[str, MaskHow], scan: Mapping[str, MaskHow] | None = None) -> JsonMasks:
    named = {f"{ROUTE}.{path}" if path else ROUTE: how for path, how in paths.items()}
    named["/other.email"] = MaskHow.NULL
    return JsonMasks(ROUTE, Enforcement(masks=named, scan=scan or {}, key=KEY))


def shown(found: JsonMasks, document: object) -> Any:
    return json.loads(found.json(json.dumps(document).encode()).data)


def test_a_field_is_masked_by_its_path_and_arrays_are_not_seen_in_it() -> None:
    found = masks({"contacts.email": MaskHow.REDACT})
    document = {"email": "a@b.org", "contacts": [{"email": "a@b.org", "n": 1}, [{"email": "x"}]]}
    assert shown(found, document) == {
        "email": "a@b.org",
        "contacts": [{"email": "***", "n": 1}, [{"email": "***"}]],
    }
    assert found.masked == 2


def test_the_case_of_a_key_makes_no_difference() -> None:
    assert shown(masks({"email": MaskHow.NULL}), {"EMail": "a"}) == {"EMail": None}


@pytest.mark.parametrize(
    ("value", "how", "expected"),
    [
        ("ana@example.org", MaskHow.PARTIAL, "a***@e***.org"),
        ("4111111111111111", MaskHow.PARTIAL, "***1111"),
        ("ana", MaskHow.REDACT, "***"),
        ("ana", MaskHow.NULL, None),
        (17, MaskHow.REDACT, None),
        (17, MaskHow.PARTIAL, None),
        (1.5, MaskHow.HASH, None),
        (True, MaskHow.REDACT, None),
        (None, MaskHow.REDACT, None),
        (["ana", 1], MaskHow.REDACT, ["***", None]),
        ({"name": "ana"}, MaskHow.REDACT, {"name": "***"}),
        ({"ana@example.org": "x"}, MaskHow.REDACT, {"***": "***"}),
        ({"a b": 1, "c d": 2}, MaskHow.REDACT, {"***": None, "****": None}),
        ({"name": "ana"}, MaskHow.NULL, None),
    ],
)
def test_what_is_shown_of_a_value(value: object, how: MaskHow, expected: object) -> None:
    assert shown(masks({"field": how}), {"field": value}) == {"field": expected}


def test_the_same_value_has_the_same_hash_and_stays_a_number() -> None:
    found = masks({"field": MaskHow.HASH})
    one, other = shown(found, {"field": 17}), shown(found, {"field": [17, 18]})
    assert one["field"] == other["field"][0] != other["field"][1]
    assert isinstance(one["field"], int)
    assert 0 < one["field"] < 2**53


def test_a_mask_on_the_route_is_on_all_of_it_and_the_stricter_one_counts() -> None:
    found = masks({"": MaskHow.REDACT, "name": MaskHow.PARTIAL, "card": MaskHow.NULL})
    document = {"name": "ana maria lopez", "card": "4111", "deep": [{"x": "y"}]}
    assert shown(found, document) == {"name": "***", "card": None, "deep": [{"x": "***"}]}


def test_what_is_not_masked_stays_as_it_is_written() -> None:
    data = b'{ "price" : 1.10, "big": 1E400, "id": 123456789012345678901, "s": "\\u00e9" }'
    assert masks({"email": MaskHow.REDACT}).json(data).data is data
    changed = masks({"s": MaskHow.NULL}).json(data)
    assert changed.data == b'{"price":1.10,"big":1E+400,"id":123456789012345678901,"s":null}'
    assert (changed.masked, changed.found) == (1, 0)


def test_json_in_a_string_is_masked_where_the_path_goes_on_in_it() -> None:
    found = masks({"payload.email": MaskHow.REDACT})
    assert shown(found, {"payload": '{"email": "a@b.org"}'}) == {"payload": '{"email":"***"}'}
    assert shown(found, {"payload": "{email"}) == {"payload": "{email"}


def test_what_has_no_label_is_looked_through() -> None:
    scan = {"pii.email": MaskHow.REDACT, "pci.card": MaskHow.NULL}
    found = masks({}, scan)
    document = {
        "note": "write to ana@example.org soon",
        "card": 4111111111111111,
        "text": "pay 4111 1111 1111 1111",
        "ana@example.org": 1,
        "n": 4,
    }
    assert shown(found, document) == {
        "note": "write to *** soon",
        "card": None,
        "text": None,
        "***": 1,
        "n": 4,
    }
    assert (found.masked, found.found) == (0, 4)
    assert found.json(b'"ana\\u0040example.org"').data == b'"***"'
    plain = b'{"a": "b"}'
    assert found.json(plain).data is plain


def test_the_operators_own_patterns_are_looked_for() -> None:
    own = (OwnPattern("staff", "EMP-[0-9]{4}"),)
    found = JsonMasks(ROUTE, Enforcement(scan={"staff": MaskHow.REDACT}), own)
    assert shown(found, ["EMP-1234 left"]) == ["*** left"]


@pytest.mark.parametrize(
    "data", [b"{", b"NaN", b"\xff", b'"\\ud800"', b"[" * 100_000, b"<html>", b'{"email":1}x']
)
def test_what_cannot_be_read_is_not_let_through(data: bytes) -> None:
    with pytest.raises(PeerFault) as caught:
        masks({"email": MaskHow.REDACT}).json(data)
    assert caught.value.code == "unmaskable"


def test_an_answer_has_bounds() -> None:
    found = masks({"email": MaskHow.REDACT})
    deep = b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2)
    for data in (deep, b" " * (MOST_BYTES + 1)):
        with pytest.raises(PeerFault):
            found.json(data)


def test_nothing_is_read_where_nothing_is_masked() -> None:
    for found in (
        JsonMasks(ROUTE, None),
        JsonMasks("/x", Enforcement(masks={f"{ROUTE}.a": "null"})),
    ):
        assert not found.looks
        assert found.json(b"<html>").data == b"<html>"
        assert found.text("a@b.org") == "a@b.org"
        assert found.document({"a": 1}) == {"a": 1}


def test_text_is_json_or_is_looked_through_or_is_not_shown() -> None:
    by_path = masks({"email": MaskHow.REDACT})
    assert by_path.text('{"email": "a@b.org"}') == '{"email":"***"}'
    assert by_path.text("the address is a@b.org") == "***"
    assert by_path.text("{broken a@b.org") == "***"
    by_look = masks({}, {"pii.email": MaskHow.REDACT})
    assert by_look.text("write to ana@example.org") == "write to ***"
    assert by_look.text("{broken ana@example.org") == "{broken ***"


def test_a_parsed_document_is_masked_like_its_text() -> None:
    document = {"email": "a@b.org", "rows": [{"email": 1}]}
    assert masks({"email": MaskHow.REDACT}).document(document) == {
        "email": "***",
        "rows": [{"email": 1}],
    }
