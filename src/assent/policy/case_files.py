"""Reads `*.policy-test.toml`: who, where and when is given, what is done, what should follow."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from assent.core.faults import OperatorFault

LARGEST_FILE = 1024 * 1024
MOST_CASES = 5_000

_CASE = re.compile(r"^[ \t]*\[\[[ \t]*case[ \t]*\]\]", re.MULTILINE)
_TOP = frozenset({"policies", "people", "targets", "given", "case"})
_PERSON = frozenset({"groups", "verified", "disabled", "kind", "reports_to"}) | {"on_behalf_of"}
_TARGET = frozenset({"environment", "owners", "labels", "protocol", "database", "search_path"}) | {
    "account",
    "routes",
}
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "who": str, "target": str, "risk": int, "level": str, "at": datetime, "grant": bool,
    "break_glass": bool,
    "reason": str, "ticket": str, "ticket_said": str, "approvals": list, "signed": bool,
    "zones": list, "country": str, "lists": list, "asn": int, "address": str,
    "application": str, "door": str, "signed_in_by": str, "signed_in_s": int, "step_up_s": int,
    "step_up_by": str,
    "rows": int, "first_time": bool, "in_transaction": bool, "phase": str, "waited_s": int,
}  # fmt: skip
_DONE: Mapping[str, type | tuple[type, ...]] = {
    "sql": str, "do": str, "table": str, "resource": str, "columns": list, "where": bool,
    "operation": str, "details": dict, "command": str, "request": str, "body": str,
    "arguments": list,
}  # fmt: skip
_WHAT = frozenset({"sql", "command", "request", "do"})
_EXPECTED: Mapping[str, type | tuple[type, ...]] = {
    "answer": str, "code": str, "policies": list, "obligations": list, "needs": list,
    "says": list,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it was written. line: of its `[[case]]`, 0 where it could not be told.

    given: with what the file gives to all of its cases.
    """

    file: str
    line: int
    name: str
    given: Mapping[str, Any]
    when: Mapping[str, Any]
    then: Mapping[str, Any]

    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file. policies: the folder of the policies it is about, relative to it; empty: its own.

    people, targets: name → what is said of them.
    """

    file: str
    cases: tuple[Case, ...]
    policies: str = ""
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_cases(file: str, text: str) -> CaseFile:
    """Return the cases of a file. Raises OperatorFault with file and line."""
    if len(text) > LARGEST_FILE:
        raise OperatorFault("policy-test", f"is larger than {LARGEST_FILE} characters", file)
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise OperatorFault("policy-test", f"is not TOML: {fault}", file) from fault
    _known(tree, _TOP, file)
    people = _tables(tree, "people", _PERSON, file)
    targets = _tables(tree, "targets", _TARGET, file)
    common = _typed(tree.get("given", {}), _KINDS, f"{file}: [given]")
    written = tree.get("case", [])
    if not isinstance(written, list) or not written:
        raise OperatorFault("policy-test", "has no cases; write one as `[[case]]`", file)
    if len(written) > MOST_CASES:
        raise OperatorFault("policy-test", f"has more than {MOST_CASES} cases", file)
    lines = [text.count("\n", 0, found.start()) + 1 for found in _CASE.finditer(text)]
    if len(lines) != len(written):
        # A text within a case looks like one: better no line than a wrong one.
        lines = [0] * len(written)
    cases = tuple(
        _case(file, line, case, common) for line, case in zip(lines, written, strict=True)
    )
    policies = tree.get("policies", "")
    if not isinstance(policies, str):
        raise OperatorFault("policy-test", "`policies` must be a text: a folder", file)
    return CaseFile(file, cases, policies, people, targets)


def _case(file: str, line: int, tree: Any, common: Mapping[str, Any]) -> Case:
    place = f"{file}:{line}"
    if not isinstance(tree, dict):
        raise OperatorFault("policy-test", "`case` must be an array of tables", place)
    _known(tree, frozenset({"name", "given", "when", "then"}), place)
    name = tree.get("name")
    if not isinstance(name, str) or not name:
        raise OperatorFault("policy-test", "a case needs a `name`: a sentence that is true", place)
    given = {**common, **_typed(tree.get("given", {}), _KINDS, f"{place}: given")}
    when = _typed(tree.get("when", {}), _DONE, f"{place}: when")
    then = _typed(tree.get("then", {}), _EXPECTED, f"{place}: then")
    for key, where in (("who", given), ("answer", then)):
        if key not in where:
            raise OperatorFault("policy-test", f"a case needs `{key}`", place)
    if len(_WHAT & when.keys()) != 1:
        words = "`when` needs one of `sql`, `command`, `request`, or `do`: a verb"
        raise OperatorFault("policy-test", words, place)
    if then["answer"] not in ("permit", "deny"):
        raise OperatorFault("policy-test", "`answer` is either `permit` or `deny`", place)
    if "at" in given and given["at"].tzinfo is None:
        given["at"] = given["at"].replace(tzinfo=UTC)
    return Case(file, line, name, given, when, then)


def _tables(
    tree: Mapping[str, Any], key: str, known: frozenset[str], file: str
) -> Mapping[str, Mapping[str, Any]]:
    found = tree.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise OperatorFault("policy-test", f"`{key}` must be tables by name", file)
    for name, one in found.items():
        _known(one, known, f"{file}: [{key}.{name[:80]}]")
    return found


def _typed(tree: Any, kinds: Mapping[str, type | tuple[type, ...]], place: str) -> dict[str, Any]:
    if not isinstance(tree, dict):
        raise OperatorFault("policy-test", "must be a table", place)
    _known(tree, frozenset(kinds), place)
    for key, value in tree.items():
        kind = kinds[key]
        is_text_list = not isinstance(value, list) or all(isinstance(one, str) for one in value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            words = f"`{key}` must be {_NAMES[kind]}"  # type: ignore[index]
            raise OperatorFault("policy-test", words, place)
        if not is_text_list:
            raise OperatorFault("policy-test", f"`{key}` must be a list of texts", place)
    return dict(tree)


_NAMES: Mapping[type, str] = {
    str: "a text", int: "a number", bool: "true or false", list: "a list of texts",
    dict: "a table", datetime: "a time such as 2026-03-04T12:00:00Z",
}  # fmt: skip


def _known(tree: Mapping[str, Any], known: Sequence[str] | frozenset[str], place: str) -> None:
    for key in tree:
        if key not in known:
            words = f"the key `{key[:80]}` is not known; there are: {', '.join(sorted(known))}"
            raise OperatorFault("policy-test", words, place)
