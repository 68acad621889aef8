"""Which policies were in force when a decision was taken, as the log says it."""

from datetime import timedelta
from typing import Any, NamedTuple

from assent_verify.leaves import instant
from assent_verify.report import Findings, NamedEntry
from assent_verify.story.decisions import DECISIONS

DECLARING = frozenset({"server.started", "policy.changed", "configuration.applied"})
"""Kinds of entries that say which revision is in force from then on, with its text."""
REPLACED_WITHIN = timedelta(seconds=60)
"""Policies are replaced after the entry that says so is durable; a slow disk makes that late."""


class Mark(NamedTuple):
    """A revision that was declared at an index, or that decisions up to `until` used."""

    place: int
    entry: str
    at: str
    revision: str
    declared: bool
    until: str


def declared_in(leaf: dict[str, Any]) -> str | None:
    """Return the revision that an entry puts in force, None where it does not say."""
    facts = leaf["facts"]
    found = facts.get("policy_revision", facts.get("after"))
    return found if isinstance(found, str) else None


class Revisions:
    """Follows the revisions of one range; the marks of all ranges say the same of the log."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []

    def declare(self, index: int, leaf: dict[str, Any]) -> None:
        """Keep that an entry puts policies in force."""
        revision = declared_in(leaf)
        if revision is not None:
            self.marks.append(Mark(index, leaf["id"], leaf["at"], revision, True, leaf["at"]))

    def use(self, index: int, leaf: dict[str, Any]) -> None:
        """Keep that a decision was taken by policies."""
        revision = leaf["facts"].get("revision")
        if not isinstance(revision, str):
            return
        last = self.marks[-1] if self.marks else None
        if last is not None and last.revision == revision:
            if leaf["at"] > last.until:
                self.marks[-1] = last._replace(until=leaf["at"])
            return
        self.marks.append(Mark(index, leaf["id"], leaf["at"], revision, False, leaf["at"]))


def check(marks: list[Mark], findings: Findings) -> None:
    """Say which decisions were taken by policies that were not in force. marks: of the log."""
    current: Mark | None = None
    before: Mark | None = None
    for mark in marks:
        if mark.declared:
            before, current = current, mark
            continue
        if current is None or mark.revision == current.revision:
            continue
        late = instant(mark.until) - instant(current.at) > REPLACED_WITHIN
        if before is not None and mark.revision == before.revision and not late:
            continue
        entry = NamedEntry(mark.place, mark.entry)
        words = f"`{mark.revision[:80]}`, and `{current.revision[:80]}` was in force"
        findings.fail(DECISIONS, f"{entry} was decided by the policies {words}", entry)
