"""What the entries say, read in order by somebody who trusts only their hashes.

Two checks: that each leaf has the one right form and its place in time, and that together
they tell a story in which nothing was released without a permit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.audit.entry import decode
from assent.audit.report import Findings, NamedEntry, name_entry
from assent.audit.signed_approvals import SignedApprovals
from assent.core.canonical import Json
from assent.core.clock import parse_instant
from assent.core.entry import EntryKind
from assent.core.request import RequestState

CLOCK_TOLERANCE = timedelta(seconds=5)
"""Entries of one moment may be appended in another order than they were timed."""

PAYLOAD_ERASED = "payload.erased"
"""The kind of an entry whose `facts.entries` lists the ids of entries without payload."""

_RELEASED = (RequestState.RELEASED.value, RequestState.COMPLETED.value)


@dataclass(frozen=True, slots=True)
class Line:
    """A leaf that could be read. payload: the digest of its payload, None if it has none."""

    entry: NamedEntry
    payload: str | None


class Reading:
    """Reads leaves in order. forms: findings on each leaf. story: on what they say together.

    signed: follows what they say of keys and signed approvals.
    """

    def __init__(self, forms: Findings, story: Findings, signed: SignedApprovals) -> None:
        self._forms = forms
        self._story = story
        self._signed = signed
        self._latest_at: datetime | None = None
        self._ids: dict[str, int] = {}
        self._permitted: set[str] = set()
        self._open: dict[str, NamedEntry] = {}
        self._erased: dict[str, int] = {}
        self._has_gaps = False

    def read_all(self, start: int, leaves: Sequence[bytes]) -> dict[int, Line]:
        """Read leaves that follow each other from index `start`; return those it could read."""
        lines = ((index, self.read(index, leaf)) for index, leaf in enumerate(leaves, start))
        return {index: line for index, line in lines if line is not None}

    def read(self, index: int, leaf: bytes) -> Line | None:
        """Read the leaf at `index`; None when it cannot be read, which is then a finding."""
        try:
            value = decode(leaf)
        except ValueError as error:
            entry = name_entry(index, leaf)
            self._forms.fail(f"{entry}: {error}", entry)
            self.skip()
            return None
        entry = NamedEntry(index, str(value["id"]))
        self._check_id(entry)
        self._check_time(entry, parse_instant(str(value["at"])))
        facts = value["facts"]
        if isinstance(facts, Mapping):
            self._follow(entry, value, facts)
        self._signed.read(entry, value)
        payload = value["payload"]
        return Line(entry, payload if isinstance(payload, str) else None)

    def skip(self) -> None:
        """Note that entries cannot be read: what they would have said is not known."""
        self._has_gaps = True
        self._signed.skip()

    def finish(self) -> None:
        """Say what is still open when all entries are read."""
        for action, entry in self._open.items():
            self._story.miss(
                f"{entry}: action `{action}` has no outcome in the log; it may still run, or"
                " the gateway stopped while it did",
                entry,
            )

    def is_erased(self, entry: NamedEntry) -> bool:
        """Return whether a later entry says that this one's payload was erased."""
        return self._erased.get(entry.id, -1) > entry.index

    def _check_id(self, entry: NamedEntry) -> None:
        first = self._ids.setdefault(entry.id, entry.index)
        if first != entry.index:
            self._forms.fail(f"{entry} has the id of entry {first}", entry)

    def _check_time(self, entry: NamedEntry, at: datetime) -> None:
        if self._latest_at is not None and at < self._latest_at - CLOCK_TOLERANCE:
            # A clock that was set back is no forgery, but the order in time is not proved.
            back_s = (self._latest_at - at).total_seconds()
            self._forms.miss(f"{entry} is {back_s:.1f} s older than entries before it", entry)
            self._latest_at = at
        elif self._latest_at is None or at > self._latest_at:
            self._latest_at = at

    def _follow(
        self, entry: NamedEntry, leaf: Mapping[str, Json], facts: Mapping[str, Json]
    ) -> None:
        kind, action = leaf["kind"], facts.get("action")
        if kind == PAYLOAD_ERASED:
            self._note_erased(entry, facts.get("entries"))
        if not isinstance(action, str):
            return
        if kind == EntryKind.ATTEMPT:
            self._open[action] = entry
        elif kind == EntryKind.DECISION:
            self._follow_decision(entry, action, leaf, facts)
        elif kind == EntryKind.RESULT:
            self._open.pop(action, None)
            self._check_permitted(entry, action, "has a result")
        elif kind in (EntryKind.REQUEST_CHANGED, EntryKind.REQUEST_SETTLED):
            self._follow_request(entry, action, str(kind), facts.get("state"))

    def _follow_decision(
        self, entry: NamedEntry, action: str, leaf: Mapping[str, Json], facts: Mapping[str, Json]
    ) -> None:
        if facts.get("outcome") == "permit":
            self._permitted.add(action)
        # Only what a session releases to its target has an outcome of its own: a permit of
        # anything else takes effect in the commit of its entry, a PREPARE runs nothing, and
        # the uses of a reused decision are frames of the recording.
        has_outcome = (
            facts.get("outcome") == "permit"
            and leaf["session"] is not None
            and facts.get("phase") != "prepare"
            and facts.get("reuse") is not True
        )
        if has_outcome:
            self._open[action] = entry
        else:
            self._open.pop(action, None)

    def _follow_request(self, entry: NamedEntry, action: str, kind: str, state: Json) -> None:
        if state in _RELEASED:
            self._check_permitted(entry, action, f"is {state}")
        if kind == EntryKind.REQUEST_SETTLED and state != RequestState.RELEASED:
            self._open.pop(action, None)

    def _check_permitted(self, entry: NamedEntry, action: str, words: str) -> None:
        if action in self._permitted:
            return
        text = f"{entry}: action `{action}` {words}, but no decision before it permits it"
        if self._has_gaps:
            self._story.miss(f"{text}; it may be among the entries that cannot be read", entry)
        else:
            self._story.fail(text, entry)

    def _note_erased(self, entry: NamedEntry, ids: Json) -> None:
        if isinstance(ids, list):
            for item in ids:
                if isinstance(item, str):
                    self._erased[item] = entry.index
