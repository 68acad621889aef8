"""People as the JSON that the API returns."""

from assent.api.account_schemas import PersonDetailsOut
from assent.control.directory import Directory
from assent.core.subject import Subject


def person_out(directory: Directory, subject: Subject) -> PersonDetailsOut:
    """Return somebody with all that is known of them."""
    return PersonDetailsOut(
        name=subject.name,
        display_name=subject.display_name,
        kind=subject.kind.value,
        groups=sorted(subject.groups),
        roles=sorted(role.value for role in directory.roles_of(subject)),
        source=subject.source,
        email=subject.email,
        time_zone=subject.time_zone,
        disabled=subject.disabled,
        suspended=subject.suspended,
    )
