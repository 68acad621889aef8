from typing import Any

import pytest

from assent.core.action import Operation
from assent.protocols.mcp import definitions
from assent.protocols.mcp.definitions import definition_of, definitions_of, difference


def a_tool(**more: Any) -> dict[str, Any]:
    return {"name": "add", "description": "Add.", "inputSchema": {"type": "object"}, **more}


def digest(said: dict[str, Any]) -> str:
    found = definition_of(said)
    assert found is not None
    return found.digest


def test_a_tool_is_all_that_its_server_says_of_it() -> None:
    same = {"inputSchema": {"type": "object"}, "description": "Add.", "name": "add"}
    assert digest(a_tool()) == digest(same)
    changes: list[dict[str, Any]] = [
        {"description": "Add. "},
        {"title": "Add"},
        {"annotations": {}},
        {"outputSchema": {}},
        {"icons": []},
        {"_meta": {"x": 1}},
        {"inputSchema": {"type": "object", "properties": {"x": {"description": "y"}}}},
    ]
    assert len({digest(a_tool()), *(digest(a_tool(**one)) for one in changes)}) == 8


@pytest.mark.parametrize(
    "said",
    [
        7,
        {},
        a_tool(name=""),
        a_tool(name="a\nb"),
        a_tool(name="x" * 200),
        a_tool(inputSchema=None),
        a_tool(description="x" * definitions.LARGEST),
    ],
)
def test_what_cannot_be_a_tool_is_none(said: object) -> None:
    assert definition_of(said) is None


def test_of_two_with_one_name_neither_is_a_tool() -> None:
    found = definitions_of([a_tool(), a_tool(description="Other."), a_tool(name="wipe")])
    assert list(found) == ["wipe"]


@pytest.mark.parametrize(
    ("annotations", "operation"),
    [
        (None, Operation.EXECUTE),
        ({}, Operation.EXECUTE),
        ({"readOnlyHint": True}, Operation.READ),
        ({"readOnlyHint": "yes"}, Operation.EXECUTE),
        ({"destructiveHint": False}, Operation.WRITE),
        ({"destructiveHint": True}, Operation.EXECUTE),
    ],
)
def test_what_a_tool_does_not_say_counts_as_the_most(
    annotations: object, operation: Operation
) -> None:
    assert definitions.operation_of(annotations) is operation


def test_people_see_what_was_changed_and_what_nobody_would_see() -> None:
    before, after = definition_of(a_tool()), definition_of(a_tool(description="Add.\u200b\u202e"))
    assert before is not None
    assert after is not None
    shown = difference(before.text, after.text)
    assert '-  "description": "Add.",' in shown
    assert '+  "description": "Add.\\u{200b}\\u{202e}",' in shown
    assert difference("", before.text).splitlines()[1] == '  "description": "Add.",'
