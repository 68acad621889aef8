"""Who an identity provider puts here by SCIM: people, their groups, roles and managers.

The provider's resources are kept as it said them; what they mean here is worked out from all of
them, and each person that it means something else for is put anew. A person is never deleted: the
log names them. Whoever is deleted or inactive there is disabled here.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assent.control.directory import Directory
from assent.control.people import People
from assent.core.authenticator import ExternalIdentity, ProvisionedGroup
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, OutsideFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import (
    DropExternalIdentity,
    DropProvisionedGroup,
    PutExternalIdentity,
    PutProvisionedGroup,
)
from assent.core.ports import Store
from assent.core.role import Role
from assent.core.subject import Subject

SOURCE = "scim"
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_MOST_MANAGERS = 20
_MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the provider describes them. manager: the resource of theirs, or empty.

    roles: words of the provider's, of which the configuration says what they are here.
    """

    name: str
    display_name: str = ""
    email: str = ""
    time_zone: str = ""
    active: bool = True
    roles: frozenset[str] = frozenset()
    manager: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group as the provider describes it. members: resources of people."""

    name: str
    members: frozenset[str] = frozenset()


class UnfinishedFault(OutsideFault):
    """What was said is kept, and does not count for everybody yet."""


@dataclass(slots=True)
class _Known:
    """What the provider said, by resource."""

    people: dict[str, tuple[SubjectId, Person]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    in_groups: dict[str, set[str]] = field(default_factory=dict)


class Provisioning:
    """Puts what the provider says into force. Whoever calls it does so one at a time.

    groups: display name there → group here. roles: a word of theirs, or a display name → role.
    """

    def __init__(
        self, *, store: Store, directory: Directory, people: People, clock: Clock, ids: Ids
    ) -> None:
        self.groups: Mapping[str, str] = {}
        self.roles: Mapping[str, Role] = {}
        self._store = store
        self._directory = directory
        self._people = people
        self._clock = clock
        self._ids = ids
        self._known = _Known()
        self._unsettled: set[str] = set()

    async def kept(self) -> tuple[list[ExternalIdentity], list[ProvisionedGroup]]:
        """Return all resources as they are kept."""
        people = await self._store.external_identities(SOURCE)
        return [*people], [*await self._store.provisioned_groups()]

    async def take_up(
        self, people: Mapping[str, tuple[SubjectId, Person]], groups: Mapping[str, Group]
    ) -> None:
        """Begin with what was said before, and finish what was cut short then."""
        self._known = _Known(people={**people})
        for resource, group in groups.items():
            self._remember(resource, group)
        self._unsettled.update(people)
        await self.finish(None)

    async def put_person(
        self, resource: str, person: Person, body: str, by: SubjectId | None
    ) -> None:
        """Put somebody. body: the resource, canonical JSON. Raises ConflictFault."""
        if not _NAME.fullmatch(person.name):
            words = f"`{person.name[:80]}` must be 1 to 63 of letters, digits and `.-_@`"
            raise ConflictFault("bad-name", words)
        before = self._known.people.get(resource)
        subject = self._subject(before, person)
        if before is None or before[1].active != person.active:
            # Whom an administrator disabled here comes back only if the provider means it.
            subject = replace(subject, disabled=not person.active)
        known = (subject.id, person)
        subject = self._described(resource, known, subject)
        identity = ExternalIdentity(SOURCE, resource, subject.id, self._clock.now(), body)
        await self._people.put(subject, by, with_changes=(PutExternalIdentity(identity),))
        self._known.people[resource] = known
        if before is None or before[1].manager != person.manager:
            # It may be in the line of others.
            self._unsettled.update(self._known.people)
        await self.finish(by)

    async def remove_person(self, resource: str, by: SubjectId | None) -> None:
        """Disable somebody whom the provider deleted; their groups and roles go, too."""
        subject, _ = self._known.people[resource]
        now = replace(
            self._directory.subject(subject),
            disabled=True,
            groups=frozenset(),
            roles=frozenset(),
            reports_to=(),
        )
        gone: Change = DropExternalIdentity(SOURCE, resource)
        await self._people.put(now, by, with_changes=(gone,))
        del self._known.people[resource]
        self._unsettled.discard(resource)
        if any(one.manager == resource for _, one in self._known.people.values()):
            self._unsettled.update(self._known.people)
            await self.finish(by)

    async def put_group(self, resource: str, group: Group, body: str, by: SubjectId | None) -> None:
        """Put a group; its members are in it from now on, and nobody else. Raises ConflictFault."""
        before = self._known.groups.get(resource, Group(""))
        name = self._group_here(group.name)
        kept = ProvisionedGroup(resource, name, self._clock.now(), body)
        entries = () if before == group else (self._entry(resource, group, by, deleted=False),)
        await self._store.commit((PutProvisionedGroup(kept),), entries)
        self._forget(resource)
        self._remember(resource, group)
        changed = before.members ^ group.members
        self._unsettled |= changed if before.name == group.name else before.members | group.members
        await self.finish(by)

    async def remove_group(self, resource: str, by: SubjectId | None) -> None:
        """Remove a group; nobody is in it any more."""
        group = self._known.groups[resource]
        entry = self._entry(resource, group, by, deleted=True)
        await self._store.commit((DropProvisionedGroup(resource),), (entry,))
        self._forget(resource)
        self._unsettled |= group.members
        await self.finish(by)

    async def finish(self, by: SubjectId | None) -> None:
        """Put everybody for whom something else follows than before. Raises UnfinishedFault.

        Who is not put because the store is away stays due until this is called again.
        """
        try:
            await self._settle(by)
        except OutsideFault as fault:
            words = "it is kept, but does not count for everybody yet; send it again"
            raise UnfinishedFault("provisioning-unfinished", words) from fault

    async def _settle(self, by: SubjectId | None) -> None:
        while due := self._due():
            waiting = [asyncio.ensure_future(self._people.put(one, by)) for _, one in due]
            await asyncio.gather(*waiting, return_exceptions=True)
            for (resource, _), done in zip(due, waiting, strict=True):
                done.result()
                self._unsettled.discard(resource)

    def _due(self) -> list[tuple[str, Subject]]:
        found = []
        for resource in sorted(self._unsettled):
            known = self._known.people.get(resource)
            if known is None:
                self._unsettled.discard(resource)
                continue
            before = self._directory.said(known[0])
            now = self._described(resource, known, before)
            if now == before:
                self._unsettled.discard(resource)
            else:
                found.append((resource, now))
            if len(found) >= _MOST_AT_ONCE:
                break
        return found

    def _subject(self, before: tuple[SubjectId, Person] | None, person: Person) -> Subject:
        """Return who that is: as before, somebody of this name who left, or somebody new."""
        if before is not None:
            return self._directory.said(before[0])
        same = self._directory.subject_named(person.name)
        present = {subject for subject, _ in self._known.people.values()}
        if same is not None and same.source == SOURCE and same.id not in present:
            return self._directory.said(same.id)
        now = self._clock.now()
        return Subject(self._people.new_id(), person.name, source=SOURCE, since=now)

    def _described(
        self, resource: str, known: tuple[SubjectId, Person], subject: Subject
    ) -> Subject:
        person = known[1]
        groups = {self._known.groups[one].name for one in self._known.in_groups.get(resource, ())}
        words = person.roles | groups
        return replace(
            subject,
            name=person.name,
            display_name=person.display_name or person.name,
            email=person.email,
            time_zone=person.time_zone,
            groups=frozenset(self._group_here(name) for name in groups),
            roles=frozenset(self.roles[word] for word in words if word in self.roles),
            reports_to=tuple(self._line(resource, person)),
        )

    def _line(self, resource: str, person: Person) -> Iterable[SubjectId]:
        """Return the manager, that one's manager, and so on."""
        seen, manager = {resource}, person.manager
        while manager not in seen and len(seen) <= _MOST_MANAGERS:
            known = self._known.people.get(manager)
            if known is None:
                return
            yield known[0]
            seen.add(manager)
            manager = known[1].manager

    def _group_here(self, name: str) -> str:
        return self.groups.get(name, name)

    def _remember(self, resource: str, group: Group) -> None:
        self._known.groups[resource] = group
        for member in group.members:
            self._known.in_groups.setdefault(member, set()).add(resource)

    def _forget(self, resource: str) -> None:
        group = self._known.groups.pop(resource, Group(""))
        for member in group.members:
            in_groups = self._known.in_groups.get(member, set())
            in_groups.discard(resource)
            if not in_groups:
                self._known.in_groups.pop(member, None)

    def _entry(self, resource: str, group: Group, by: SubjectId | None, *, deleted: bool) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.GROUP_CHANGED,
            at=self._clock.now(),
            subject=by,
            facts={
                "about": resource,
                "deleted": deleted,
                "members": 0 if deleted else len(group.members),
            },
            payload={"group": self._group_here(group.name), "name": group.name},
        )
