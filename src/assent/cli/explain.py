"""`assent explain`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.output import AsJson

# What links entries to each other; `--json` has it.
_FOR_PROOF = ("action", "digest", "revision", "approval", "credential", "previous")


def explain(id: str, /, *, as_json: AsJson = False) -> None:
    """Say why a decision was what it was: facts, evidence, risk, policies, in time order.

    Parameters
    ----------
    id
        The id of a request, a session or an entry.
    """
    answer = signed_in().get(f"/v1/explain/{segment(id)}")
    if as_json:
        output.show_json(answer)
        return
    rest = {key: value for key, value in answer.items() if key != "entries"}
    for line in outline(rest):
        output.say(line)
    for entry in answer.get("entries", ()):
        output.say()
        for line in timeline(entry):
            output.say(line)


def timeline(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield one entry of the log: when, what, who, how it came out; below it, what was known."""
    at = in_words(str(entry.get("at", "")), output.now())
    facts = {key: value for key, value in entry.get("facts", {}).items() if key not in _FOR_PROOF}
    words = [f"{key.replace('_', ' ')} {_inline(value)}" for key, value in facts.items()]
    yield f"{at}  {entry.get('kind', '')}  {entry.get('subject') or ''}".rstrip()
    if words:
        yield f"  {', '.join(words)}"
    yield from outline(entry.get("payload") or {}, depth=1)


def outline(value: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
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
        if isinstance(item, Mapping) and {"points", "reason"} <= item.keys():
            yield f"{space}- {item['points']:>3} {item['reason']}"
        elif isinstance(item, Mapping):
            lines = list(outline(item, depth + 1))
            if lines:
                yield f"{space}- {lines[0].strip()}"
                yield from lines[1:]
        else:
            yield f"{space}- {_word(item)}"


def _inline(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " + ".join(_word(item) for item in value) or "none"
    return _word(value)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
