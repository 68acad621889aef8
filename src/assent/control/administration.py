"""People and targets as configuration describes them, given the ids that they keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.canonical import Json
from assent.core.changes import Change, PutSubject, PutTarget
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, Ids, SubjectId, TargetId
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.subject import Subject

CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as configuration names them. password_hash: None when they cannot sign in."""

    name: str
    display_name: str
    groups: frozenset[str]
    disabled: bool
    password_hash: Secret[str] | None
    since: datetime | None = None
    time_zone: str = ""
    verified: bool = True
    verified_by: str = ""
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TargetDescription:
    """A target as configuration describes it; see `core.resource.Target`."""

    name: str
    protocol: str
    host: str
    port: int
    database: str
    user: str
    credential: str
    environment: str
    tls: str
    certificate_authority: str
    owners: frozenset[str]
    labels: Mapping[str, frozenset[str]]
    search_path: tuple[str, ...]
    databases: tuple[str, ...] = ()
    estimate: str = "all"
    count_exactly: bool = False
    without_catalogue: bool = False
    longest_grant_s: int | None = None
    options: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


async def people_and_targets(
    store: Store,
    people: Sequence[Person],
    targets: Sequence[TargetDescription],
    ids: Ids,
) -> tuple[list[Subject], list[Target], list[Change]]:
    """Return the subjects and targets with their ids, and what the store must be told.

    A name keeps its id for ever. Whoever is gone from configuration stays, disabled: the log
    still names them. Whoever somebody else describes stays as they are.
    """
    changes: list[Change] = []
    known = {subject.name: subject for subject in await store.subjects()}
    subjects: dict[str, Subject] = {}
    for person in people:
        before = known.get(person.name)
        subject = Subject(
            id=before.id if before else SubjectId(ids.mint("subject")),
            name=person.name,
            display_name=person.display_name or person.name,
            groups=person.groups,
            disabled=person.disabled,
            since=person.since,
            time_zone=person.time_zone,
            verified=person.verified,
            verified_by=person.verified_by,
            verified_at=person.verified_at,
            # What an administrator stopped stays so, whatever is written here.
            suspended=before is not None and before.suspended,
        )
        subjects[person.name] = subject
        hashed = person.password_hash.reveal() if person.password_hash else None
        changes.append(PutSubject(subject, hashed))
    for name, gone in known.items():
        if name not in subjects and gone.source != CONFIGURATION:
            subjects[name] = gone
        elif name not in subjects:
            subjects[name] = Subject(
                gone.id,
                name,
                gone.kind,
                gone.display_name,
                disabled=True,
                suspended=gone.suspended,
            )
            changes.append(PutSubject(subjects[name]))
    found, put = targets_in_force(await store.targets(), targets, ids)
    changes.extend(PutTarget(target) for target in put)
    return list(subjects.values()), found, changes


def targets_in_force(
    kept: Sequence[Target], described: Sequence[TargetDescription], ids: Ids
) -> tuple[list[Target], list[Target]]:
    """Return all targets, and those of them that the store must be told.

    What somebody applied stays as it is, retired ones too, whatever configuration says of that
    name: it is only where things begin.
    """
    standing = {target.name: target for target in kept}
    applied = [target for target in kept if target.applied]
    put = []
    for one in described:
        before = standing.get(one.name)
        if before is None or not before.applied:
            put.append(as_target(one, before.id if before else TargetId(ids.mint("target"))))
    return [*put, *applied], put


def happened(
    ids: Ids,
    kind: EntryKind,
    clock: Clock,
    facts: Mapping[str, Json] | None = None,
    payload: Mapping[str, Json] | None = None,
) -> Entry:
    """Return the entry that says the server itself did something."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=kind,
        at=clock.now(),
        facts=facts or {},
        payload=payload,
    )


def as_target(described: TargetDescription, target: TargetId) -> Target:
    """Return a target as it was described, with its id."""
    return Target(
        id=target,
        name=described.name,
        protocol=described.protocol,
        host=described.host,
        port=described.port,
        database=described.database,
        user=described.user,
        credential=described.credential,
        environment=described.environment,
        tls=described.tls,
        certificate_authority=described.certificate_authority,
        owners=described.owners,
        labels=described.labels,
        search_path=described.search_path,
        databases=described.databases,
        estimate=described.estimate,
        count_exactly=described.count_exactly,
        without_catalogue=described.without_catalogue,
        longest_grant_s=described.longest_grant_s,
        options=described.options,
    )
