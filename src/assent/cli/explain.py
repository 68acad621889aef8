"""`assent explain`."""

from collections.abc import Iterator, Mapping
from typing import Any

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.log_entries import Telling, outline
from assent.cli.output import AsJson

_IN_ENTRIES = ("entries", "why", "approvals")


def explain(id: str, /, *, as_json: AsJson = False) -> None:
    """Say why a decision was what it was: policies as they were then, facts, risk, entries.

    Parameters
    ----------
    id
        The id of a request, a session, an action or an entry.
    """
    answer = signed_in().get(f"/v1/explain/{segment(id)}")
    if as_json:
        output.show_json(answer)
        return
    for line in outline({key: value for key, value in answer.items() if key not in _IN_ENTRIES}):
        output.say(line)
    for why in answer.get("why", ()):
        output.say()
        for line in _why(why):
            output.say(line)
    for approval in answer.get("approvals", ()):
        output.say(f"\n{_answer(approval)}")
    if answer.get("why"):
        output.say("\nin the log:")
    telling = Telling()
    for entry in answer.get("entries", ()):
        output.say()
        for line in telling.lines(entry):
            output.say(line)
    output.note(f"\nprove that the log holds this: `assent receipt {id}`")


def _why(why: Mapping[str, Any]) -> Iterator[str]:
    """Yield why one decision was what it was, the answer first."""
    where = f" on {why['target']}" if why.get("target") else ""
    yield f"{in_words(why['at'], output.now())}  {why['subject']}: {why['verb']}{where}"
    yield from (f"  {words}" for words in why["words"])
    yield from (f"  needed: {words}" for words in why["needs"])
    yield from (f"  obliges to {words}".rstrip(": ") for words in why["obligations"])
    yield f"  risk {why['score']} of 100, {why['level']}"
    yield from (f"  otherwise: {words}" for words in why["otherwise"])
    for policy in why["policies"]:
        yield f"  policy `{policy['id']}`, {policy['file']}:{policy['line']} of {why['revision']}:"
        yield from (f"      {line}" for line in policy["text"].splitlines())
        yield from (f"    {line}" for line in _facts(policy))
    for policy in why["near"]:
        asked = "; ".join(_facts(policy)) or "its head does not fit"
        yield f"  not met: `{policy['id']}` ({asked})"
    if why["missing"]:
        yield f"  {why['missing']}"


def _facts(policy: Mapping[str, Any]) -> Iterator[str]:
    for asked in policy["facts"]:
        values = ", ".join(f"{name} = {_value(value)}" for name, value in asked["values"].items())
        yield f"{values} for {asked['touch']}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(str(one) for one in value) + "]"
    return str(value) if value != "" else "nothing"


def _answer(approval: Mapping[str, Any]) -> str:
    said = {"approve": "assented", "reject": "rejected", "offer": "offered less"}
    verb = said.get(approval["verdict"], approval["verdict"])
    comment = f": {approval['comment']}" if approval.get("comment") else ""
    return f"{in_words(approval['at'], output.now())}  {approval['who']} {verb}{comment}"
