"""Which columns of a target are masked, and how, by the masks of a permit and the labels of now."""

from collections.abc import Iterator, Mapping

from assent.core.action import Action, Touch
from assent.core.decision import Permit
from assent.core.enforcement import MaskHow
from assent.core.evidence import Evidence
from assent.core.resource import Target
from assent.policy.field_labels import full_name
from assent.policy.labels import above, parts_of, quoted, with_ancestors
from assent.policy.mask_entries import MaskEntry, parse_masks, strictest

_MOST_KEPT = 64
_MOST_FOUND = 100_000
_TABLE_LEVELS, _COLUMN_LEVELS = 2, 3
# By what the touch says of how it came to be: the one it names shares its columns with the touch.
_RELATIVES = ("partition of ", "partition ", "inherits ", "inherited by ")


class Masks(Mapping[str, MaskHow]):
    """Full name of a column, or `table.*` for all of a table, → how it is masked.

    Asked for a name it also looks at what that lies in; asked for `table.*`, at each of its
    columns. Gone through, it gives columns, and tables of which every column is masked.
    within: what the names of one database begin with here, and are asked for without. levels: how
    many parts the name of a table has: one, where it is a route or a tool and its columns are the
    fields of messages.
    """

    __slots__ = (
        "_base", "_columns", "_database", "_derived", "_exact", "_found", "_levels", "_stars",
        "_within",
    )  # fmt: skip

    def __init__(
        self,
        exact: Mapping[str, MaskHow],
        database: str,
        within: str = "",
        base: "Masks | None" = None,
        levels: int = _TABLE_LEVELS,
    ) -> None:
        self._levels = levels
        self._exact = exact
        self._database = database
        self._within = within
        self._base = base
        self._found: dict[str, MaskHow | None] = {}
        self._derived: dict[object, Masks] = {}
        self._stars: dict[str, MaskHow] = {}
        self._columns: dict[str, list[str]] = {}
        for name, how in exact.items():
            *place, column = parts_of(name)
            table = ".".join(place)
            for star in self._stars_above(place):
                self._stars[star] = strictest((how, self._stars.get(star, how))) or how
            self._columns.setdefault(table, []).append(column)

    def __getitem__(self, name: str) -> MaskHow:
        how = self.how(name)
        if how is None:
            raise KeyError(name)
        return how

    def __iter__(self) -> Iterator[str]:
        own = (name[len(self._within) :] for name in self._exact if name.startswith(self._within))
        shown = [f"{name}.*" if len(parts_of(name)) == self._levels else name for name in own]
        return iter(dict.fromkeys((*(self._base or ()), *shown)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return bool(self._exact) or bool(self._base)

    def how(self, name: str) -> MaskHow | None:
        """Return how a column is masked, None when it is not."""
        if name not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            full = self._within + name
            before = self._base.how(name) if self._base is not None else None
            hows = (self._at(full, self._levels + 1), self._stars.get(full), before)
            self._found[name] = strictest(how for how in hows if how is not None)
        return self._found[name]

    def how_table(self, name: str) -> MaskHow | None:
        """Return how every column of a table is masked, None when not all of them are."""
        before = self._base.how_table(name) if self._base is not None else None
        hows = (self._at(self._within + name, self._levels), before)
        return strictest(how for how in hows if how is not None)

    def columns(self, table: str) -> tuple[str, ...]:
        """Return those columns of a table that are masked by their own name, without it."""
        before = self._base.columns(table) if self._base is not None else ()
        return (*before, *self._columns.get(self._within + table, ()))

    def inside(self, prefix: str) -> "Masks":
        """Return the same masks for names that are written without this prefix."""
        if not prefix:
            return self
        base = self._base.inside(prefix) if self._base is not None else None
        return self._derive(prefix, Masks(self._exact, self._database, prefix, base, self._levels))

    def also(self, more: Mapping[str, MaskHow]) -> "Masks":
        """Return these masks and more of them; the stricter one where both are of one column."""
        new = {name: how for name, how in more.items() if self._exact.get(name) is not how}
        if not new:
            return self
        more_of_them = Masks(new, self._database, self._within, self, self._levels)
        return self._derive(frozenset(new.items()), more_of_them)

    def _stars_above(self, place: list[str]) -> list[str]:
        """Return what asks for all of that something lies in: its table; of a field, all above."""
        first = 1 if self._levels == 1 else len(place)
        return [".".join(place[:count]) + ".*" for count in range(first, len(place) + 1)]

    def _derive(self, key: object, made: "Masks") -> "Masks":
        """Return the same masks for the same key: others keep what they made of them."""
        if key not in self._derived:
            if len(self._derived) >= _MOST_KEPT:
                self._derived.clear()
            self._derived[key] = made
        return self._derived[key]

    def _at(self, full: str, levels: int) -> MaskHow | None:
        exact = self._exact
        places = (full, *above(full, levels, self._database))
        return strictest(exact[place] for place in places if place in exact)


_NONE = Masks({}, "")
_Key = tuple[int, tuple[str, ...], str, str]
_kept: dict[_Key, tuple[Mapping[str, frozenset[str]], Masks]] = {}


def masks_of(permit: Permit, target: Target | None) -> Masks:
    """Return the masks that a permit obliges to, on this target's labels.

    Kept by the labels' identity: they are replaced as a whole when any of them changes.
    """
    words = tuple(item.value for item in permit.obligations if item.name == "mask")
    if not words or target is None:
        return _NONE
    key = (id(target.labels), words, target.database, target.protocol)
    kept = _kept.get(key)
    if kept is not None:
        return kept[1]
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    entries = [entry for text in words for entry in parse_masks(text)]
    if target.protocol == "postgres":
        masks = Masks(_exact(entries, target.labels), target.database)
    else:
        masks = Masks(_exact_fields(entries, target.labels), "", levels=1)
    _kept[key] = (target.labels, masks)
    return masks


def masks_for(permit: Permit, action: Action, evidence: Evidence) -> Masks:
    """Return the masks in force for one action.

    A partition's columns are those of its table: a label on either masks both, whichever of
    them the text names. Tables that are touched and lie in something masked are named as such,
    so that who goes through the masks finds them.
    """
    masks = masks_of(permit, evidence.target)
    if not masks:
        return masks
    more: dict[str, MaskHow] = {}
    for touch in action.touches:
        name = touch.resource.name
        how = masks.how_table(name) if touch.resource.kind == "Table" else None
        if how is not None:
            more[name] = how
        relative = _relative(touch.through)
        shared = _shared(masks, touch) if relative else {}
        if not shared:
            continue
        for other in action.touches:
            name = other.resource.name
            if name == relative or name.endswith("." + relative):
                for place, of_place in shared.items():
                    before = more.get(f"{name}{place}", of_place)
                    more[f"{name}{place}"] = strictest((of_place, before)) or of_place
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
    return _with_labels(exact, entries, labels)


def _exact_fields(
    entries: list[MaskEntry], labels: Mapping[str, frozenset[str]]
) -> dict[str, MaskHow]:
    """Return it for fields of messages: a name with a dot may be a field, or a label, or both."""
    exact = {
        full_name(entry.what): entry.how
        for entry in entries
        if len(parts_of(entry.what)) > 1 or entry.what.lstrip('"').startswith("/")
    }
    merged: dict[str, frozenset[str]] = {}
    for name, given in labels.items():
        full = full_name(name)
        merged[full] = merged.get(full, frozenset()) | given
    return _with_labels(exact, entries, merged)


def _with_labels(
    exact: dict[str, MaskHow], entries: list[MaskEntry], labels: Mapping[str, frozenset[str]]
) -> dict[str, MaskHow]:
    by_labels: dict[frozenset[str], MaskHow | None] = {}
    for name, given in labels.items():
        if given not in by_labels:
            known = with_ancestors(given)
            by_labels[given] = strictest(entry.how for entry in entries if entry.what in known)
        how = by_labels[given]
        if how is not None:
            exact[name] = strictest((how, exact.get(name, how))) or how
    return exact
