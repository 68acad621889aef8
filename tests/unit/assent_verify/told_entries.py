"""Leaves for tests of what they say together, and the story that they tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from assent_verify.report import Status
from assent_verify.story import Ending, Story, merge

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GAP = None

Line = tuple[dict[str, Any], dict[str, Any] | None]


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Log:
    """Entries one after the other; None where one cannot be read."""

    lines: list[Line | None] = field(default_factory=list)

    def add(
        self,
        kind: str,
        content: dict[str, Any] | None = None,
        *,
        request: str | None = None,
        session: str | None = None,
        subject: str | None = "sub_ana",
        after_s: float | None = None,
        **facts: Any,
    ) -> "Log":
        number = len(self.lines)
        leaf = {
            "at": at(number if after_s is None else after_s),
            "facts": facts,
            "id": f"ent_{number}",
            "kind": kind,
            "payload": None if content is None else "sha256:" + "ab" * 32,
            "request": request,
            "session": session,
            "subject": subject,
            "target": None,
            "version": 1,
        }
        self.lines.append((leaf, content))
        return self

    def gap(self) -> "Log":
        self.lines.append(None)
        return self

    def attempt(self, action: str = "act_1", **others: Any) -> "Log":
        return self.add("attempt", action=action, **others)

    def decision(self, outcome: str, action: str = "act_1", **others: Any) -> "Log":
        return self.add("decision", action=action, outcome=outcome, **others)

    def run(self, action: str = "act_1", session: str = "ses_1") -> "Log":
        """Add what is permitted in a session and has its result."""
        self.attempt(action, session=session).decision("permit", action, session=session)
        return self.add("result", action=action, session=session)

    def told(self, *cuts: int) -> Ending:
        """Return what the ranges between these indexes tell together."""
        edges = [0, *cuts, len(self.lines)]
        residues = []
        for start, end in pairwise(edges):
            story = Story({})
            for index, line in enumerate(self.lines[start:end], start):
                if line is None:
                    story.skip(index, 1)
                else:
                    story.read(index, *line)
            residues.append(story.residue())
        return merge(residues, {})

    def found(self, check: int, *cuts: int) -> list[tuple[str, str]]:
        """Return status and sentence of what one check finds."""
        ending = self.told(*cuts)
        return [
            (status.value, one.text)
            for status in Status
            if status is not Status.SKIPPED
            for one in ending.findings.of(check, status)
        ]


def every_cut(log: Log) -> Sequence[tuple[int, ...]]:
    """Return no cut, each single cut, and a cut behind every entry."""
    size = len(log.lines)
    return [(), *[(at,) for at in range(1, size)], tuple(range(1, size))]
