"""How the entries of the log read on a terminal: a line for each, and below it what is new.

What was said of the same action before is not said again: an action that waited for people is
decided twice, and only what changed in between is of interest. `--json` has all of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from assent.cli import output
from assent.cli.durations import in_words

Entry: TypeAlias = Mapping[str, Any]

# What links entries to each other, or binds them to what they are about.
_FOR_PROOF = ("action", "digest", "revision", "approval", "credential", "previous", "decision")
_UNTIL_SETTLED = {
    "approved": "all that was needed is there",
    "released": "it is let go",
    "completed": "it is done",
}


class Telling:
    """Tells entries in their order, and remembers what it told of which action."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def lines(self, entry: Entry) -> Iterator[str]:
        """Yield one entry: when and what in the first line, the rest below it, indented."""
        tell = _TELL.get(str(entry.get("kind", "")), _anything)
        facts, payload = entry.get("facts") or {}, entry.get("payload") or {}
        first, *rest = tell(entry, facts, payload)
        action = str(facts.get("action", ""))
        if (action, first) in self._told and entry.get("kind") == "attempt":
            first, rest = "decided again, on what was known by then", []
        else:
            self._told.add((action, first))
        yield f"{in_words(str(entry.get('at', '')), output.now())}  {first}"
        for line in rest:
            if not action or (action, line) not in self._told:
                self._told.add((action, line))
                yield from (f"  {part}" for part in line.splitlines())


