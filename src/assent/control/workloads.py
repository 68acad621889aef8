"""Service accounts and agents: subjects that are no people, and the people who answer for them.

An agent acts for one person, is never in a group that this person is not in, and never assents to
anything. A service account belongs to somebody. Both end with the person they belong to.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from assent.control.at_a_browser import signed_in_themself
from assent.control.directory import Directory
from assent.control.people import People
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import SubjectId
from assent.core.ports import Store
from assent.core.role import Permission, Role
from assent.core.subject import Subject, SubjectKind

LOCAL = "local"
MOST_EACH = 20
"""Agents and service accounts of one person that are not disabled."""
LONGEST_TASK = 500
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_MOST_GROUPS = 100


class Workloads:
    """Makes agents and service accounts, lists them, and disables them."""

    def __init__(self, *, store: Store, people: People, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._people = people
        self._directory = directory
        self._clock = clock

    async def make_agent(
        self,
        caller: Caller,
        name: str,
        task: str,
        *,
        person: str = "",
        groups: frozenset[str] | None = None,
    ) -> Subject:
        """Return a new agent. person: for whom it acts, empty for the caller.

        groups: of those that the person is in; None for all that give no role. Raises
        ForbiddenFault (somebody else's, by a program), MissingFault, ConflictFault.
        """
        behind = await self._answering(caller, person)
        asked = self._without_roles(behind) if groups is None else groups
        beyond = sorted(asked - behind.groups)
        if beyond:
            words = f"`{behind.name}` is not in `{beyond[0][:80]}`, so no agent of theirs is"
            raise ConflictFault("not-their-group", words)
        return await self._make(caller, SubjectKind.AGENT, name, asked, task, behind)

    async def make_service_account(
        self,
        caller: Caller,
        name: str,
        task: str,
        *,
        owner: str = "",
        groups: frozenset[str] = frozenset(),
    ) -> Subject:
        """Return a new service account. owner: who answers for it, empty for the caller.

        Raises ForbiddenFault for whoever is no administrator, MissingFault, ConflictFault.
        """
        caller.check(Permission.CHANGE_PEOPLE)
        answering = await self._answering(caller, owner)
        return await self._make(caller, SubjectKind.WORKLOAD, name, groups, task, answering)

    def listing(self, caller: Caller, kind: SubjectKind) -> Sequence[Subject]:
        """Return those of a kind that the caller answers for, or all for who sees people."""
        everybody = caller.may(Permission.READ_PEOPLE)
        found = [
            one
            for one in self._directory.subjects()
            if one.kind is kind and (everybody or _belongs(one, caller.subject.id))
        ]
        return sorted(found, key=lambda one: one.name)

    def get(self, caller: Caller, kind: SubjectKind, name: str) -> Subject:
        """Return the one of that name. Raises MissingFault for what is not the caller's to see."""
        for one in self.listing(caller, kind):
            if one.name == name:
                return one
        noun = "agent" if kind is SubjectKind.AGENT else "service account"
        raise MissingFault("no-such-workload", f"there is no {noun} `{name[:80]}` for you to see")

    async def disable(self, caller: Caller, kind: SubjectKind, name: str) -> Subject:
        """Return it, to which nothing is permitted from now on: its tokens are gone, too.

        Raises MissingFault, ForbiddenFault (not the caller's, by a program), ConflictFault.
        """
        found = await self._own(caller, kind, name)
        return await self._people.disable(found, caller.subject.id)

    async def enable(self, caller: Caller, kind: SubjectKind, name: str) -> Subject:
        """Return it as it may act again; it needs new tokens. Raises as `disable`."""
        found = await self._own(caller, kind, name)
        again = await self._people.put(replace(found, disabled=False), caller.subject.id)
        if again.disabled:
            raise ConflictFault("owner-disabled", f"whoever answers for `{name[:80]}` is disabled")
        return again

    async def _own(self, caller: Caller, kind: SubjectKind, name: str) -> Subject:
        await signed_in_themself(self._store, caller)
        found = self.get(caller, kind, name)
        if not _belongs(found, caller.subject.id) and not caller.may(Permission.CHANGE_PEOPLE):
            words = f"only who answers for `{found.name}`, or an administrator, changes it"
            raise ForbiddenFault("not-yours", words)
        return found

    async def _answering(self, caller: Caller, name: str) -> Subject:
        """Return the person who is to answer for it. Raises Fault."""
        await signed_in_themself(self._store, caller)
        if name in ("", caller.subject.name):
            return caller.subject
        caller.check(Permission.CHANGE_PEOPLE)
        found = self._directory.subject_named(name)
        if found is None:
            raise MissingFault("no-such-person", f"there is nobody called `{name[:80]}`")
        if found.kind is not SubjectKind.HUMAN or found.disabled:
            words = f"`{found.name}` cannot answer for it: name a person who is not disabled"
            raise ConflictFault("not-a-person", words)
        return found

    async def _make(
        self,
        caller: Caller,
        kind: SubjectKind,
        name: str,
        groups: frozenset[str],
        task: str,
        answering: Subject,
    ) -> Subject:
        self._check(name, task, groups)
        theirs = [one for one in self._directory.subjects() if _belongs(one, answering.id)]
        if sum(not one.disabled for one in theirs) >= MOST_EACH:
            words = f"`{answering.name}` answers for {MOST_EACH} already; disable one"
            raise ConflictFault("too-many-workloads", words)
        if self._directory.subject_named(name) is not None:
            raise ConflictFault("name-taken", f"there is somebody called `{name}` already")
        now = self._clock.now()
        made = Subject(
            id=self._people.new_id(),
            name=name,
            kind=kind,
            display_name=name,
            groups=groups,
            on_behalf_of=answering.id if kind is SubjectKind.AGENT else None,
            owner=answering.id,
            since=now,
            verified_by=caller.subject.name,
            verified_at=now,
            source=LOCAL,
            task=task,
        )
        return await self._people.put(made, caller.subject.id)

    def _check(self, name: str, task: str, groups: frozenset[str]) -> None:
        if not _NAME.fullmatch(name):
            words = "a name has 1 to 63 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter"
            raise ConflictFault("bad-name", f"{words} or a figure")
        if not 1 <= len(task.strip()) <= LONGEST_TASK:
            words = f"say what it is for, in 1 to {LONGEST_TASK} characters"
            raise ConflictFault("no-task", words)
        if len(groups) > _MOST_GROUPS or any(not 1 <= len(one) <= 128 for one in groups):
            raise ConflictFault("bad-groups", f"name {_MOST_GROUPS} groups at most")

    def _without_roles(self, person: Subject) -> frozenset[str]:
        """Return the groups of a person that open no door: an agent asks for more by name."""
        plain = frozenset({Role.REQUESTER})
        return frozenset(
            group
            for group in person.groups
            if self._directory.roles_of(
                replace(person, groups=frozenset({group}), roles=frozenset(), disabled=False)
            )
            == plain
        )


def _belongs(subject: Subject, person: SubjectId) -> bool:
    return person in (subject.owner, subject.on_behalf_of)
