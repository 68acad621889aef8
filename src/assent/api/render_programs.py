"""Tokens, service accounts and agents as the JSON that the API returns."""

from assent.api.program_schemas import TokenOut, WhoAmIOut, WorkloadOut
from assent.api.render import person_name
from assent.control.directory import Directory
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.ids import SubjectId
from assent.core.subject import Subject
from assent.core.token import Token


def who_am_i_out(directory: Directory, caller: Caller, token: Token) -> WhoAmIOut:
    """Return who is signed in, and how."""
    subject = caller.subject
    return WhoAmIOut(
        name=subject.name,
        display_name=subject.display_name,
        groups=sorted(subject.groups),
        kind=subject.kind,
        roles=sorted(caller.roles),
        permissions=sorted(caller.permissions),
        sign_in=token.kind,
        method=token.method,
        proved_at=isoformat(token.issued_at),
        expires_at=isoformat(token.expires_at),
        device=token.device,
        owner=_name(directory, subject.owner),
        on_behalf_of=_name(directory, subject.on_behalf_of),
    )


def token_out(directory: Directory, token: Token) -> TokenOut:
    """Return a token of a program; never the token itself."""
    return TokenOut(
        id=token.id,
        name=token.name,
        holder=person_name(directory, token.subject),
        permissions=sorted(token.permissions or ()),
        issued_at=isoformat(token.issued_at),
        expires_at=isoformat(token.expires_at),
        seen_at=isoformat(token.seen_at) if token.seen_at else None,
        made_by=_name(directory, token.made_by),
    )


def workload_out(directory: Directory, subject: Subject) -> WorkloadOut:
    """Return a service account or an agent."""
    return WorkloadOut(
        id=subject.id,
        name=subject.name,
        kind=subject.kind,
        task=subject.task,
        groups=sorted(subject.groups),
        owner=_name(directory, subject.owner),
        on_behalf_of=_name(directory, subject.on_behalf_of),
        disabled=subject.disabled,
        since=isoformat(subject.since) if subject.since else None,
        source=subject.source,
    )


def _name(directory: Directory, subject: SubjectId | None) -> str | None:
    return person_name(directory, subject) if subject else None
