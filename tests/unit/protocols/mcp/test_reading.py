from typing import Any

from assent.core.action import Operation
from assent.protocols.mcp import reading
from assent.protocols.mcp.definitions import Definition, definition_of


def a_tool(name: str = "add", **annotations: bool) -> Definition:
    said: dict[str, Any] = {"name": name, "inputSchema": {}, "annotations": annotations}
    found = definition_of(said)
    assert found is not None
    return found


def test_a_call_touches_its_tool_with_the_fields_and_values_of_its_arguments() -> None:
    given = {"order": {"id": 7, "items": [{"sku": "a"}, {"sku": "b"}]}, "why": "x" * 300}
    read = reading.read_call(a_tool(), given, by_value=True)
    (touch,) = read.statement.touches
    assert (touch.verb, touch.operation) == ("tool.call", Operation.EXECUTE)
    assert (touch.resource.kind, touch.resource.name) == ("Tool", "add")
    assert touch.columns == {"order.id", "order.items.sku", "why"}
    assert {"order.id=7", "order.items.sku=a", "order.items.sku=b"} <= touch.arguments
    order = '"order":{"id":7,"items":[{"sku":"a"},{"sku":"b"}]}'
    assert read.text == f'call add\n{{{order},"why":"{"x" * 300}"}}'
    assert read.shape is None


def test_only_what_reads_is_decided_once_for_its_shape() -> None:
    reads = a_tool(readOnlyHint=True)
    one = reading.read_call(reads, {"id": 1}, by_value=False)
    two = reading.read_call(reads, {"id": 2}, by_value=False)
    other = reading.read_call(reads, {"name": "x"}, by_value=False)
    assert one.shape == two.shape != other.shape
    assert one.statement.reusable
    by_value = [reading.read_call(reads, {"id": id}, by_value=True).shape for id in (1, 2)]
    assert by_value[0] != by_value[1]
    writes = reading.read_call(a_tool(destructiveHint=False), {"id": 1}, by_value=False)
    assert (writes.shape, writes.statement.reusable) == (None, False)
    assert writes.statement.touches[0].operation is Operation.WRITE


def test_what_is_not_understood_is_permitted_by_no_policy_that_does_not_name_it() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for given in ({"x": deep}, {str(number): 1 for number in range(600)}):
        read = reading.read_call(a_tool(readOnlyHint=True), given, by_value=False)
        assert not read.statement.complete
        assert read.statement.touches[-1].operation is Operation.UNKNOWN
        assert read.shape is None


def test_a_document_a_prompt_and_any_other_method_are_touched_by_their_names() -> None:
    document = reading.read_document_at("memo://open").statement
    assert (document.kind, document.touches[0].resource.name) == ("document.read", "memo://open")
    assert not reading.read_document_at("a\nb").statement.complete
    assert not reading.read_document_at("x" * 3_000).statement.complete
    prompt = reading.read_prompt("greet", {"who": "Ana"}).statement
    assert prompt.touches[0].arguments == {"who=Ana"}
    other = reading.read_other("completion/complete", {"x": 1}).statement
    assert (other.kind, other.complete) == ("mcp.unknown", False)


def test_people_read_what_tools_are_to_be_let_in() -> None:
    read = reading.read_admission([(a_tool("add"), ""), (a_tool("wipe"), a_tool("wipe").text)], "x")
    assert [touch.verb for touch in read.statement.touches] == ["tool.admit"] * 2
    said = [sorted(touch.arguments) for touch in read.statement.touches]
    assert said == [["change=new"], ["change=changed"]]
    assert "new tool add, which says that it does anything:" in read.text
    assert "changed tool wipe" in read.text
