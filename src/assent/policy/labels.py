"""What a name is labelled as: by itself, by what it lies in, and by what its labels begin with."""

import re
from collections.abc import Iterable, Mapping

from assent.core.resource import Target
from assent.policy.field_labels import field_labels

_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')
_MOST_INDEXES = 16

# The server's own, the same in every database: what people label is not in there.
_CATALOGUES = frozenset({"pg_catalog", "information_schema"})

Labels = Mapping[str, frozenset[str]]

# By identity of the labels: they are replaced as a whole, and kept here so that none is reused.
_indexes: dict[int, tuple[Labels, dict[str, frozenset[str]]]] = {}


def parts_of(name: str) -> list[str]:
    """Return the parts of a full name, quoted ones as they are: `public`, `"a.b"`."""
    return _PART.findall(name)


def above(name: str, levels: int, database: str) -> list[str]:
    """Return what a name lies in, from near to far: its table, its schema, its database.

    levels: how many parts the name has in the target's own database, whose name is `database`;
    with one more it begins with another one's.
    """
    parts = parts_of(name)
    found = [".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
    is_own = 1 < len(parts) <= levels and parts[0] not in _CATALOGUES
    return [*found, quoted(database)] if is_own else found


def quoted(part: str) -> str:
    """Return one part of a name; in quotes if it could be confused with several."""
    return '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part


def labels_of(target: Target | None, name: str, columns: frozenset[str] = frozenset()) -> list[str]:
    """Return the labels of a resource and of these columns of it, sorted; `*` is every column.

    Those of its schema and its database count as its own. Of targets other than databases, columns
    are the fields of messages; see `field_labels`. A dotted label includes what it
    begins with: `pci.pan` is `pci` too.
    """
    if target is None or not target.labels:
        return []
    if target.protocol != "postgres":
        return sorted(with_ancestors(field_labels(target.labels, name, columns)))
    found = set(target.labels.get(name, ()))
    for place in above(name, 2, target.database):
        found |= target.labels.get(place, frozenset())
    if "*" in columns:
        found |= _below(target.labels).get(name, frozenset())
    else:
        for column in columns:
            found |= target.labels.get(f"{name}.{quoted(column)}", frozenset())
            found |= target.labels.get(f"{name}.{column}", frozenset())
    return sorted(with_ancestors(found))


def with_ancestors(labels: Iterable[str]) -> set[str]:
    """Return the labels with all that they begin with."""
    every = set(labels)
    for label in tuple(every):
        while "." in label:
            label = label.rpartition(".")[0]
            every.add(label)
    return every


def _below(labels: Labels) -> dict[str, frozenset[str]]:
    """Return for each name the labels of all that lies in it."""
    kept = _indexes.get(id(labels))
    if kept is not None:
        return kept[1]
    below: dict[str, set[str]] = {}
    for key, of_key in labels.items():
        parts = parts_of(key)
        for count in range(1, len(parts)):
            below.setdefault(".".join(parts[:count]), set()).update(of_key)
    if len(_indexes) >= _MOST_INDEXES:
        _indexes.clear()
    index = {name: frozenset(found) for name, found in below.items()}
    _indexes[id(labels)] = (labels, index)
    return index
