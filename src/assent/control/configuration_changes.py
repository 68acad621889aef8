"""What the configuration and the risk model say otherwise than at the last start.

Compared are the people and targets of the store with those that are to be put there, and of
everything else digests: what a section said is not kept, only that it is not the same any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import msgspec

from assent.control.administration import happened
from assent.control.own_target import CANARY
from assent.core.canonical import Json, canonical_bytes
from assent.core.changes import Change, PutConfigured
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.ids import Ids
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.subject import Subject

CONFIGURATION = "configuration"
RISK_MODEL = "risk-model"
_AT_ONCE = 200
_MOST_SECTIONS = 200
_MOST_FIELDS = 100
_LONGEST = 2_000
# Where a target's password comes from is nobody's business who reads the log.
_NOT_SAID = frozenset({"credential"})
_KINDS: Mapping[str, str] = {"people": "person", "targets": "target"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One person or target that is not as it was.

    what: `people` or `targets`. how: `added`, `changed` or `removed`. fields: name, before and
    after of each that differs; None for what was not there, or is not said.
    """

    what: str
    id: str
    name: str
    how: str
    fields: Sequence[tuple[str, Json, Json]] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What the configuration says: all people and targets, and a digest of each key.

    digests: by key, `section.name`, of `people.` and `targets.` one for each of them. model: by
    module of the risk model, a digest of it. version: of this program.
    """

    subjects: Sequence[Subject]
    targets: Sequence[Target]
    digests: Mapping[str, str]
    model: Mapping[str, str] = field(default_factory=dict)
    version: str = ""


async def since_last_start(
    store: Store, said: Said, clock: Clock, ids: Ids
) -> tuple[list[Change], list[Entry]]:
    """Return the entries of what differs, and what the store must remember of it.

    To be called before people and targets are put into the store, and kept with them.
    """
    before = await store.configured(CONFIGURATION)
    model_before = await store.configured(RISK_MODEL)
    found = list(_people(await store.subjects(), said))
    found += _targets(await store.targets(), said, before)
    found += _out_of_sight(found, said, before)
    keys = _keys(before, said.digests) if before else {}
    entries = _entries(found, keys, clock, ids, first=not before)
    if model_before and model_before != dict(said.model):
        entries.append(_model_changed(model_before, said, clock, ids))
    changes: list[Change] = []
    if before != dict(said.digests):
        changes.append(PutConfigured(CONFIGURATION, said.digests))
    if model_before != dict(said.model):
        changes.append(PutConfigured(RISK_MODEL, said.model))
    return changes, entries


def model_digest(modules: Mapping[str, str]) -> str:
    """Return one digest for the digests of all modules."""
    return "sha256:" + sha256(canonical_bytes(dict(modules))).hexdigest()


def _people(before: Iterable[Subject], said: Said) -> Iterator[Difference]:
    known = {one.id: one for one in before}
    for one in said.subjects:
        if one.name == CANARY:
            continue
        is_there = f"people.{one.name}" in said.digests
        for found in _compared("people", known.get(one.id), one):
            yield found if is_there else replace(found, how="removed")


def _targets(
    before: Sequence[Target], said: Said, digests: Mapping[str, str]
) -> Iterator[Difference]:
    known = {one.id: one for one in before}
    for one in said.targets:
        # Who applied a target said so in an entry of its own.
        if not one.applied:
            yield from _compared("targets", known.get(one.id), one)
    names = {one.name for one in said.targets}
    for gone in before:
        if f"targets.{gone.name}" in digests and gone.name not in names:
            yield Difference("targets", gone.id, gone.name, "removed")


def _compared(
    what: str, before: Subject | Target | None, after: Subject | Target
) -> Iterator[Difference]:
    if before is None:
        told = _told(after)
        fields: list[tuple[str, Json, Json]] = [
            (name, None, value) for name, value in told.items() if value
        ]
        yield Difference(what, after.id, after.name, "added", fields)
        return
    if before == after:
        return
    old, new = _told(before), _told(after)
    names = sorted({*old, *new})
    fields = [
        (name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    ]
    yield Difference(what, after.id, after.name, "changed", fields)


def _told(thing: Subject | Target) -> dict[str, Json]:
    """Return what an entry may say of it, by field; of labels each by its column's name."""
    built: dict[str, Json] = msgspec.to_builtins(thing, order="deterministic")
    told: dict[str, Json] = {}
    for name, value in built.items():
        if name in ("id", "name"):
            continue
        if isinstance(value, dict):
            told |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            told[name] = value
    return told


