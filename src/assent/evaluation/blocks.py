"""Blocks: the rows that are judged together, and where in the file each of them ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assent.evaluation.options import By, Options
from assent.evaluation.rows import Row

Key = tuple[str, str]


@dataclass(slots=True)
class Block:
    """What is known of a block so far.

    rows: those with a label, in time order. scores: of these rows, one list a scorer. held: all
    that is to be learned when the block ends.
    """

    rows: list[Row]
    scores: list[list[float]]
    held: list[Row] = field(default_factory=list)


def key(row: Row, by: By) -> Key | None:
    """Return the block that a row belongs to; None when it stands for itself."""
    if by is By.SUBJECT:
        return row.subject, ""
    if by is By.SESSION and row.session:
        return row.subject, row.session
    return None


def ends(rows: Iterable[Row], options: Options) -> Mapping[Key, int]:
    """Return, for every block with a label after the training part, the index of its last row.

    A session goes on over rows without label: they too are learned only when it has ended.
    Rows of other subjects may lie in between.
    """
    found: dict[Key, int] = {}
    last: dict[Key, int] = {}
    for index, row in enumerate(rows):
        block = key(row, options.by)
        if block is None or options.is_training(row.at):
            continue
        last[block] = index
        if row.label is not None:
            found[block] = index
    if options.by is By.SESSION:
        return {block: last[block] for block in found}
    return found
