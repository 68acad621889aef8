"""Whether an action is what its program says that it is for.

Two texts are compared with what is done: the task that a program was made for, which its owner
wrote, and what it says that it does just now. They are read for a few plain things only, in
English: that they speak of reading alone, that they name resources, that they name an environment
that is not production. A text that says none of these says nothing, and none ever speaks for
anybody: whoever took an agent over can make up a good one.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from assent.core.action import Action, Operation, Touch
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.scope import is_housekeeping
from assent.core.signal import Signal
from assent.signals.weighing import found, usual, weights
from assent.signals.words import list_words, name_words, verb_words

NAME = "declared_task"

CHANGES_BITS = 6.0
ADMINISTERS_BITS = 8.0
ELSEWHERE_BITS = 4.0
PRODUCTION_BITS = 5.0
MOST_BITS = 10.0
"""All of it together: it is words against a deed, and words are read roughly."""

#        naive VPN targeted stolen insider agent poisoner
SHARES = (1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 0.5)
"""Who acts under their own name, or prepares for long, may have written the task themself."""

LONGEST = 1_000
"""Characters of a task that are read."""

_CHANGING = frozenset({Operation.WRITE, Operation.ADMINISTER})
_NOT_ITS_OWN = frozenset({"access.request", "session.open", "tool.admit"})

_READS = re.compile(
    r"\b(?:read(?:s|ing|-only)?|report(?:s|ing)?|analy[sz](?:e|es|ing)|analysis|analytics"
    r"|summari[sz](?:e|es|ing)|summary|summaries|view(?:s|ing)?|search(?:es|ing)?|count(?:s|ing)?"
    r"|inspect(?:s|ing|ion)?|monitor(?:s|ing)?|list(?:s|ing)?|look(?:s|ing)?|observe(?:s)?"
    r"|dashboards?|statistics|review(?:s|ing)?)\b"
)
_WRITES = re.compile(
    r"\b(?:writ(?:e|es|ing)|updat(?:e|es|ing)|chang(?:e|es|ing)|fix(?:es|ing)?|delet(?:e|es|ing)"
    r"|remov(?:e|es|ing)|clean(?:s|ing)?|tid(?:y|ies|ying)|insert(?:s|ing)?|creat(?:e|es|ing)"
    r"|add(?:s|ing)?|edit(?:s|ing)?|migrat(?:e|es|ing)|migrations?|deploy(?:s|ing|ments?)?"
    r"|import(?:s|ing)?|sync(?:s|ing)?|synchroni[sz](?:e|es|ing)|refund(?:s|ing)?"
    r"|cancel(?:s|ling|ing)?|clos(?:e|es|ing)|correct(?:s|ing|ions?)?|repair(?:s|ing)?"
    r"|send(?:s|ing)?|post(?:s|ing)?|merg(?:e|es|ing)|rotat(?:e|es|ing)|restart(?:s|ing)?"
    r"|install(?:s|ing)?|archiv(?:e|es|ing)|purg(?:e|es|ing)|drop(?:s|ping)?|mov(?:e|es|ing)"
    r"|renam(?:e|es|ing)|upload(?:s|ing)?|manag(?:e|es|ing)|maintain(?:s|ing)?|maintenance"
    r"|administ(?:er|ers|ration)|configur(?:e|es|ing)|set(?:s|ting)?|sav(?:e|es|ing)"
    r"|stor(?:e|es|ing)|approv(?:e|es|ing)|book(?:s|ing)?|process(?:es|ing)?|handl(?:e|es|ing)"
    r"|run(?:s|ning)?|execut(?:e|es|ing)|build(?:s|ing)?|anything|everything)\b"
)
_REFUSED = re.compile(r"\b(?:not|never|no|without|don't|doesn't|cannot)\s+(?:\w+\s+)?\w+")
_NAMED = re.compile(r"`([^`\s]{1,200})`|(?<![\w/])(/[\w./{}*-]{2,200})|\b(\w+(?:\.\w+)+)\b")
_ELSEWHERE = re.compile(r"\b(?:staging|sandbox|dev|development|preview)\b")
_PRODUCTION = re.compile(r"\b(?:prod|production|live)\b")
_IS_PRODUCTION = frozenset({"prod", "production", "live"})


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how far the action is from what its program says; nothing where nothing is said."""
    said = [text[:LONGEST] for text in (evidence.subject.task, evidence.connection.task) if text]
    if not said:
        return usual(NAME, "nothing is said of what this is for")
    touches = [
        touch
        for touch in action.touches
        if touch.verb not in _NOT_ITS_OWN and not is_housekeeping(touch)
    ]
    target = evidence.target.name if evidence.target else ""
    where = evidence.target.environment if evidence.target else ""
    strongest: dict[str, tuple[float, str]] = {}
    for text in said:
        for what, bits, words in _against(text, touches, target, where):
            if bits > strongest.get(what, (0.0, ""))[0]:
                strongest[what] = (bits, f"“{name_words(text)}” {words}")
    if not strongest:
        return usual(NAME, "it is not against what it is said to be for")
    bits = min(MOST_BITS, sum(one for one, _ in strongest.values()))
    reason = "; ".join(words for _, words in strongest.values())
    return found(NAME, reason, weights(bits, SHARES))


