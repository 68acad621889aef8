"""Which columns of a target are masked, and how, by the masks of a permit and the labels of now."""

from collections.abc import Iterator, Mapping

from assent.core.action import Action, Touch
from assent.core.decision import Permit
from assent.core.enforcement import MaskHow
from assent.core.evidence import Evidence
from assent.core.resource import Target
from assent.policy.labels import above, parts_of, quoted, with_ancestors
from assent.policy.mask_entries import MaskEntry, parse_masks, strictest

_MOST_KEPT = 64
_MOST_FOUND = 100_000
_COLUMN_LEVELS = 3
# By what the touch says of how it came to be: the one it names shares its columns with the touch.
_RELATIVES = ("partition of ", "partition ", "inherits ")


class Masks(Mapping[str, MaskHow]):
    """Full name of a column, or `table.*` → how it is masked.

    What lies in something masked is found as well, though only what was labelled is counted
    and gone through. within: what names begin with that are asked for without it.
    """

    __slots__ = ("_columns", "_database", "_exact", "_found", "_within")

    def __init__(self, exact: Mapping[str, MaskHow], database: str, within: str = "") -> None:
        self._exact = exact
        self._database = database
        self._within = within
        self._found: dict[str, MaskHow | None] = {}
        self._columns: dict[str, tuple[str, ...]] | None = None

    def __getitem__(self, name: str) -> MaskHow:
        how = self.how(name)
        if how is None:
            raise KeyError(name)
        return how

    def __iter__(self) -> Iterator[str]:
        for name in self._exact:
            if name.startswith(self._within):
                yield name[len(self._within) :]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return bool(self._exact)

    def how(self, name: str) -> MaskHow | None:
        """Return how a column is masked, None when it is not."""
        if name not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[name] = self._at(self._within + name, _COLUMN_LEVELS)
        return self._found[name]

    def how_table(self, name: str) -> MaskHow | None:
        """Return how every column of a table is masked, None when not all of them are."""
        return self._at(self._within + name, _COLUMN_LEVELS - 1)

    def columns(self, table: str) -> tuple[str, ...]:
        """Return those columns of a table that are masked by their own name, without it."""
        if self._columns is None:
            below: dict[str, list[str]] = {}
            for name in self._exact:
                *place, column = parts_of(name)
                below.setdefault(".".join(place), []).append(column)
            self._columns = {place: tuple(columns) for place, columns in below.items()}
        return self._columns.get(self._within + table, ())

    def _at(self, full: str, levels: int) -> MaskHow | None:
        exact = self._exact
        places = (full, *above(full, levels, self._database))
        return strictest(exact[place] for place in places if place in exact)

    def inside(self, prefix: str) -> "Masks":
        """Return the same masks for names that are written without this prefix."""
        return Masks(self._exact, self._database, prefix) if prefix else self

    def also(self, more: Mapping[str, MaskHow]) -> "Masks":
        """Return these masks and more of them; the stricter one where both are of one column."""
        if not more:
            return self
        exact = dict(self._exact)
        for name, how in more.items():
            exact[name] = strictest((how, exact.get(name, how))) or how
        return Masks(exact, self._database, self._within)


_NONE = Masks({}, "")
_Key = tuple[int, tuple[str, ...], str]
_kept: dict[_Key, tuple[Mapping[str, frozenset[str]], Masks]] = {}


def masks_of(permit: Permit, target: Target | None) -> Masks:
    """Return the masks that a permit obliges to, on this target's labels.

    Kept by the labels' identity: they are replaced as a whole when any of them changes.
    """
    words = tuple(item.value for item in permit.obligations if item.name == "mask")
    if not words or target is None:
        return _NONE
    key = (id(target.labels), words, target.database)
    kept = _kept.get(key)
    if kept is not None:
        return kept[1]
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    entries = [entry for text in words for entry in parse_masks(text)]
    masks = Masks(_exact(entries, target.labels), target.database)
    _kept[key] = (target.labels, masks)
    return masks


def masks_for(permit: Permit, action: Action, evidence: Evidence) -> Masks:
    """Return the masks in force for one action.

    A partition's columns are those of its table: a label on either masks both, whichever of
    them the text names.
    """
    masks = masks_of(permit, evidence.target)
    if not masks:
        return masks
    more: dict[str, MaskHow] = {}
    for touch in action.touches:
        relative = _relative(touch.through)
        shared = _shared(masks, touch) if relative else {}
        if not shared:
            continue
        for other in action.touches:
            name = other.resource.name
            if name == relative or name.endswith("." + relative):
                more |= {f"{name}{place}": how for place, how in shared.items()}
    return masks.also(more)


def _shared(masks: Masks, touch: Touch) -> dict[str, MaskHow]:
    """Return what of a table's masks holds for its partitions: `.email`, or empty for all of it."""
    table = touch.resource.name
    columns = {quoted(column) for column in touch.columns - {"*"}}
    if "*" in touch.columns:
        columns.update(masks.columns(table), "*")
    shared = {f".{column}": masks.how(f"{table}.{column}") for column in columns}
    shared[""] = masks.how_table(table)
    return {place: how for place, how in shared.items() if how is not None}


def _relative(through: str) -> str:
    return next((through[len(how) :] for how in _RELATIVES if through.startswith(how)), "")


def _exact(entries: list[MaskEntry], labels: Mapping[str, frozenset[str]]) -> dict[str, MaskHow]:
    exact = {
        entry.what: entry.how for entry in entries if len(parts_of(entry.what)) >= _COLUMN_LEVELS
    }
    by_labels: dict[frozenset[str], MaskHow | None] = {}
    for name, given in labels.items():
        if given not in by_labels:
            known = with_ancestors(given)
            by_labels[given] = strictest(entry.how for entry in entries if entry.what in known)
        how = by_labels[given]
        if how is not None:
            exact[name] = strictest((how, exact.get(name, how))) or how
    # Every column at once is masked as that one of them is that is masked most.
    for name, how in tuple(exact.items()):
        table = ".".join(parts_of(name)[:-1])
        if table:
            star = table + ".*"
            exact[star] = strictest((how, exact.get(star, how))) or how
    return exact
