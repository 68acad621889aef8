"""Law: whoever holds the log's own key still cannot change a signed approval unnoticed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.entry import Entry
from assent.core.ids import RequestId, SubjectId
from assent_verify.report import Status
from unit.audit.audit_builders import an_export, verify
from unit.audit.signed_builders import DORA, approved, enrolled, revoked

LOG = (
    enrolled(0),
    enrolled(1, "key_2", 2, DORA),
    approved(2),
    approved(3, "key_2", 2, DORA),
    revoked(4, "key_2", DORA),
)
# What names the approval and the action for other readers is not part of what is signed.
FREE = {"action", "approval"}


def places() -> Iterator[tuple[int, str]]:
    """Yield each fact that a signature rests on: the entry's index and the fact's name."""
    for index, entry in enumerate(LOG):
        yield from ((index, name) for name in entry.facts if name not in FREE)
        # Who revoked a key may be somebody else than its owner.
        yield from [(index, "subject")] if index < 4 else []
    yield from ((index, "request") for index in (2, 3))


def flipped(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, len(text) - 1))
    mark = data.draw(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
    return text[:at] + (mark if mark != text[at] else chr(ord(mark) ^ 1)) + text[at + 1 :]


def changed(entry: Entry, name: str, data: st.DataObject) -> Entry:
    if name == "subject":
        return replace(entry, subject=SubjectId(flipped(str(entry.subject), data)))
    if name == "request":
        return replace(entry, request=RequestId(flipped(str(entry.request), data)))
    return replace(entry, facts={**entry.facts, name: flipped(str(entry.facts[name]), data)})


def check_is_failed(log: list[Entry]) -> None:
    report = verify(an_export(log))
    assert report.checks[10].status is not Status.OK
    assert report.checks[10].entries


def test_the_log_is_good_as_it_was_written() -> None:
    assert verify(an_export(LOG)).exit_code == 0


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(places())), st.data())
def test_any_flipped_letter_of_a_fact_is_found(place: tuple[int, str], data: st.DataObject) -> None:
    index, name = place
    log = list(LOG)
    log[index] = changed(log[index], name, data)
    check_is_failed(log)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


DOCUMENT = json.loads(json.dumps((LOG[2].payload or {})["shown"]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(leaves(DOCUMENT), key=str)), st.data())
def test_any_change_of_what_was_shown_is_found(path: tuple[Any, ...], data: st.DataObject) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    before = inner[path[-1]]
    inner[path[-1]] = flipped(before, data) if isinstance(before, str) and before else "other"
    log = [*LOG[:2], replace(LOG[2], payload={"shown": document}), *LOG[3:]]
    check_is_failed(log)
