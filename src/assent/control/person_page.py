"""What is shown of people who sign in, and of what acts for them: read from all over, in one go."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.control.device_admission import Held
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.assessment import RiskLevel
from assent.core.authenticator import Authenticator, AuthenticatorKind
from assent.core.device_key import DeviceKey
from assent.core.faults import MissingFault
from assent.core.grant import Grant
from assent.core.ids import SubjectId
from assent.core.request import Request
from assent.core.role import Permission, Role
from assent.core.security_event import SecurityEvent
from assent.core.session import Session
from assent.core.subject import Subject, SubjectKind
from assent.core.token import Token, TokenKind

PASSKEY = "webauthn"
_EVENTS_SINCE = timedelta(days=90)
_MOST_OPEN = 1_000
_MOST_REQUESTS = 10
_LEVELS = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH)


@dataclass(frozen=True, slots=True)
class Means:
    """With what somebody signs in, beside a password or a provider. codes: an app for codes."""

    passkeys: int = 0
    codes: bool = False
    recovery_codes: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody in the list. seen_at: when they were here last, None where no sign-in is left.

    sessions: open now; level: the highest risk of these, None for none. Both are nothing for
    whoever may not see what others do.
    """

    subject: Subject
    roles: frozenset[Role]
    means: Means
    devices: int
    seen_at: datetime | None
    sessions: int = 0
    level: RiskLevel | None = None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """All of one subject. password: whether one is kept. belongings: agents and services of theirs.

    sign_ins, tokens: that count now. oversees: whether grants, sessions, requests and events are
    here at all; the caller may not see them otherwise.
    """

    listed: Listed
    password: bool
    sign_ins: Sequence[Token]
    tokens: Sequence[Token]
    devices: Sequence[Held]
    belongings: Sequence[Subject]
    oversees: bool
    grants: Sequence[Grant] = ()
    sessions: Sequence[Session] = ()
    requests: Sequence[Request] = ()
    events: Sequence[SecurityEvent] = ()


async def people_listed(plane: ControlPlane, caller: Caller) -> Sequence[Listed]:
    """Return all people, by name, with how they sign in. Raises ForbiddenFault."""
    everybody = plane.local_people.accounts.people(caller)
    keys = by_subject(await plane.store.device_keys())
    others = defaultdict[SubjectId, list[Authenticator]](list)
    for one in await plane.store.authenticators():
        others[one.subject].append(one)
    seen: dict[SubjectId, datetime] = {}
    for token in await plane.store.tokens():
        if token.kind is not TokenKind.API:
            at = token.seen_at or token.issued_at
            seen[token.subject] = max(at, seen.get(token.subject, at))
    open_now, levels = await _open_now(plane, caller)
    return [
        Listed(
            one,
            plane.directory.roles_of(one),
            _means(keys.get(one.id, ()), others[one.id]),
            _devices(keys.get(one.id, ())),
            seen.get(one.id),
            open_now[one.id],
            levels.get(one.id),
        )
        for one in everybody
        if one.kind is SubjectKind.HUMAN
    ]


async def person_page(plane: ControlPlane, caller: Caller, subject: Subject) -> PersonPage:
    """Return all of one subject; whoever sees what they do there is in the log first.

    Nothing that they wrote is in it: statements, reasons and comments have pages of their own.
    """
    store, now = plane.store, plane.clock.now()
    keys = await store.device_keys(subject.id)
    tokens = [one for one in await store.tokens(subject.id) if now < one.expires_at]
    sign_ins = [one for one in tokens if one.kind is not TokenKind.API]
    devices = await plane.devices.admission.everybodys() if keys else ()
    oversees = caller.may(Permission.READ_ACCESS)
    if oversees and subject.id != caller.subject.id:
        await plane.grants.readers.read(caller, "person", subject.id)
    sessions = await store.sessions(subject.id, True) if oversees else ()
    listed = Listed(
        subject,
        plane.directory.roles_of(subject),
        _means(keys, await store.authenticators(subject.id)),
        _devices(keys),
        max((one.seen_at or one.issued_at for one in sign_ins), default=None),
        len(sessions),
        _level(plane, sessions),
    )
    return PersonPage(
        listed,
        await store.password_hash(subject.id) is not None,
        sign_ins,
        [one for one in tokens if one.kind is TokenKind.API],
        [held for held in devices if held.key.subject == subject.id],
        belongings(plane, subject.id),
        oversees,
        await store.grants(subject.id, valid_at=now) if oversees else (),
        sessions,
        await store.requests((), subject.id, limit=_MOST_REQUESTS) if oversees else (),
        await store.security_events(subject.id, now - _EVENTS_SINCE) if oversees else (),
    )


def person_named(plane: ControlPlane, caller: Caller, name: str) -> Subject:
    """Return the person of that name. Raises ForbiddenFault, MissingFault."""
    found = plane.local_people.accounts.person(caller, name)
    if found.kind is not SubjectKind.HUMAN:
        raise MissingFault("no-such-person", f"`{name[:80]}` is no person; see `/agents`")
    return found


def belongings(plane: ControlPlane, person: SubjectId) -> Sequence[Subject]:
    """Return the agents and service accounts that somebody answers for, by name."""
    found = [one for one in plane.directory.subjects() if person in (one.owner, one.on_behalf_of)]
    return sorted(found, key=lambda one: one.name)


async def open_sessions(plane: ControlPlane, subject: Subject) -> int:
    """Return how many sessions end with somebody: theirs, and those of what acts for them."""
    theirs = [subject.id, *(one.id for one in belongings(plane, subject.id))]
    return sum([len(await plane.store.sessions(one, True)) for one in theirs])


def by_subject(keys: Sequence[DeviceKey]) -> Mapping[SubjectId, Sequence[DeviceKey]]:
    """Return keys by whose they are."""
    found = defaultdict[SubjectId, list[DeviceKey]](list)
    for key in keys:
        found[key.subject].append(key)
    return found


async def _open_now(
    plane: ControlPlane, caller: Caller
) -> tuple[Counter[SubjectId], Mapping[SubjectId, RiskLevel]]:
    if not caller.may(Permission.READ_ACCESS):
        return Counter(), {}
    found = await plane.store.sessions(None, True, _MOST_OPEN, but=plane.directory.own)
    theirs = defaultdict[SubjectId, list[Session]](list)
    for session in found:
        theirs[session.subject].append(session)
    levels = {one: _level(plane, sessions) for one, sessions in theirs.items()}
    return (
        Counter({one: len(sessions) for one, sessions in theirs.items()}),
        {one: level for one, level in levels.items() if level is not None},
    )


def _level(plane: ControlPlane, sessions: Sequence[Session]) -> RiskLevel | None:
    """Return the highest risk of what is open."""
    live = (plane.steering.open_now(one.id) for one in sessions)
    found = [one.level for one in live if one is not None]
    return max(found, key=_LEVELS.index, default=None)


def _means(keys: Sequence[DeviceKey], others: Sequence[Authenticator]) -> Means:
    return Means(
        sum(one.kind == PASSKEY and one.revoked_at is None for one in keys),
        any(one.kind is AuthenticatorKind.TOTP and one.confirmed_at for one in others),
        sum(one.kind is AuthenticatorKind.RECOVERY_CODE and one.used_at is None for one in others),
    )


def _devices(keys: Sequence[DeviceKey]) -> int:
    return sum(one.kind != PASSKEY and one.revoked_at is None for one in keys)
