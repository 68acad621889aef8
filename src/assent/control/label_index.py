"""Which labels of a target lie in which of its names, found once for all decisions."""

from collections.abc import Mapping
from typing import TypeAlias

from assent.policy.labels import parts_of

Named: TypeAlias = Mapping[str, frozenset[str]]

_MOST_INDEXES = 16

# By identity of the labels: they are replaced as a whole, and kept here so that none is reused.
_indexes: dict[int, tuple[Named, dict[str, tuple[str, ...]]]] = {}


def names_in(labels: Named, name: str) -> tuple[str, ...]:
    """Return the labelled names that lie in a table, schema or database, itself not."""
    kept = _indexes.get(id(labels))
    if kept is None:
        if len(_indexes) >= _MOST_INDEXES:
            _indexes.clear()
        kept = _indexes[id(labels)] = (labels, _index(labels))
    return kept[1].get(name, ())


def _index(labels: Named) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for labelled in labels:
        parts = parts_of(labelled)
        for count in range(1, len(parts)):
            found.setdefault(".".join(parts[:count]), []).append(labelled)
    return {name: tuple(names) for name, names in found.items()}
