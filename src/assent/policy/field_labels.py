"""Labels of what messages are made of: routes, tools, documents, and fields by their paths.

A resource's own name stands as it is, or in quotes where it has a dot, before the path of a field:
`/customers/{id}.email`, `"/v1.2/customers".address.city`. A label on a field is one on all in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assent.content.fields import parts_of, path_of, quoted

_MOST_INDEXES = 16
_NONE: frozenset[str] = frozenset()

Labels = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Index:
    """own: name → labels. below: name → those of all that lies in it. names: of a resource."""

    labels: Labels
    own: Mapping[str, frozenset[str]]
    below: Mapping[str, frozenset[str]]
    names: Mapping[str, tuple[str, ...]]


# By identity of the labels: they are replaced as a whole, and kept here so that none is reused.
_indexes: dict[int, _Index] = {}


def full_name(text: str) -> str:
    """Return the one way of writing a name: without quotes that say nothing."""
    return path_of(parts_of(text))


def field_labels(labels: Labels, name: str, columns: Iterable[str]) -> set[str]:
    """Return the labels of a resource and of these fields of it; `*` is every field."""
    index = _index_of(labels)
    resource = quoted(name)
    found = set(labels.get(name, _NONE) | index.own.get(resource, _NONE))
    for column in columns:
        if column == "*":
            found |= index.below.get(resource, _NONE)
            continue
        parts = parts_of(column)
        for count in range(1, len(parts) + 1):
            found |= index.own.get(f"{resource}.{path_of(parts[:count])}", _NONE)
        # Who touches a whole object touches what is in it.
        found |= index.below.get(f"{resource}.{column}", _NONE)
    return found


def names_of(labels: Labels, name: str) -> tuple[str, ...]:
    """Return what labels of a resource and of its fields are put on, as it is written."""
    return _index_of(labels).names.get(quoted(name), ())


def _index_of(labels: Labels) -> _Index:
    kept = _indexes.get(id(labels))
    if kept is None:
        if len(_indexes) >= _MOST_INDEXES:
            _indexes.clear()
        kept = _indexes[id(labels)] = _made(labels)
    return kept


def _made(labels: Labels) -> _Index:
    own: dict[str, frozenset[str]] = {}
    below: dict[str, set[str]] = {}
    names: dict[str, list[str]] = {}
    for written, given in labels.items():
        parts = parts_of(written)
        full = path_of(parts)
        own[full] = own.get(full, _NONE) | given
        for count in range(1, len(parts)):
            below.setdefault(path_of(parts[:count]), set()).update(given)
        if parts:
            names.setdefault(quoted(parts[0]), []).append(written)
    return _Index(
        labels,
        own,
        {name: frozenset(found) for name, found in below.items()},
        {name: tuple(found) for name, found in names.items()},
    )
