"""Prequential: every row is scored first, by all, and only then learned (Dawid 1984)."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from time import perf_counter_ns

from assent.evaluation import blocks
from assent.evaluation.blocks import Block, Key
from assent.evaluation.metrics import Item
from assent.evaluation.options import By, Feedback, Options
from assent.evaluation.rows import Row
from assent.evaluation.scorer import Aggregating, LearnMode, Scorer

_TELL_EVERY = 1_000


@dataclass(slots=True)
class Track:
    """One scorer, and what came of it: an item a row or block, and nanoseconds a call."""

    scorer: Scorer
    items: list[Item] = field(default_factory=list)
    score_ns: "array[int]" = field(default_factory=lambda: array("Q"))
    learn_ns: "array[int]" = field(default_factory=lambda: array("Q"))

    def score(self, row: Row) -> float:
        """Return the score of a row. Raises ValueError when it is no number to be ordered."""
        started_ns = perf_counter_ns()
        score = self.scorer.score(row)
        self.score_ns.append(perf_counter_ns() - started_ns)
        if score != score:
            raise ValueError(f"the scorer `{self.scorer.name}` gave a score that is no number")
        return score

    def learn(self, row: Row, label: int | None) -> None:
        """Offer a row with what people answered."""
        started_ns = perf_counter_ns()
        self.scorer.learn(row, label=label)
        self.learn_ns.append(perf_counter_ns() - started_ns)

    def block_score(self, scores: Sequence[float], rows: Sequence[Row]) -> float:
        """Return what the scorer makes of a whole block; the mean when it has no opinion."""
        if isinstance(self.scorer, Aggregating):
            return self.scorer.block_score(scores, rows)
        return fmean(scores)


class Run:
    """One pass over a file with any number of scorers."""

    def __init__(
        self, scorers: Iterable[Scorer], options: Options, ends: Mapping[Key, int]
    ) -> None:
        self.tracks = [Track(scorer) for scorer in scorers]
        self.subjects: dict[str, int] = {}
        """All that were seen, also in history, numbered in order of appearance."""
        self.rows = 0
        self._options = options
        self._ends = ends
        self._open: dict[Key, Block] = {}
        self._measuring = False

    def over(self, rows: Iterable[Row], progress: Callable[[int], None]) -> None:
        """Go over all rows; progress is told now and then how many are done."""
        for row in rows:
            self._take(row, self.rows)
            self.rows += 1
            if self.rows % _TELL_EVERY == 0:
                progress(self.rows)

    def _take(self, row: Row, index: int) -> None:
        self.subjects.setdefault(row.subject, len(self.subjects))
        if self._options.is_training(row.at):
            for track in self.tracks:
                track.learn(row, row.label)
            return
        key = blocks.key(row, self._options.by)
        block = self._block(key, index)
        if row.label is not None:
            self._measuring = True
            self._score(row, block)
        if block is not None and self._options.by is By.SESSION:
            block.held.append(row)
        else:
            self._learn(row)
        if key is not None and block is not None and self._ends[key] == index:
            self._end(key, block)

    def _block(self, key: Key | None, index: int) -> Block | None:
        # A block without any label is history, and so is what comes after a subject's last one.
        if key is None or self._ends.get(key, -1) < index:
            return None
        block = self._open.get(key)
        if block is None:
            block = self._open[key] = Block([], [[] for _ in self.tracks])
        return block

    def _score(self, row: Row, block: Block | None) -> None:
        subject = self.subjects[row.subject]
        for number, track in enumerate(self.tracks):
            score = track.score(row)
            if block is None:
                track.items.append(Item(score, row.label == 1, subject))
            else:
                block.scores[number].append(score)
        if block is not None:
            block.rows.append(row)

    def _learn(self, row: Row) -> None:
        # Without a training part, what comes before the first label is what NONE learns.
        if self._options.learn is LearnMode.NONE and (
            self._measuring or self._options.train_until is not None
        ):
            return
        label = row.label if self._options.feedback is Feedback.AFTER else None
        for track in self.tracks:
            track.learn(row, label)

    def _end(self, key: Key, block: Block) -> None:
        del self._open[key]
        positive = any(row.label == 1 for row in block.rows)
        subject = self.subjects[block.rows[0].subject]
        for track, scores in zip(self.tracks, block.scores, strict=True):
            score = track.block_score(scores, block.rows)
            track.items.append(Item(score, positive, subject))
        for row in block.held:
            self._learn(row)
