"""The JSON of `body` columns that came with grants of a scope, offers and notices.

As in `codec`, one noun has one text, and reading is strict.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from assent.core.device_key import ApprovalSignature
from assent.core.grant import Delegation, Grant
from assent.core.ids import GrantId, RequestId, SubjectId
from assent.core.notice import Notice
from assent.core.request import Approval
from assent.core.scope import EVERYTHING, Scope, Terms, Window


class GrantBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a grant holds beyond its columns and the texts of its plan."""

    scope: Scope = EVERYTHING
    on_first_use: timedelta | None = None
    window: Window | None = None
    extends: GrantId | None = None
    delegation: Delegation | None = None


class ApprovalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an approval holds beyond its columns."""

    terms: Terms | None = None
    signature: ApprovalSignature | None = None


class NoticeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a notice holds beyond its columns."""

    topic: str
    request: RequestId | None
    grant: GrantId | None
    to: tuple[SubjectId, ...]
    headline: str
    lines: tuple[str, ...]
    link: str
    loud: bool


_encoder = msgspec.json.Encoder(order="deterministic")
_grant_decoder = msgspec.json.Decoder(GrantBody)
_approval_decoder = msgspec.json.Decoder(ApprovalBody)
_notice_decoder = msgspec.json.Decoder(NoticeBody)
_sources_decoder = msgspec.json.Decoder(dict[str, str])
_PLAIN_GRANT = GrantBody()
_PLAIN_APPROVAL = ApprovalBody()


def encode_grant(grant: Grant) -> str | None:
    """Return the body of a grant's row, None for a plain one: most are, and all old ones."""
    body = GrantBody(
        scope=grant.scope,
        on_first_use=grant.on_first_use,
        window=grant.window,
        extends=grant.extends,
        delegation=grant.delegation,
    )
    return None if body == _PLAIN_GRANT else _text(body)


def decode_grant(body: str | None) -> GrantBody:
    """Return what `encode_grant` wrote. Raises ValueError."""
    return _PLAIN_GRANT if body is None else _grant_decoder.decode(body)


def encode_approval(approval: Approval) -> str | None:
    """Return the body of an approval's row, None for one without terms and signature."""
    body = ApprovalBody(approval.terms, approval.signature)
    return None if body == _PLAIN_APPROVAL else _text(body)


def decode_approval(body: str | None) -> ApprovalBody:
    """Return what `encode_approval` wrote. Raises ValueError."""
    return _PLAIN_APPROVAL if body is None else _approval_decoder.decode(body)


def encode_notice(notice: Notice) -> str:
    """Return the body of a notice's row."""
    return _text(
        NoticeBody(
            topic=notice.topic,
            request=notice.request,
            grant=notice.grant,
            to=notice.to,
            headline=notice.headline,
            lines=notice.lines,
            link=notice.link,
            loud=notice.loud,
        )
    )


def decode_notice(body: str) -> NoticeBody:
    """Return what `encode_notice` wrote. Raises ValueError."""
    return _notice_decoder.decode(body)


def encode_sources(sources: Mapping[str, str]) -> str:
    """Return the text of a policy revision's sources."""
    return _text(dict(sources))


def decode_sources(text: str) -> dict[str, str]:
    """Return what `encode_sources` wrote. Raises ValueError."""
    return _sources_decoder.decode(text)


def _text(noun: Any) -> str:
    return _encoder.encode(noun).decode("utf-8")
