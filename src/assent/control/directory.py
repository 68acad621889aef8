"""Who there is and what can be reached, in memory: every decision reads it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from assent.core.faults import MissingFault
from assent.core.ids import SubjectId, TargetId
from assent.core.resource import Target
from assent.core.role import ROLE_GROUPS, Permission, Role, permissions_of
from assent.core.subject import Subject, in_force, roles_of

Changed: TypeAlias = Callable[[dict[SubjectId, Subject | None], frozenset[TargetId]], None]
"""Hears which subjects were changed, as they were before, None for new ones; and which targets."""


class Directory:
    """Subjects and targets by id and by name. Replaced as a whole, never edited in place.

    Whoever is somebody's agent is never in a group that this person is not in, and what nobody
    answers for any more is disabled, whatever was said of them: see `core.subject.in_force`.
    revision: moves with every change of who there is, for what is worked out from it.
    names: what people are called, by id. role_groups: whose members have which role.
    """

    def __init__(
        self,
        subjects: Iterable[Subject] = (),
        targets: Iterable[Target] = (),
        role_groups: Mapping[str, Role] = ROLE_GROUPS,
    ) -> None:
        self.revision = 0
        self._role_groups = role_groups
        self._listeners: list[Changed] = []
        self._subjects: dict[SubjectId, Subject] = {}
        # As they were said to be, before what bounds them: those bounds may be lifted again.
        self._said: dict[SubjectId, Subject] = {}
        self._targets: dict[TargetId, Target] = {}
        self.names: Mapping[str, str] = {}
        self._own: tuple[tuple[Subject, ...], tuple[Target, ...]] = ((), ())
        self.replace(subjects, targets)

    def replace(self, subjects: Iterable[Subject], targets: Iterable[Target]) -> None:
        """Make these all that there is."""
        self.revision += 1
        subjects_before, targets_before = self._subjects, self._targets
        own_subjects, own_targets = self._own
        self._said = {one.id: one for one in (*subjects, *own_subjects)}
        self._subjects = {id: in_force(one, self._said) for id, one in self._said.items()}
        self._subject_names = {subject.name: subject for subject in self._subjects.values()}
        self._targets = {target.id: target for target in (*targets, *own_targets)}
        self._target_names = {
            target.name: target for target in self._targets.values() if not target.retired
        }
        self.names = {subject.id: subject.name for subject in self._subjects.values()}
        everybody = {**subjects_before, **self._subjects}
        self._tell(
            {
                one: subjects_before.get(one)
                for one in everybody
                if subjects_before.get(one) != self._subjects.get(one)
            },
            frozenset(
                one
                for one in {**targets_before, **self._targets}
                if targets_before.get(one) != self._targets.get(one)
            ),
        )

    def keep(self, subject: Subject, target: Target) -> None:
        """Add somebody and something of the gateway's own, which no list shows and nothing ends."""
        self._own = ((subject,), (target,))
        self.replace(self._said.values(), self._targets.values())

    @property
    def own(self) -> SubjectId | None:
        """The gateway's own subject, None where there is none."""
        return self._own[0][0].id if self._own[0] else None

    def is_own(self, subject: SubjectId) -> bool:
        """Return whether that is the gateway's own subject."""
        return any(one.id == subject for one in self._own[0])

    def when_changed(self, listener: Changed) -> None:
        """Call `listener` after every change of who there is and what can be reached."""
        self._listeners.append(listener)

    def _tell(
        self, subjects: dict[SubjectId, Subject | None], targets: frozenset[TargetId]
    ) -> None:
        if subjects or targets:
            for listener in self._listeners:
                listener(subjects, targets)

    def put_target(self, target: Target) -> None:
        """Make this the target of its id; one that is retired has no name any more."""
        self._targets[target.id] = target
        if not target.retired:
            self._target_names[target.name] = target
        elif target.name in self._target_names:
            del self._target_names[target.name]

    def put_subject(self, *subjects: Subject) -> None:
        """Make these the subjects of their ids; whoever listens hears of it."""
        everybody = self._said | {one.id: one for one in subjects}
        self.replace(everybody.values(), self._targets.values())

    def roles_of(self, subject: Subject) -> frozenset[Role]:
        """Return the roles of a subject: their own, and those that their groups give."""
        return roles_of(subject, self._role_groups)

    def may(self, subject: Subject, permission: Permission) -> bool:
        """Return whether the roles of a subject give them that permission."""
        return permission in self.permissions_of(subject)

    def permissions_of(self, subject: Subject) -> frozenset[Permission]:
        """Return what the roles of a subject give; of an agent, what its person has too."""
        may = permissions_of(self.roles_of(subject))
        behind = self._subjects.get(subject.on_behalf_of) if subject.on_behalf_of else None
        return may if behind is None else may & permissions_of(self.roles_of(behind))

    def subject(self, subject: SubjectId) -> Subject:
        """Return the subject. Raises MissingFault."""
        try:
            return self._subjects[subject]
        except KeyError:
            raise MissingFault("no-such-subject", f"there is no subject `{subject}`") from None

    def said(self, subject: SubjectId) -> Subject:
        """Return the subject as its source says, not suspended or bounded. Raises MissingFault.

        What a source changes begins here, so that what stops somebody is never taken for its word.
        """
        if subject not in self._said:
            raise MissingFault("no-such-subject", f"there is no subject `{subject}`")
        return self._said[subject]

    def subject_named(self, name: str) -> Subject | None:
        """Return the subject of that name, None if there is none."""
        return self._subject_names.get(name)

    def subjects(self) -> Sequence[Subject]:
        """Return everybody but the gateway itself, in no particular order."""
        own = {one.id for one in self._own[0]}
        return tuple(one for one in self._subjects.values() if one.id not in own)

    def target(self, target: TargetId) -> Target:
        """Return the target. Raises MissingFault."""
        try:
            return self._targets[target]
        except KeyError:
            raise MissingFault("no-such-target", f"there is no target `{target}`") from None

    def target_named(self, name: str) -> Target | None:
        """Return the target of that name, None if there is none."""
        return self._target_names.get(name)

    def targets(self) -> Sequence[Target]:
        """Return every target that can be reached, by name."""
        own = {one.id for one in self._own[1]}
        found = (one for one in self._target_names.values() if one.id not in own)
        return tuple(sorted(found, key=lambda target: target.name))