def _attempt(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    where = f" on {entry['target']}" if entry.get("target") else ""
    prepares = "prepares" if facts.get("phase") == "prepare" else "attempts"
    yield f"{entry.get('subject')} {prepares} {facts.get('verb')}{where}"
    if payload.get("text"):
        yield f"{payload['text']}"
    if payload.get("parameters"):
        bound = ("NULL" if one is None else str(one) for one in payload["parameters"])
        yield f"parameters: {', '.join(bound)}"
    # All that is to be applied is there as well, for replay: its plan says what it changes.
    details = [(key, item) for key, item in _pairs(payload, "details") if key != "content"]
    yield from (f"{key.replace('_', ' ')}: {item}" for key, item in details)
    # Older entries hold the touches alone, and their resources in words.
    statement = payload.get("statement") or payload
    for touch in statement.get("touches", ()):
        resource = touch.get("resource")
        if isinstance(resource, Mapping):
            resource = f"{resource.get('kind')} {resource.get('name')}"
        columns = f" ({', '.join(touch['columns'])})" if touch.get("columns") else ""
        yield f"touches {resource}{columns}: {touch.get('verb')}"
    if facts.get("complete") is False:
        yield "not all of it could be understood"


def _decision(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    permits = facts.get("outcome") == "permit"
    policies = " + ".join(str(one) for one in facts.get("policies", ()))
    code = "" if permits else f" ({facts.get('code')})"
    by = f" by {policies}" if policies else ""
    risk = f"risk {facts.get('score')} of 100, {facts.get('level')}"
    yield f"{'permitted' if permits else 'denied'}{code}{by}; {risk}"
    yield from _assessment(payload.get("assessment") or payload)
    yield from (f"because {message}" for message in payload.get("messages", ()))
    yield from (f"needed: {remedy}" for remedy in payload.get("remedies", ()))
    yield from (f"obliges to {item}".rstrip(": ") for item in payload.get("obligations", ()))
    yield from (f"known: {line}" for line in _evidence(payload.get("evidence") or {}))


def _assessment(assessment: Entry) -> Iterator[str]:
    """Yield why the score is what it is; the points shown sum to it."""
    for factor in assessment.get("factors", ()):
        if factor.get("points") or factor.get("status") == "unavailable":
            yield f"{factor.get('points', 0):>+4}  {factor.get('reason', '')}{_from(factor)}"
    if assessment.get("headline"):
        because = assessment.get("confidence_because")
        yield f"{assessment['headline']}" + (f" ({because})" if because else "")
    if assessment.get("otherwise"):
        yield f"{assessment['otherwise']}"
    yield from (f"not known: {words}" for words in assessment.get("unknown", ()))


def _from(factor: Entry) -> str:
    """Return where a factor's evidence is from and since when, in brackets, if it says so."""
    since = in_words(factor.get("at"), output.now()) if factor.get("at") else ""
    told = ", ".join(part for part in (factor.get("source"), since) if part)
    return f" [{told}]" if told else ""


def _evidence(evidence: Entry) -> Iterator[str]:
    connection, proof = evidence.get("connection") or {}, evidence.get("authentication") or {}
    if any(connection.values()):
        words = (
            f"from {connection['address']}" if connection.get("address") else "",
            f"with {connection['application']}" if connection.get("application") else "",
            f"through the {connection['door']}" if connection.get("door") else "",
        )
        yield " ".join(word for word in words if word)
    if proof:
        since = in_words(proof.get("at"), output.now())
        fresh = in_words(proof.get("stepped_up_at"), output.now())
        confirmed = f", confirmed at {fresh}" if fresh else ""
        yield f"signed in by {proof.get('method')} at {since}{confirmed}"
    groups = (evidence.get("subject") or evidence).get("groups")
    if groups:
        yield f"in the groups {', '.join(groups)}"
    if evidence.get("grants"):
        yield f"holds {', '.join(map(_id, evidence['grants']))}"
    yield from _session(evidence.get("session") or {}, evidence.get("presence") or {})
    for event in evidence.get("events", ()):
        at = in_words(event.get("at"), output.now())
        yield f"{event.get('source')} said {event.get('type')} at {at}"
    for what, times in evidence.get("history", ()):
        yield f"did {what} {_times(times)} before" if times else f"never did {what} before"
    for name in ("reason", "ticket"):
        if evidence.get(name):
            yield f"{name} “{evidence[name]}”"
    if evidence.get("unavailable"):
        yield f"{', '.join(evidence['unavailable'])} could not be read"


def _session(session: Entry, presence: Entry) -> Iterator[str]:
    counted = [
        f"{session[key]} {words}" for key, words in _COUNTED.items() if session.get(key, 0) > 0
    ]
    if counted:
        yield f"in the session so far {', '.join(counted)}"
    elsewhere = [str(place.get("address")) for place in presence.get("others", ())]
    if elsewhere:
        yield f"other sessions from {', '.join(elsewhere)}"
    for name, words in (("minted", "credential handed out to"), ("last", "last seen at")):
        place = presence.get(name)
        if place and place.get("address"):
            yield f"{words} {place['address']}"
    if presence.get("failures"):
        yield f"{_times(presence['failures'])} refused within the last hour"


_COUNTED: Mapping[str, str] = {
    "actions": "actions",
    "errors": "errors",
    "denials": "denials",
    "tables": "tables",
    "rows": "rows",
    "bytes": "bytes",
}


def _opened(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    until = in_words(str(facts.get("deadline_at", "")), output.now())
    yield f"{entry.get('request') or 'a request'} waits for people, until {until}"
    yield from _said(payload)
    yield from (f"needed: {remedy}" for remedy in payload.get("remedies", ()))


def _moved(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    state = str(facts.get("state", ""))
    words = payload.get("outcome") or _UNTIL_SETTLED.get(state, "")
    yield f"{state}{': ' if words else ''}{words}"
    yield from _said(payload)
    if state == "pending":
        yield from (f"because {message}" for message in payload.get("messages", ()))
        yield from (f"needed: {remedy}" for remedy in payload.get("remedies", ()))


def _said(payload: Entry) -> Iterator[str]:
    yield from (f"{name} “{payload[name]}”" for name in ("reason", "ticket") if payload.get(name))


def _approval(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    verb = {"approve": "assents", "offer": "offers less"}.get(str(facts.get("verdict")), "rejects")
    if payload.get("terms"):
        verb += f" ({', '.join(map(str, payload['terms']))})"
    if facts.get("self"):
        verb += " to their own request, as policy lets"
    if facts.get("in_place_of"):
        verb += f" in place of {facts['in_place_of']}"
    comment = f": “{payload['comment']}”" if payload.get("comment") else ""
    yield f"{entry.get('subject')} {verb}{comment}"


def _retracted(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    yield f"{entry.get('subject')} withdraws what they had assented to or offered"


def _commented(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    yield f"{entry.get('subject')} says “{payload.get('text', '')}”"


def _result(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    words = [f"outcome {facts.get('outcome')}", *map(str, facts.get("error", ()))]
    if isinstance(facts.get("rows"), int) and facts["rows"] >= 0:
        words.append("1 row" if facts["rows"] == 1 else f"{facts['rows']} rows")
    if isinstance(facts.get("duration_us"), int):
        words.append(f"{facts['duration_us'] / 1000:.1f} ms")
    yield ", ".join(words)


def _grant(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    does = str(entry.get("kind", "")).partition(".")[2]
    until = in_words(str(facts.get("ends_at", "")), output.now())
    yield f"{facts.get('grant')} is {does}; it ends at {until}"
    yield from _said(payload)


def _anything(entry: Entry, facts: Entry, payload: Entry) -> Iterator[str]:
    yield f"{entry.get('kind', '')}  {entry.get('subject') or ''}".rstrip()
    words = [
        f"{key.replace('_', ' ')} {_inline(value)}"
        for key, value in facts.items()
        if key not in _FOR_PROOF
    ]
    if words:
        yield ", ".join(words)
    yield from outline(payload)


_TELL: Mapping[str, Callable[[Entry, Entry, Entry], Iterator[str]]] = {
    "attempt": _attempt,
    "decision": _decision,
    "request.opened": _opened,
    "request.changed": _moved,
    "request.settled": _moved,
    "approval": _approval,
    "approval.withdrawn": _retracted,
    "request.commented": _commented,
    "result": _result,
    "grant.issued": _grant,
    "grant.revoked": _grant,
    "grant.expired": _grant,
}


def outline(value: Entry, depth: int = 0) -> Iterator[str]:
    """Yield a nested value as indented lines, in its own order; what is empty is left out."""
    space = "  " * depth
    for key, item in value.items():
        name = key.replace("_", " ")
        if item in (None, "", [], {}):
            continue
        if isinstance(item, Mapping):
            yield f"{space}{name}:"
            yield from outline(item, depth + 1)
        elif isinstance(item, Sequence) and not isinstance(item, str):
            yield f"{space}{name}:"
            yield from _bullets(item, depth + 1)
        else:
            lines = _word(item).splitlines() or [""]
            yield f"{space}{name}: {lines[0]}"
            yield from (f"{space}  {line}" for line in lines[1:])


def _bullets(items: Sequence[Any], depth: int) -> Iterator[str]:
    space = "  " * depth
    for item in items:
        if isinstance(item, Mapping):
            lines = list(outline(item, depth + 1))
            if lines:
                yield f"{space}- {lines[0].strip()}"
                yield from lines[1:]
        else:
            yield f"{space}- {_word(item)}"


def _pairs(value: Entry, key: str) -> Sequence[tuple[str, object]]:
    inner = value.get(key)
    return tuple(inner.items()) if isinstance(inner, Mapping) else ()


def _id(item: object) -> str:
    return str(item.get("id")) if isinstance(item, Mapping) else str(item)


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _inline(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " + ".join(_word(item) for item in value) or "none"
    return _word(value)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
