"""What can be said of a person who is kept here, checked; and who administers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assent.control.directory import Directory
from assent.core.faults import ConflictFault
from assent.core.role import Permission, Role
from assent.core.subject import Subject, SubjectKind

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}", re.ASCII)
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+:-]{0,62}", re.ASCII)
_LONGEST_LINE = 200
_MOST_GROUPS = 100
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to be different; None for what stays."""

    display_name: str | None = None
    email: str | None = None
    time_zone: str | None = None
    groups: frozenset[str] | None = None
    roles: frozenset[Role] | None = None


def administrators(directory: Directory) -> Sequence[Subject]:
    """Return the people who are administrators and not disabled."""
    return [
        one
        for one in directory.subjects()
        if one.kind is SubjectKind.HUMAN and directory.may(one, Permission.CHANGE_PEOPLE)
    ]


def check_name(name: str) -> None:
    """Raise ConflictFault for what nobody can be called."""
    if not _NAME.fullmatch(name):
        words = "a name has letters, digits and `._@+-`, 128 at most, and begins with none of those"
        raise ConflictFault("bad-name", words)


def changed(subject: Subject, wanted: PersonChange) -> Subject:
    """Return the subject as it is wanted. Raises ConflictFault."""
    lines = (wanted.display_name, wanted.time_zone)
    if any(text and (len(text) > _LONGEST_LINE or not text.isprintable()) for text in lines):
        words = f"a text has at most {_LONGEST_LINE} characters that can be printed"
        raise ConflictFault("bad-text", words)
    if wanted.email and not _EMAIL.fullmatch(wanted.email):
        raise ConflictFault("bad-email", f"`{wanted.email[:80]}` is no address for mail")
    if wanted.time_zone:
        try:
            ZoneInfo(wanted.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            words = f"`{wanted.time_zone[:80]}` is no time zone; write one as `Europe/Berlin`"
            raise ConflictFault("bad-time-zone", words) from None
    groups = subject.groups if wanted.groups is None else wanted.groups
    if len(groups) > _MOST_GROUPS or any(not _GROUP.fullmatch(one) for one in groups):
        words = f"a group has letters, digits and `._@+:-`, 63 at most; {_MOST_GROUPS} groups"
        raise ConflictFault("bad-group", words)
    return replace(
        subject,
        display_name=subject.display_name if wanted.display_name is None else wanted.display_name,
        email=subject.email if wanted.email is None else wanted.email,
        time_zone=subject.time_zone if wanted.time_zone is None else wanted.time_zone,
        groups=groups,
        roles=subject.roles if wanted.roles is None else wanted.roles,
    )