def _out_of_sight(
    found: Sequence[Difference], said: Said, before: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield who differs in what is not told of them: password, addresses, other settings."""
    seen = {(one.what, one.name) for one in found}
    things: dict[str, Sequence[Subject] | Sequence[Target]] = {
        "people": said.subjects,
        "targets": [one for one in said.targets if not one.applied],
    }
    for what, each in things.items():
        for one in each:
            key = f"{what}.{one.name}"
            differs = key in before and before[key] != said.digests.get(key, before[key])
            if differs and (what, one.name) not in seen:
                yield Difference(what, one.id, one.name, "changed")


def _keys(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return how each key differs, but those of people and targets."""
    found = {
        key: "added" if key not in before else "removed" if key not in after else "changed"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    }
    return {key: how for key, how in found.items() if _section(key) not in _KINDS}


def _section(key: str) -> str:
    return key.partition(".")[0].partition("[")[0]


def _entries(
    found: Sequence[Difference], keys: Mapping[str, str], clock: Clock, ids: Ids, *, first: bool
) -> list[Entry]:
    """Return entries that say all of it, each so many things that it stays small."""
    sections = sorted({_section(key) for key in keys} | {one.what for one in found})
    if not found and not keys:
        return []
    parts = [found[start : start + _AT_ONCE] for start in range(0, len(found) or 1, _AT_ONCE)]
    return [
        happened(
            ids,
            EntryKind.CONFIGURATION_CHANGED,
            clock,
            _facts(part, sections, first=first),
            _words(part, {} if number else keys),
        )
        for number, part in enumerate(parts)
    ]


def _facts(part: Sequence[Difference], sections: Sequence[str], *, first: bool) -> dict[str, Json]:
    facts: dict[str, Json] = {"sections": list(sections[:_MOST_SECTIONS])}
    if first:
        facts["first"] = True
    for what in _KINDS:
        ids: dict[str, list[Json]] = {}
        for one in part:
            if one.what == what:
                ids.setdefault(one.how, []).append(one.id)
        if ids:
            facts[what] = {how: list(those) for how, those in ids.items()}
    return facts


def _words(part: Sequence[Difference], keys: Mapping[str, str]) -> dict[str, Json]:
    return {
        "keys": [[key[:_LONGEST], how] for key, how in keys.items()],
        "things": [
            {
                "fields": [
                    [name[:_LONGEST], *(None, None)]
                    if name in _NOT_SAID
                    else [name[:_LONGEST], _short(old), _short(new)]
                    for name, old, new in one.fields[:_MOST_FIELDS]
                ],
                "how": one.how,
                "id": one.id,
                "name": one.name,
                "what": _KINDS[one.what],
            }
            for one in part
        ],
    }


def _short(value: Json) -> Json:
    """Return a value as it is, or the beginning of its text where that is very long."""
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, list | tuple | dict):
        text = msgspec.json.encode(value).decode()
        return text[:_LONGEST] if len(text) > _LONGEST else value
    return value


def _model_changed(before: Mapping[str, str], said: Said, clock: Clock, ids: Ids) -> Entry:
    modules = sorted(
        name for name in {*before, *said.model} if before.get(name) != said.model.get(name)
    )
    facts: dict[str, Json] = {
        "after": model_digest(said.model),
        "before": model_digest(before),
        "modules": list(modules[:_MOST_SECTIONS]),
        "version": said.version,
    }
    return happened(ids, EntryKind.RISK_MODEL_CHANGED, clock, facts)
