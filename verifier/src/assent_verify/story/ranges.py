"""The story of one range of entries: what is over there is forgotten, the rest is handed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assent_verify.report import Findings, NamedEntry
from assent_verify.story import approvals, recordings
from assent_verify.story.actions import OpenSteps, Step, step_of
from assent_verify.story.approvals import Act
from assent_verify.story.decisions import DECISIONS, Counted, Judge, Tally, Told
from assent_verify.story.plans import VERB, Plan, plan_of
from assent_verify.story.recordings import OpenPieces, Piece
from assent_verify.story.revisions import DECLARING, Mark, Revisions, declared_in

UNASKED = "does not say what Cedar was asked, as decisions before it do"

_MOST_WAITING = 256


@dataclass(slots=True)
class Residue:
    """What one range leaves to be known. It can be handed from one process to another.

    findings: what was found within the range. steps, acts, pieces, marks: in the order of the
    log. attempts: those at the end whose decision is still to come, by action; decisions: those
    at the start whose attempt was before. permits: session and id of permits in sessions whose
    recordings are here; reused: of those that were reusable. gap:
    whether entries could not be read. asked: whether a decision says what Cedar was asked;
    early: the first decision before that one which does not, early_count: how many do not.
    untold: of policies whose text is not known the first decision, and how many; closed:
    revisions whose text is in a payload that cannot be read.
    """

    findings: Findings = field(default_factory=Findings)
    steps: tuple[Step, ...] = ()
    acts: list[Act] = field(default_factory=list)
    pieces: tuple[Piece, ...] = ()
    marks: list[Mark] = field(default_factory=list)
    attempts: dict[str, Told] = field(default_factory=dict)
    decisions: list[Told] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    untold: dict[str, tuple[NamedEntry, int]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    permits: list[tuple[str, str]] = field(default_factory=list)
    reused: list[tuple[str, str]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    segments: int = 0
    gap: bool = False
    asked: bool = False
    early: list[NamedEntry] = field(default_factory=list)
    early_count: int = 0


def first_of_each(untold: Mapping[str, Sequence[NamedEntry]]) -> dict[str, tuple[NamedEntry, int]]:
    """Return of each revision the first decision by it, and how many there are."""
    return {revision: (entries[0], len(entries)) for revision, entries in untold.items()}


class Story:
    """Reads the entries of one range in their order.

    texts: of the policies, by revision, None to judge no decision. recorded: the sessions whose
    segments are in the export.
    """

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, str]] | None = None,
        recorded: frozenset[str] = frozenset(),
    ) -> None:
        self._left = Residue()
        self._recorded = recorded
        self._steps = OpenSteps()
        self._pieces = OpenPieces(recorded)
        self._revisions = Revisions()
        self._judge = Judge(self._left.findings, texts, self._left.tally)
        self._attempts: dict[str, Told] = {}

    def read(self, index: int, leaf: dict[str, Any], content: dict[str, Any] | None) -> None:
        """Read one entry. content: of its payload, None where there is none or it is not known."""
        kind = leaf["kind"]
        step = step_of(index, leaf)
        if step is not None:
            self._steps.read(step)
        if kind == "attempt":
            if content is not None:
                self._keep_attempt(Told(index, leaf, content))
        elif kind == "decision":
            self._read_decision(index, leaf, content, step)
        elif kind in approvals.KINDS:
            self._left.acts.append(approvals.act_of(index, leaf, content))
        elif kind in recordings.KINDS:
            piece = recordings.piece_of(index, leaf)
            if piece is not None:
                self._pieces.read(piece)
        elif kind in DECLARING:
            self._revisions.declare(index, leaf)
            revision = declared_in(leaf)
            if revision is not None and content is None and leaf["payload"] is not None:
                self._left.closed.add(revision)

    def skip(self, index: int, count: int) -> None:
        """Note that `count` entries cannot be read from `index` on: what they say is not known."""
        if count > 0:
            self._left.gap = True
            self._steps.gap(index)

    def residue(self) -> Residue:
        """Return what must be known of this range to go on."""
        left = self._left
        left.steps = self._steps.left()
        left.pieces = self._pieces.left()
        left.segments = self._pieces.whole
        left.marks = self._revisions.marks
        left.attempts = self._attempts
        left.counted = self._judge.counted
        left.untold = first_of_each(self._judge.untold)
        return left

    def _keep_attempt(self, attempt: Told) -> None:
        facts = attempt.leaf["facts"]
        if facts.get("verb") == VERB and (plan := plan_of(attempt.leaf, attempt.content)):
            self._left.plans.append(plan)
        self._attempts[str(facts.get("action"))] = attempt
        if len(self._attempts) > _MOST_WAITING:
            # A decision stands right behind its attempt; what is this old has none.
            self._attempts.pop(next(iter(self._attempts)))

    def _read_decision(
        self, index: int, leaf: dict[str, Any], content: dict[str, Any] | None, step: Step | None
    ) -> None:
        facts, left = leaf["facts"], self._left
        self._revisions.use(index, leaf)
        if leaf["session"] in self._recorded and facts.get("outcome") == "permit":
            left.permits.append((leaf["session"], leaf["id"]))
            if facts.get("reuse") is True and step is not None:
                left.reused.append((leaf["session"], leaf["id"]))
        attempt = self._attempts.pop(str(facts.get("action")), None)
        if content is None:
            left.tally.sealed += 1
        elif "cedar" not in content:
            self._read_bare(NamedEntry(index, leaf["id"]))
        else:
            left.asked = True
            told = Told(index, leaf, content)
            if attempt is not None:
                self._judge.judge(attempt, told)
            else:
                left.decisions.append(told)

    def _read_bare(self, entry: NamedEntry) -> None:
        left = self._left
        left.tally.older += 1
        if left.asked:
            left.findings.miss(DECISIONS, f"{entry} {UNASKED}", entry)
        elif not left.early:
            left.early.append(entry)
        left.early_count += not left.asked
