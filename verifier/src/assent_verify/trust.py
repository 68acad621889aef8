"""Which keys of the log are believed, and for which of its sizes (check 1).

Rotation (docs/specs/log-format.md, Log keys): an entry `key.rotated` names the old key and
the new one, and the first checkpoint over it is signed by both. Who believes the old key and
finds such an entry under a checkpoint that it signed believes the new one from there on, and
the old one no longer; who believes the new one believes the old one for what was before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assent_verify.checkpoints import NOTES, Seen
from assent_verify.notes import Key, parse_key
from assent_verify.ranges import Rotation
from assent_verify.report import Findings, Status

_FOR_EVER = 2**63


@dataclass(frozen=True, slots=True)
class Period:
    """The sizes of checkpoints that a key is believed for, both included."""

    first: int = 0
    last: int = _FOR_EVER

    def __contains__(self, size: int) -> bool:
        return self.first <= size <= self.last


@dataclass(slots=True)
class Trust:
    """The keys that are believed. keys: all that notes were read with, by their places."""

    keys: Sequence[Key]
    periods: dict[Key, Period] = field(default_factory=dict)

    def believe(self, keys: Iterable[Key]) -> None:
        """Believe keys from the reader's policy."""
        self.periods |= {key: Period() for key in keys}

    def follow(
        self, rotations: Sequence[Rotation], seen: Sequence[Seen], findings: Findings
    ) -> None:
        """Take over the rotations that the log tells of. seen: all checkpoints that fit it."""
        links = []
        for rotation in rotations:
            try:
                links.append((rotation, parse_key(rotation.old), parse_key(rotation.new)))
            except ValueError as error:
                entry = rotation.entry
                findings.fail(NOTES, f"{entry} rotates the log's key: {error}", entry)
        links.sort(key=lambda link: link[0].entry.index)
        for rotation, old, new in links:
            self._go_on(rotation, old, new, seen, findings)
        for rotation, old, new in reversed(links):
            if new in self.periods and old not in self.periods:
                self.periods[old] = Period(0, self._handover(rotation, new, seen))

    def good(self, one: Seen) -> bool:
        """Return whether a key that is believed for its size, and is of its log, signed it."""
        return any(
            key.name == one.origin and one.size in self.periods.get(key, _NEVER)
            for key in self._signers(one)
        )

    def judge(self, one: Seen, findings: Findings) -> bool:
        """Return the same, and say what is wrong."""
        if self.good(one):
            return True
        known = [key for key in self._signers(one) if key in self.periods]
        if any(key.name == one.origin for key in known):
            text = f"{one.place} is signed by a key that the log had replaced or not yet taken up"
            findings.fail(NOTES, text)
        elif known:
            findings.fail(NOTES, f"{one.place} is of `{one.origin[:80]}`, which did not sign it")
        else:
            text = f"{one.place}: none of the keys that you trust has signed it"
            findings.add(NOTES, Status.UNTRUSTED, text)
        return False

    def _go_on(
        self, rotation: Rotation, old: Key, new: Key, seen: Sequence[Seen], findings: Findings
    ) -> None:
        period, index = self.periods.get(old), rotation.entry.index
        covers = [one for one in seen if one.size > index and old in self._signers(one)]
        if period is None or not any(one.size in period for one in covers):
            return
        last = self._handover(rotation, new, seen)
        if last == _FOR_EVER:
            text = f"{rotation.entry} rotates the log's key, and no checkpoint has the new one's"
            findings.miss(NOTES, f"{text} signature", rotation.entry)
        self.periods[old] = Period(period.first, last)
        self.periods.setdefault(new, Period(index + 1))

    def _handover(self, rotation: Rotation, new: Key, seen: Sequence[Seen]) -> int:
        index = rotation.entry.index
        sizes = [one.size for one in seen if one.size > index and new in self._signers(one)]
        return min(sizes, default=_FOR_EVER)

    def _signers(self, one: Seen) -> list[Key]:
        return [self.keys[number] for number in one.signers]


_NEVER = Period(1, 0)
