"""The story of a whole log, put together from what its ranges left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assent_verify.report import Findings, NamedEntry, Status
from assent_verify.story import policies, revisions
from assent_verify.story.actions import STORY, Actions
from assent_verify.story.approvals import Approvals
from assent_verify.story.decisions import APPROVALS, DECISIONS, Counted, Judge, Tally, Told
from assent_verify.story.ranges import UNASKED, Residue, first_of_each
from assent_verify.story.recordings import RECORDINGS, Chains, Piece, Recording
from assent_verify.story.revisions import Mark


@dataclass(frozen=True, slots=True)
class Ending:
    """What the whole story comes to.

    summaries: by check, what to say where nothing was found. recordings: of the sessions whose
    segments are in the export, to be read with `check_recording`.
    """

    findings: Findings
    summaries: Mapping[int, str]
    recordings: tuple[Recording, ...] = ()


def merge(
    residues: Iterable[Residue],
    texts: Mapping[str, Mapping[str, str]] | None = None,
    files: Iterable[str] = (),
) -> Ending:
    """Return what the residues of all ranges say together, given in the order of the log.

    texts: as `Story` has them. files: names of the segments in the export.
    """
    merging = _Merging(texts, tuple(files))
    for residue in residues:
        merging.take(residue)
    return merging.finish()


def sessions_of(files: Iterable[str]) -> frozenset[str]:
    """Return the sessions whose segments are in the export, by the names of files."""
    return frozenset(name.split("/")[1] for name in files)


@dataclass(slots=True)
class _Merging:
    texts: Mapping[str, Mapping[str, str]] | None
    files: tuple[str, ...]
    findings: Findings = field(default_factory=Findings)
    tally: Tally = field(default_factory=Tally)
    _actions: Actions = field(init=False)
    _approvals: Approvals = field(init=False)
    _chains: Chains = field(init=False)
    _judge: Judge = field(init=False)
    _attempts: dict[str, Told] = field(default_factory=dict)
    _marks: list[Mark] = field(default_factory=list)
    _counted: list[Counted] = field(default_factory=list)
    _permits: dict[str, set[str]] = field(default_factory=dict)
    _reused: dict[str, set[str]] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)
    _untold: list[tuple[str, tuple[NamedEntry, int]]] = field(default_factory=list)
    _segments: int = 0
    _asked: bool = False

    def __post_init__(self) -> None:
        self._actions = Actions(self.findings)
        self._approvals = Approvals(self.findings)
        self._chains = Chains(self.findings, sessions_of(self.files))
        self._judge = Judge(self.findings, self.texts, self.tally)

    def take(self, residue: Residue) -> None:
        """Go on with the next range."""
        self.findings.merge(residue.findings)
        self.tally.add(residue.tally)
        if residue.gap:
            self._approvals.has_gaps = True
            self._chains.skip()
        self._actions.walk(residue.steps)
        self._approvals.follow(residue.acts)
        self._approvals.plans += residue.plans
        self._chains.walk(residue.pieces)
        self._segments += residue.segments
        self._marks += residue.marks
        self._counted += residue.counted
        self._closed |= residue.closed
        self._untold += residue.untold.items()
        for session, name in residue.permits:
            self._permits.setdefault(session, set()).add(name)
        for session, name in residue.reused:
            self._reused.setdefault(session, set()).add(name)
        self._judge_across(residue)
        if self._asked and residue.early:
            entry, more = residue.early[0], residue.early_count - 1
            also = f", and {more} after it" if more else ""
            self.findings.miss(DECISIONS, f"{entry} {UNASKED}{also}", entry)
        self._asked = self._asked or residue.asked

    def _judge_across(self, residue: Residue) -> None:
        """Judge the decisions whose attempts stand in the range before."""
        for decision in residue.decisions:
            action = str(decision.leaf["facts"].get("action"))
            attempt = self._attempts.pop(action, None)
            if attempt is not None:
                self._judge.judge(attempt, decision)
            else:
                self.tally.alone += 1
        self._attempts = residue.attempts

    def finish(self) -> Ending:
        """Say what only shows at the end."""
        self._say_what_has_no_text()
        self._actions.finish()
        revisions.check(self._marks, self.findings)
        self._approvals.check_counted([*self._counted, *self._judge.counted])
        recorded = self._chains.finish()
        self._say_what_was_left_out()
        summaries = {
            STORY: self._story_summary(),
            DECISIONS: _decisions_summary(self.tally),
            APPROVALS: self._approvals_summary(),
            RECORDINGS: self._recordings_summary(),
        }
        return Ending(self.findings, summaries, tuple(self._recordings(recorded)))

    def _recordings(self, recorded: Mapping[str, list[Piece]]) -> Iterable[Recording]:
        of_each: dict[str, set[str]] = {}
        for name in self.files:
            of_each.setdefault(name.split("/")[1], set()).add(name)
        for session, names in sorted(of_each.items()):
            pieces = tuple(recorded.get(session, ()))
            permits = frozenset(self._permits.get(session, ()))
            reused = frozenset(self._reused.get(session, ()))
            gaps = self._approvals.has_gaps
            yield Recording(session, pieces, permits, reused, frozenset(names), gaps)

    def _say_what_has_no_text(self) -> None:
        """Say which decisions were taken by policies that nobody can read here."""
        for revision, (entry, count) in [
            *self._untold,
            *first_of_each(self._judge.untold).items(),
        ]:
            if revision in self._closed or self._approvals.has_gaps:
                self.tally.no_text += count
                continue
            also = f", like {count - 1} after it" if count > 1 else ""
            words = f"no entry has the text of its policies, `{revision[:80]}`{also}"
            self.findings.miss(DECISIONS, f"{entry}: {words}", entry)

    def _say_what_was_left_out(self) -> None:
        tally = self.tally
        if tally.judged == 0 and (said := _unjudged(tally)):
            self.findings.add(DECISIONS, Status.SKIPPED, f"no decision was judged: {said}")

    def _story_summary(self) -> str:
        said = "nothing was released without a permit, and every outcome is known"
        if self._actions.under_way:
            said += f" but of {self._actions.under_way} that were under way when it was exported"
        return said

    def _approvals_summary(self) -> str:
        approvals = self._approvals
        one = "1 approval is" if approvals.signed == 1 else f"{approvals.signed} approvals are"
        signed = (
            f"{one} signed by a key of who approved, good then; "
            f"of {approvals.shown} the document that they were shown is here"
            if approvals.signed
            else "no approval is signed"
        )
        if approvals.counted:
            signed += f"; {approvals.counted} assents that permits count are in the log"
        return signed

    def _recordings_summary(self) -> str:
        count = self._chains.segments + self._segments
        return f"{count} segments follow each other without a gap" if count else "none is recorded"


def _decisions_summary(tally: Tally) -> str:
    said = f"{tally.judged} decisions are those that their policies give"
    rest = _unjudged(tally)
    return f"{said}; not judged: {rest}" if rest else said


def _unjudged(tally: Tally) -> str:
    """Return why decisions were not judged, empty when all were."""
    engine = (
        "need the engine `cedarpy`, which is not installed"
        if not policies.can_ask()
        else "are left out, as the policies were not read"
    )
    parts = [
        (tally.sealed, "cannot be opened (sealed, or redacted)"),
        (tally.older, "were written before what Cedar was asked was kept"),
        (tally.no_engine, engine),
        (tally.no_text, "are by policies whose text was pruned or redacted, or is sealed"),
        (tally.alone, "have no attempt that can be read"),
    ]
    return ", ".join(f"{count} {words}" for count, words in parts if count)
