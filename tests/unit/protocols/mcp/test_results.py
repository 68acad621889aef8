import json
from base64 import b64encode
from typing import Any

import pytest

from assent.content.json_masking import JsonMasks
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.faults import PeerFault
from assent.protocols.mcp.results import error_shown, shown

BY_PATH = Enforcement(masks={"customer.email": MaskHow.REDACT})
BY_LOOK = Enforcement(scan={"pii.email": MaskHow.REDACT})


def masks(enforcement: Enforcement | None, name: str = "customer") -> JsonMasks:
    return JsonMasks(name, enforcement)


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


def test_fields_are_masked_in_text_that_is_json_and_in_what_is_structured() -> None:
    said = {"email": "mia@example.org", "city": "Bonn"}
    result = shown({**text(json.dumps(said)), "structuredContent": said}, masks(BY_PATH))
    assert json.loads(result["content"][0]["text"]) == {"email": "***", "city": "Bonn"}
    assert result["structuredContent"] == {"email": "***", "city": "Bonn"}


def test_text_that_is_no_json_is_not_shown_where_fields_are_masked() -> None:
    assert shown(text("mia@example.org"), masks(BY_PATH))["content"][0]["text"] == "***"
    assert shown(text("mia"), masks(BY_PATH, "order"))["content"][0]["text"] == "mia"


def test_text_is_looked_through_for_what_has_the_look_of_a_label() -> None:
    found = shown(text("write to mia@example.org now"), masks(BY_LOOK))["content"][0]["text"]
    assert "mia@example.org" not in found


def test_bytes_in_which_something_masked_may_stand_are_not_shown() -> None:
    data = b64encode(b"mia@example.org").decode()
    picture = b64encode(b"\x89PNG\xff").decode()

    def blob(value: str, enforcement: Enforcement) -> Any:
        said = {"content": [{"type": "image", "mimeType": "image/png", "data": value}]}
        return shown(said, masks(enforcement))["content"][0]["data"]

    assert blob(data, BY_LOOK) == ""
    assert blob(picture, BY_LOOK) == picture
    assert blob(picture, BY_PATH) == ""


def test_without_masks_all_goes_on_but_what_is_said_beside_it() -> None:
    said = {**text("mia@example.org"), "_meta": {"x": "mia@example.org"}, "isError": False}
    assert shown(said, masks(None)) == {**text("mia@example.org"), "isError": False}


def test_what_is_nested_too_deeply_does_not_pass() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    with pytest.raises(PeerFault):
        shown({"content": deep}, masks(BY_LOOK))


def test_the_words_of_an_error_are_masked_and_cut() -> None:
    error = {"code": -32000, "message": "no mia@example.org " + "x" * 900, "data": {"y": 1}}
    number, words = error_shown(error, masks(BY_LOOK))
    assert number == -32000
    assert "mia@example.org" not in words
    assert len(words) <= 500
    assert error_shown({"code": "x"}, masks(None)) == (-32603, "it says nothing")
