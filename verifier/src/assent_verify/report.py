"""What a verification found: numbered checks, each with its clause, and one exit code."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

SHOWN = 8
"""How many sentences of one check and one status are kept: more tell a reader nothing new."""

_ID = re.compile(rb'"id":"([!#-\[\]-~]{1,80})","kind":"')


class ExitCode(IntEnum):
    """What `assent-verify` exits with; of several findings the first one here counts.

    TAMPERED: something is not what was signed, or the log says that a rule was broken.
    UNTRUSTED_KEY: all fits, but nobody whom the reader trusts has signed it.
    INCOMPLETE: what is there is proved, but something is missing or still open.
    STALE: it is whole, but nobody outside has seen it for longer than the reader allows.
    """

    TAMPERED = 1
    UNTRUSTED_KEY = 4
    INCOMPLETE = 2
    STALE = 3
    GOOD = 0


class Status(StrEnum):
    """How one check ended, the gravest first.

    LEFT_OUT: an earlier one found something that makes it impossible. SKIPPED: there was
    nothing to check, or the reader did not ask for it, or did not give what it needs.
    """

    FAILED = "failed"
    UNTRUSTED = "untrusted"
    INCOMPLETE = "incomplete"
    STALE = "stale"
    LEFT_OUT = "left-out"
    SKIPPED = "skipped"
    OK = "ok"


_EXITS = {
    Status.FAILED: ExitCode.TAMPERED,
    Status.UNTRUSTED: ExitCode.UNTRUSTED_KEY,
    Status.INCOMPLETE: ExitCode.INCOMPLETE,
    Status.LEFT_OUT: ExitCode.INCOMPLETE,
    Status.STALE: ExitCode.STALE,
}

CHECKS: dict[int, tuple[str, str]] = {
    1: ("notes and keys", "C2SP signed-note, tlog-checkpoint; log-format, Log keys"),
    2: ("entries and tree", "RFC 6962 section 2.1, C2SP tlog-tiles"),
    3: ("consistency", "RFC 6962 section 2.1.2"),
    4: ("form", "log-format, Leaf"),
    5: ("time", "log-format, Leaf"),
    6: ("payloads", "log-format, Payload"),
    7: ("witnesses", "C2SP tlog-cosignature, tlog-policy"),
    8: ("freshness", "C2SP tlog-cosignature"),
    9: ("story", "log-format, What the entries must say together"),
    10: ("decisions", "log-format, What the entries must say together"),
    11: ("approvals", "signed-approvals, Verification"),
    12: ("recordings", "recording-format, Verifying"),
    13: ("anchors", "RFC 3161 section 2.4.2; log-format, Export"),
}
"""Number → name and the clause that the check implements. Numbers never change their meaning."""

BUNDLED = 14
"""The number of a check that only bundles have."""
_OF_BUNDLES = {BUNDLED: ("events", "log-format, Bundle")}


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """An entry that a finding is about. id: empty when it cannot be read any more."""

    index: int
    id: str = ""

    def __str__(self) -> str:
        return f"entry {self.index} (`{self.id}`)" if self.id else f"entry {self.index}"


def name_entry(index: int, leaf: bytes) -> NamedEntry:
    """Return what to call an entry whose bytes may be damaged."""
    match = _ID.search(leaf)
    return NamedEntry(index, match.group(1).decode("ascii") if match else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one check. entries: those that it is about."""

    check: int
    status: Status
    text: str
    entries: tuple[NamedEntry, ...] = ()


@dataclass(slots=True)
class Findings:
    """Collects findings, few enough to be handed from one process to another.

    Of each check and status the first `SHOWN` are kept, and how many there were.
    """

    _kept: dict[tuple[int, Status], list[Finding]] = field(default_factory=dict)
    _counts: dict[tuple[int, Status], int] = field(default_factory=dict)

    def add(self, check: int, status: Status, text: str, *entries: NamedEntry) -> None:
        """Keep one finding and the entries that it is about."""
        self.take(Finding(check, status, text, entries))

    def fail(self, check: int, text: str, *entries: NamedEntry) -> None:
        """Keep that something is not what it must be."""
        self.add(check, Status.FAILED, text, *entries)

    def miss(self, check: int, text: str, *entries: NamedEntry) -> None:
        """Keep that something is not there."""
        self.add(check, Status.INCOMPLETE, text, *entries)

    def more(self, check: int, status: Status, count: int) -> None:
        """Count findings that nobody wrote down, of a check and status that has some."""
        if count > 0:
            self._counts[check, status] = self._counts.get((check, status), 0) + count

    def take(self, finding: Finding) -> None:
        """Keep a finding."""
        place = (finding.check, finding.status)
        self._counts[place] = self._counts.get(place, 0) + 1
        kept = self._kept.setdefault(place, [])
        if len(kept) < SHOWN:
            kept.append(finding)

    def merge(self, others: "Findings | Iterable[Finding]") -> None:
        """Take over what somebody else found."""
        if not isinstance(others, Findings):
            for finding in others:
                self.take(finding)
            return
        for place, kept in others._kept.items():
            rest = others._counts[place] - len(kept)
            for finding in kept:
                self.take(finding)
            self._counts[place] += rest

    def of(self, check: int, status: Status) -> list[Finding]:
        """Return those kept of one check and status."""
        return self._kept.get((check, status), [])

    def count(self, check: int, status: Status) -> int:
        """Return how many there were of one check and status."""
        return self._counts.get((check, status), 0)


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it ended. source: the clause it implements. details: sentences for people.

    entries: those that the findings are about, in the order of the log, each once.
    """

    number: int
    name: str
    source: str
    status: Status
    details: tuple[str, ...] = ()
    entries: tuple[NamedEntry, ...] = ()


def close(findings: Findings, number: int, summary: str) -> Check:
    """Return a check as it ended. summary: what to say of it when nothing was found."""
    name, source = (CHECKS | _OF_BUNDLES)[number]
    found = [status for status in Status if findings.count(number, status)]
    details: list[str] = []
    entries: dict[int, NamedEntry] = {}
    for status in found:
        kept = findings.of(number, status)
        details += [finding.text for finding in kept]
        entries |= {entry.index: entry for finding in kept for entry in finding.entries}
        more = findings.count(number, status) - len(kept)
        if more:
            details.append(f"and {more} more like these")
    worst = found[0] if found else Status.OK
    if worst is Status.OK:
        details = [summary, *details] if summary else details
    return Check(
        number, name, source, worst, tuple(details), tuple(entries[one] for one in sorted(entries))
    )


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a verification.

    origin, size, root: what the newest checkpoint says (empty, 0 and empty when it cannot be
    read). entries: how many entries were there and could be read. witnessed: the size up to
    which somebody outside has seen the log, 0 for nobody. evidence: places and notes of
    checkpoints that cannot all be true.
    """

    checks: tuple[Check, ...]
    origin: str = ""
    size: int = 0
    root: bytes = b""
    entries: int = 0
    witnessed: int = 0
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The gravest finding of all checks."""
        found = {_EXITS[check.status] for check in self.checks if check.status in _EXITS}
        return next((code for code in ExitCode if code in found), ExitCode.GOOD)
