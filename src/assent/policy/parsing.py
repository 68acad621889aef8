"""One fragment through Cedar's parser and validator, with the line of what they complain of."""

import json
import re
from collections.abc import Iterable

import cedarpy

from assent.core.faults import OperatorFault
from assent.policy.fragments import Fragment
from assent.policy.reading import Node

_INCOMPLETE = "unexpected end of input"
_QUOTED = re.compile(r"`([^`]+)`")
_OWN_PREFIX = re.compile(r"for policy `policy\d+`, ")
_OWN_ID = re.compile(r"`policy\d+`")


def validate(fragment: Fragment, id: str, schema: cedarpy.Schema) -> None:
    """Raise OperatorFault where the policy `id` names what the schema does not know."""
    result = cedarpy.validate_policies(fragment.text, schema)
    if result.validation_passed:
        return
    message = _OWN_PREFIX.sub("", result.errors[0].error) if result.errors else "is not valid"
    place = fragment.place(_named_line(fragment, _OWN_ID.sub("", message)))
    raise OperatorFault("policy-schema", f"policy `{id}`: {message}", place)


def parse(fragment: Fragment) -> dict[str, Node]:
    """Return the policy in Cedar's JSON policy format."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(fragment.text))
    except ValueError as error:
        place = fragment.place(_syntax_line(fragment, str(error)))
        raise OperatorFault("policy-syntax", str(error), place) from error
    except RecursionError as error:
        detail = "nested too deeply; split it into several policies"
        raise OperatorFault("policy-size", detail, fragment.place()) from error
    if parsed["templates"]:
        detail = "a template (`?principal`, `?resource`) cannot be used; name who and what"
        raise OperatorFault("policy-syntax", detail, fragment.place())
    policies: list[dict[str, Node]] = list(parsed["staticPolicies"].values())
    if len(policies) != 1:
        raise OperatorFault("policy-syntax", "this is not one policy", fragment.place())
    return policies[0]


def _syntax_line(fragment: Fragment, message: str) -> int | None:
    """Return the line that the engine's message is about; the engine itself does not say it."""
    if message == _INCOMPLETE:
        return fragment.tokens[-1].line
    if message.startswith("unexpected token"):
        return fragment.first_bad_line(_is_viable)
    word = message.rpartition(" ")[2]
    return _named_line(fragment, message) or fragment.line_of(word.strip("`@"))


def _is_viable(text: str) -> bool:
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        return str(error) == _INCOMPLETE
    return True


def _named_line(fragment: Fragment, message: str) -> int | None:
    lines: Iterable[int | None] = map(fragment.line_of, _QUOTED.findall(message))
    return next((line for line in lines if line), None)
