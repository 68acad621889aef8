"""What a verification found: numbered checks, each with its clause, and one exit code."""

import re
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

_SHOWN = 8  # More sentences of one kind tell a reader nothing new.
_ID = re.compile(rb'"id":"([!#-\[\]-~]{1,80})","kind":"')


class ExitCode(IntEnum):
    """What `assent audit verify` exits with; of several findings the first one here counts.

    TAMPERED: something is not what was signed, or the log says that a rule was broken.
    UNTRUSTED_KEY: all fits, but nobody whom the reader trusts has signed it.
    INCOMPLETE: what is there is proved, but something is missing or still open.
    """

    TAMPERED = 1
    UNTRUSTED_KEY = 4
    INCOMPLETE = 2
    GOOD = 0


class CheckStatus(StrEnum):
    """How one check ended. LEFT_OUT: an earlier one failed so that it could not be made."""

    OK = "ok"
    FAILED = "failed"
    UNTRUSTED = "untrusted"
    INCOMPLETE = "incomplete"
    LEFT_OUT = "left-out"


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
class Check:
    """One check. source: the clause it implements. details: sentences for people.

    entries: those that the findings are about, in the order of the log, each once.
    """

    number: int
    name: str
    source: str
    status: CheckStatus
    details: tuple[str, ...] = ()
    entries: tuple[NamedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a verification.

    size, root: what the newest checkpoint says (0 and empty when it cannot be read).
    entries: how many entries were there and could be read.
    """

    checks: tuple[Check, ...]
    size: int
    root: bytes
    entries: int

    @property
    def exit_code(self) -> ExitCode:
        """The gravest finding of all checks."""
        statuses = {check.status for check in self.checks}
        if CheckStatus.FAILED in statuses:
            return ExitCode.TAMPERED
        if CheckStatus.UNTRUSTED in statuses:
            return ExitCode.UNTRUSTED_KEY
        if statuses & {CheckStatus.INCOMPLETE, CheckStatus.LEFT_OUT}:
            return ExitCode.INCOMPLETE
        return ExitCode.GOOD


@dataclass(slots=True)
class Findings:
    """Collects what one check finds. Of each status the first few sentences are kept."""

    number: int
    name: str
    source: str
    summary: str = ""
    left_out: bool = False
    _texts: dict[CheckStatus, list[str]] = field(default_factory=dict)
    _counts: dict[CheckStatus, int] = field(default_factory=dict)
    _entries: dict[int, NamedEntry] = field(default_factory=dict)

    def add(self, status: CheckStatus, text: str, *entries: NamedEntry) -> None:
        """Keep one finding and the entries that it is about."""
        texts = self._texts.setdefault(status, [])
        self._counts[status] = self._counts.get(status, 0) + 1
        if len(texts) < _SHOWN:
            texts.append(text)
            for entry in entries:
                self._entries.setdefault(entry.index, entry)

    def fail(self, text: str, *entries: NamedEntry) -> None:
        """Keep that something is not what it must be."""
        self.add(CheckStatus.FAILED, text, *entries)

    def miss(self, text: str, *entries: NamedEntry) -> None:
        """Keep that something is not there."""
        self.add(CheckStatus.INCOMPLETE, text, *entries)

    def close(self) -> Check:
        """Return the check as it ended; the gravest findings come first."""
        details: list[str] = []
        found = [status for status in CheckStatus if self._counts.get(status)]
        for status in found:
            details += self._texts[status]
            more = self._counts[status] - len(self._texts[status])
            if more:
                details.append(f"and {more} more like these")
        status = CheckStatus.LEFT_OUT if self.left_out else CheckStatus.OK
        if not details and status is CheckStatus.LEFT_OUT:
            details = ["left out, because of what an earlier check found"]
        elif not details and self.summary:
            details = [self.summary]
        entries = tuple(self._entries[index] for index in sorted(self._entries))
        return Check(
            self.number,
            self.name,
            self.source,
            found[0] if found else status,
            tuple(details),
            entries,
        )
