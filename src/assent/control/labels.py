"""Labels in force: what the configuration says, what its rules find, what people approved."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from assent.content.column_rules import ColumnRules
from assent.control.directory import Directory
from assent.control.sign_in import Caller
from assent.core.changes import PutLabel
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids, SubjectId, TargetId
from assent.core.label import Label, LabelSource, LabelState
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.subject import SubjectKind
from assent.policy.labels import quoted

MOST_SHOWN = 10_000

Named: TypeAlias = Mapping[str, frozenset[str]]

_NONE: frozenset[str] = frozenset()
_ORDER = {LabelState.SUGGESTED: 0, LabelState.APPROVED: 1, LabelState.REJECTED: 2}


class Labels:
    """Keeps what every target is labelled as, and puts it into the directory."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        clock: Clock,
        ids: Ids,
        rules: ColumnRules | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._rules = rules or ColumnRules()
        self._by_hand: dict[TargetId, Named] = {}
        self._by_rule: dict[TargetId, dict[str, Named]] = {}
        self._kept: dict[TargetId, dict[tuple[str, str], Label]] = {}
        self._changed: list[Callable[[TargetId], None]] = []

    def when_changed(self, tell: Callable[[TargetId], None]) -> None:
        """Call `tell` whenever a target is labelled otherwise than before."""
        self._changed.append(tell)

    async def recover(self) -> None:
        """Begin with the directory's targets as configured, and with what people decided."""
        targets = self._directory.targets()
        self._by_hand = {target.id: target.labels for target in targets}
        self._kept = {}
        for label in await self._store.labels():
            self._take_up(label)
        for target in targets:
            self._apply(target.id)

    def configured(self, target: Target) -> None:
        """Take up what is said by hand of a target that was put in force now."""
        self._by_hand[target.id] = target.labels
        self._apply(target.id)

    def catalogue_read(
        self, target_id: TargetId, database: str, columns: Iterable[tuple[str, Sequence[str]]]
    ) -> None:
        """Apply the rules to the columns of a database; again whenever they have changed.

        columns: full names of tables in it, such as `public.orders`, each with its columns.
        """
        target = self._directory.target(target_id)
        by_hand = self._by_hand.get(target_id, {})
        prefix = "" if database == target.database else f"{quoted(database)}."
        found: dict[str, frozenset[str]] = {}
        for table, names in columns:
            for column, labels in self._rules.of(table, names).items():
                name = f"{prefix}{table}.{quoted(column)}"
                # An empty list by hand says that what a rule finds is wrong here.
                said = by_hand.get(name, by_hand.get(f"{prefix}{table}.{column}"))
                if said is None or said:
                    found[name] = labels
        kept = self._by_rule.setdefault(target_id, {})
        if kept.get(database, {}) != found:
            kept[database] = found
            self._apply(target_id)

    def of(self, target_id: TargetId) -> Named:
        """Return the labels in force on a target: full name → labels."""
        merged: dict[str, frozenset[str]] = dict(self._by_hand.get(target_id, {}))
        for found in self._by_rule.get(target_id, {}).values():
            for name, labels in found.items():
                merged[name] = merged.get(name, _NONE) | labels
        for label in self._kept.get(target_id, {}).values():
            if label.state is LabelState.APPROVED:
                merged[label.name] = merged.get(label.name, _NONE) | {label.label}
        return merged

    def seen(self, caller: Caller, target_name: str) -> Target:
        """Return the target, for its owners and those who oversee.

        Raises MissingFault, ForbiddenFault.
        """
        target = self._directory.target_named(target_name)
        if target is None:
            words = f"there is no target `{target_name[:80]}`; see `assent targets`"
            raise MissingFault("no-such-target", words)
        if not caller.oversees:
            must_own(caller, target)
        return target

    def list(self, caller: Caller, target_name: str) -> Sequence[Label]:
        """Return all that is said of a target: suggestions first, then by name.

        Raises MissingFault, ForbiddenFault.
        """
        target = self.seen(caller, target_name)
        named = [(self._by_hand.get(target.id, {}), LabelSource.HAND)]
        named += [(found, LabelSource.RULE) for found in self._by_rule.get(target.id, {}).values()]
        labels = [
            Label(target.id, name, label, LabelState.APPROVED, source)
            for labelled, source in named
            for name, of_name in labelled.items()
            for label in of_name
        ]
        labels += self._kept.get(target.id, {}).values()
        labels.sort(key=lambda label: (_ORDER[label.state], label.name, label.label, label.source))
        return labels[:MOST_SHOWN]

    async def suggest(self, label: Label) -> bool:
        """Keep a suggestion; return whether it is a new one.

        What is in force or was decided before is not suggested. Raises ConflictFault.
        """
        in_force = self._directory.target(label.target).labels
        before = self._kept.get(label.target, {}).get((label.name, label.label))
        if label.label in in_force.get(label.name, _NONE) or (
            before is not None and before.state is not LabelState.SUGGESTED
        ):
            return False
        await self._put(label, before, EntryKind.LABEL_SUGGESTED, label.by)
        return before is None

    async def decide(
        self, caller: Caller, target_name: str, name: str, label: str, state: LabelState
    ) -> Label:
        """Approve or reject what was suggested; it takes effect at once.

        Only a person who owns the target may. A decision may be changed later.
        Raises MissingFault, ForbiddenFault, ConflictFault.
        """
        target = self.seen(caller, target_name)
        must_own(caller, target)
        if caller.subject.kind is not SubjectKind.HUMAN:
            raise ForbiddenFault("not-a-person", "only a person decides what data is labelled as")
        before = self._kept.get(target.id, {}).get((name, label))
        if before is None:
            what = f"`{label[:80]}` was not suggested for `{name[:80]}`"
            hint = f"see `assent labels list {target.name}`, or label it in the configuration"
            raise MissingFault("no-such-label", f"{what}; {hint}")
        if before.state is state:
            raise ConflictFault("decided-already", f"it is {state.value} already")
        after = replace(before, state=state, at=self._clock.now(), by=caller.subject.id)
        await self._put(after, before, EntryKind.LABEL_DECIDED, caller.subject.id)
        self._apply(target.id)
        return after

    async def _put(
        self, label: Label, before: Label | None, kind: EntryKind, by: SubjectId | None
    ) -> None:
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=self._clock.now(),
            subject=by,
            target=label.target,
            facts={
                "matched": label.matched,
                "sampled": label.sampled,
                "source": label.source.value,
                "state": label.state.value,
            },
            payload={"label": label.label, "name": label.name},
        )
        await self._store.commit((PutLabel(label, before.state if before else None),), (entry,))
        self._take_up(label)

    def _take_up(self, label: Label) -> None:
        self._kept.setdefault(label.target, {})[label.name, label.label] = label

    def _apply(self, target_id: TargetId) -> None:
        """Put what is in force into the directory, and tell if that is anything new."""
        target = self._directory.target(target_id)
        labels = self.of(target_id)
        if labels != target.labels:
            self._directory.put_target(replace(target, labels=labels))
            for tell in self._changed:
                tell(target_id)


def must_own(caller: Caller, target: Target) -> None:
    """Raise ForbiddenFault unless the person is in a group that owns the target."""
    if caller.subject.groups.isdisjoint(target.owners):
        owners = ", ".join(f"`{group}`" for group in sorted(target.owners)) or "nobody"
        raise ForbiddenFault("not-yours", f"only an owner of `{target.name}` may: {owners}")
