"""The JSON of `body` columns: nouns to text and back, nothing lost.

Sets are written in order, so that one noun has one text. Reading is strict in the types; what
does not fit raises ValueError.
"""

from typing import Any

import msgspec

from assent.core.action import Action
from assent.core.assessment import Assessment
from assent.core.decision import ApprovalRemedy, ReasonRemedy, Remedy, StepUpRemedy, TicketRemedy
from assent.core.ids import GrantId, SubjectId
from assent.core.impact import Impact
from assent.core.lesson import Aspect, Lesson
from assent.core.request import Comment, Request
from assent.core.resource import Target
from assent.core.security_event import SecurityEvent
from assent.core.subject import Subject
from assent.core.token import Token

# The nouns carry no tags of their own, so the name that says which remedy it is lives here.
REMEDIES: dict[str, type[Remedy]] = {
    "reason": ReasonRemedy,
    "ticket": TicketRemedy,
    "step-up": StepUpRemedy,
    "approval": ApprovalRemedy,
}
_NAMES = {remedy: name for name, remedy in REMEDIES.items()}


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request holds beyond its columns and its approvals.

    remedies: pairs of a name in REMEDIES and its JSON.
    """

    action: Action
    action_digest: str
    assessment: Assessment
    remedies: tuple[tuple[str, msgspec.Raw], ...]
    messages: tuple[str, ...]
    denied_by: tuple[str, ...]
    revision: str
    reason: str
    ticket: str
    outcome: str
    settled_by: SubjectId | None
    grant: GrantId | None
    impact: Impact | None = None
    asked: tuple[SubjectId, ...] = ()
    comments: tuple[Comment, ...] = ()
    ticket_said: str = ""
    detached: bool = False


class LessonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a lesson holds beyond its columns."""

    groups: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    weight_milli: int
    strong: bool
    confirmed: bool
    opens: bool


class SecurityEventBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a security event holds beyond its columns."""

    type: str
    source: str
    level: str
    reason: str


_encoder = msgspec.json.Encoder(order="deterministic")
_request_decoder = msgspec.json.Decoder(RequestBody)
_subject_decoder = msgspec.json.Decoder(Subject)
_target_decoder = msgspec.json.Decoder(Target)
_token_decoder = msgspec.json.Decoder(Token)
_lesson_decoder = msgspec.json.Decoder(LessonBody)
_security_event_decoder = msgspec.json.Decoder(SecurityEventBody)


def encode_request(request: Request) -> str:
    """Return the body of a request's row."""
    return _text(
        RequestBody(
            action=request.action,
            action_digest=request.action_digest,
            assessment=request.assessment,
            remedies=tuple(
                (_NAMES[type(remedy)], msgspec.Raw(_encoder.encode(remedy)))
                for remedy in request.remedies
            ),
            messages=request.messages,
            denied_by=request.denied_by,
            revision=request.revision,
            reason=request.reason,
            ticket=request.ticket,
            outcome=request.outcome,
            settled_by=request.settled_by,
            grant=request.grant,
            impact=request.impact,
            asked=request.asked,
            comments=request.comments,
            ticket_said=request.ticket_said,
            detached=request.detached,
        )
    )


def decode_request(body: str) -> RequestBody:
    """Return what `encode_request` wrote. Raises ValueError."""
    return _request_decoder.decode(body)


def decode_remedies(body: RequestBody) -> tuple[Remedy, ...]:
    """Return the remedies of a body, in order. Raises ValueError."""
    unknown = [name for name, _ in body.remedies if name not in REMEDIES]
    if unknown:
        raise ValueError(f"no such remedy: {unknown[0]!r}")
    return tuple(msgspec.json.decode(raw, type=REMEDIES[name]) for name, raw in body.remedies)


def encode_subject(subject: Subject) -> str:
    """Return the body of a subject's row."""
    return _text(subject)


def decode_subject(body: str) -> Subject:
    """Return what `encode_subject` wrote. Raises ValueError."""
    return _subject_decoder.decode(body)


def encode_target(target: Target) -> str:
    """Return the body of a target's row."""
    return _text(target)


def decode_target(body: str) -> Target:
    """Return what `encode_target` wrote. Raises ValueError."""
    return _target_decoder.decode(body)


def encode_token(token: Token) -> str:
    """Return the body of a bearer token's row."""
    return _text(token)


def decode_token(body: str) -> Token:
    """Return what `encode_token` wrote. Raises ValueError."""
    return _token_decoder.decode(body)


def encode_lesson(lesson: Lesson) -> str:
    """Return the body of a lesson's row."""
    return _text(
        LessonBody(
            groups=lesson.groups,
            aspects=lesson.aspects,
            weight_milli=lesson.weight_milli,
            strong=lesson.strong,
            confirmed=lesson.confirmed,
            opens=lesson.opens,
        )
    )


def decode_lesson(body: str) -> LessonBody:
    """Return what `encode_lesson` wrote. Raises ValueError."""
    return _lesson_decoder.decode(body)


def encode_security_event(event: SecurityEvent) -> str:
    """Return the body of a security event's row."""
    return _text(SecurityEventBody(event.type, event.source, event.level, event.reason))


def decode_security_event(body: str) -> SecurityEventBody:
    """Return what `encode_security_event` wrote. Raises ValueError."""
    return _security_event_decoder.decode(body)


def _text(noun: Any) -> str:
    return _encoder.encode(noun).decode("utf-8")
