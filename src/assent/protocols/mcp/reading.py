"""What a request to a server does: calls of tools, documents, prompts, and whatever else."""

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.content.fields import Fields, read_document
from assent.core.action import Operation, Statement, Touch
from assent.core.resource import Resource
from assent.protocols.mcp.definitions import Definition, difference
from assent.protocols.mcp.verbs import OPERATIONS

CALL = "tool.call"
ADMIT = "tool.admit"
READ = "document.read"
PROMPT = "prompt.get"
UNKNOWN = "mcp.unknown"
_LONGEST_URI = 2_000


@dataclass(frozen=True, slots=True)
class Reading:
    """A request, understood. text: what people are shown, and what they assent to.

    shape: of what only reads, for which an earlier decision serves; None for never.
    """

    statement: Statement
    text: str
    shape: Hashable | None = None


def read_call(tool: Definition, arguments: Mapping[str, Any], *, by_value: bool) -> Reading:
    """Return what a call of a tool does. by_value: some policy looks at what it is called with."""
    fields = Fields()
    if arguments:
        read_document(arguments, fields)
    touch = _touch(CALL, tool.operation, Resource("Tool", tool.name), fields)
    text = f"call {tool.name}\n{canonical(arguments)}"
    return _reading(CALL, touch, fields, text, by_value=by_value)


def read_listed(tool: Definition) -> Reading:
    """Return what any call of a tool does, before anybody knows what it is called with."""
    touch = _touch(CALL, tool.operation, Resource("Tool", tool.name), Fields())
    return _reading(CALL, touch, Fields(), f"call {tool.name}", by_value=False)


def read_document_at(uri: str) -> Reading:
    """Return what reading a document does: what MCP calls a resource, by its address."""
    fields = Fields()
    if len(uri) > _LONGEST_URI or not uri.isprintable():
        fields.problem(f"its address is no text of at most {_LONGEST_URI} characters")
    name = uri[:_LONGEST_URI]
    touch = _touch(READ, Operation.READ, Resource("Document", name), fields)
    return _reading(READ, touch, fields, f"read {uri}", by_value=True)


def read_prompt(name: str, arguments: Mapping[str, Any]) -> Reading:
    """Return what getting a prompt does."""
    fields = Fields()
    if arguments:
        read_document(arguments, fields)
    touch = _touch(PROMPT, Operation.READ, Resource("Prompt", name[:_LONGEST_URI]), fields)
    text = f"prompt {name}\n{canonical(arguments)}"
    return _reading(PROMPT, touch, fields, text, by_value=True)


def read_other(method: str, params: Mapping[str, Any]) -> Reading:
    """Return that it is not known what a request does; only a policy that says so permits it."""
    touch = Touch(UNKNOWN, Operation.UNKNOWN, Resource("Tool", method))
    words = f"the method `{method[:80]}` is not read here"
    statement = Statement(UNKNOWN, (touch,), complete=False, problems=(words,))
    return Reading(statement, f"{method}\n{canonical(params)}")


def read_admission(tools: Sequence[tuple[Definition, str]], target: str) -> Reading:
    """Return what it does to have tools called from now on.

    tools: each with the text of the definition that it had before, empty for a new one.
    """
    touches = tuple(
        Touch(
            ADMIT,
            OPERATIONS[ADMIT],
            Resource("Tool", tool.name),
            arguments=frozenset({f"change={'changed' if before else 'new'}"}),
        )
        for tool, before in tools
    )
    parts = [
        f"{'changed' if before else 'new'} tool {tool.name}, which says that it "
        f"{_SAYS[tool.operation]}:\n{difference(before, tool.text)}"
        for tool, before in tools
    ]
    text = "\n\n".join((f"let agents call tools of {target} as they are defined now", *parts))
    return Reading(Statement(ADMIT, touches, complete=True), text)


def canonical(value: Mapping[str, Any]) -> str:
    """Return JSON of a value, the same for the same; raises nothing for what was parsed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _touch(verb: str, operation: Operation, resource: Resource, fields: Fields) -> Touch:
    return Touch(
        verb,
        operation,
        resource,
        columns=frozenset(fields.columns),
        arguments=frozenset(fields.arguments),
    )


def _reading(verb: str, touch: Touch, fields: Fields, text: str, *, by_value: bool) -> Reading:
    if fields.problems:
        unknown = Touch(UNKNOWN, Operation.UNKNOWN, touch.resource)
        problems = tuple(fields.problems)
        return Reading(Statement(verb, (touch, unknown), complete=False, problems=problems), text)
    reads = touch.operation is Operation.READ
    shape: Hashable = text if by_value else (verb, touch.resource.name, touch.columns)
    statement = Statement(verb, (touch,), complete=True, reusable=reads)
    return Reading(statement, text, shape if reads else None)


_SAYS: Mapping[Operation, str] = {
    Operation.READ: "only reads",
    Operation.WRITE: "adds or changes, and destroys nothing",
    Operation.EXECUTE: "does anything",
}