def only_reads(task: str) -> bool:
    """Return whether a task speaks of reading, and of nothing that changes anything.

    What it says that it does not do, such as `without changing anything`, is no change.
    """
    text = _REFUSED.sub(" ", task.lower())
    reads = _READS.search(text) is not None or "read-only" in task.lower()
    return reads and _WRITES.search(text) is None


def _against(
    text: str, touches: list[Touch], target: str, where: str
) -> Iterator[tuple[str, float, str]]:
    """Yield what speaks against the action: of which kind, bits, and what the text does then.

    Where the text names the target, all that is on it is meant.
    """
    changing = [touch for touch in touches if touch.operation in _CHANGING]
    if changing and only_reads(text):
        worst = max(changing, key=lambda touch: touch.operation is Operation.ADMINISTER)
        administers = worst.operation is Operation.ADMINISTER
        did = f"{verb_words(worst.verb)} on {name_words(worst.resource.name)}"
        bits = ADMINISTERS_BITS if administers else CHANGES_BITS
        yield "changes", bits, f"speaks of reading alone, and this is {did}"
    names = _named(text, touches)
    others = [touch.resource.name for touch in touches if not _is_named(touch, names)]
    if names and others and target.lower() not in names:
        others = list(dict.fromkeys(others))
        yield "elsewhere", ELSEWHERE_BITS, f"does not name {list_words(others)}"
    lowered = text.lower()
    if (
        touches
        and where.lower() in _IS_PRODUCTION
        and _ELSEWHERE.search(lowered)
        and not _PRODUCTION.search(lowered)
    ):
        yield "production", PRODUCTION_BITS, f"is not of {name_words(where)}, where this is"


def _named(text: str, touches: list[Touch]) -> list[str]:
    """Return the resources that a text names.

    Names in backticks; paths, where routes or files are touched; names with dots that begin as one
    that is touched does, as `public.orders` beside `public.customers`: `report.csv` is none.
    """
    has_paths = any(touch.resource.kind in ("Route", "File") for touch in touches)
    beginnings = {
        touch.resource.name.partition(".")[0].lower()
        for touch in touches
        if "." in touch.resource.name
    }
    names = []
    for quoted, path, dotted in _NAMED.findall(text):
        begins = dotted.partition(".")[0].lower()
        if quoted or (path and has_paths) or (dotted and begins in beginnings):
            names.append((quoted or path or dotted).lower().rstrip("*").rstrip("./"))
    return names


def _is_named(touch: Touch, names: list[str]) -> bool:
    """Return whether a text's names mean it, a part of its path, or what it lies in."""
    full = touch.resource.name.lower()
    parts = {full, full.rpartition(".")[2], full.rpartition("/")[2]}
    if touch.resource.kind in ("Route", "File"):
        parts.update(full.split("/"))
    return any(
        name in parts or full.startswith((f"{name}.", f"{name}/", f"{name}(")) for name in names
    )


SIGNAL = SignalPlugin(name=NAME, needs=frozenset(), measure=measure)
