"""Reads entries of the log for reports: only what a report looks at, and nothing twice."""

from collections.abc import Mapping

import msgspec

from assent.audit.evidence.nouns import Said
from assent.core.clock import parse_instant


class _Leaf(msgspec.Struct):
    id: str
    kind: str
    at: str
    subject: str | None
    target: str | None
    session: str | None
    request: str | None
    facts: dict[str, object]
    payload: str | None


_LEAVES = msgspec.json.Decoder(_Leaf)
# Of a decision the evidence is most of what it says, and no report reads it.
_CONTENTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUES = msgspec.json.Decoder()
_UNREAD = frozenset({"assessment", "cedar", "evidence", "shown", "policies", "parameters", "salt"})


def read(index: int, leaf: bytes, content: bytes | None) -> Said:
    """Return what an entry says. Raises ValueError for what no log holds."""
    said = _LEAVES.decode(leaf)
    return Said(
        index=index,
        id=said.id,
        kind=said.kind,
        at=parse_instant(said.at),
        subject=said.subject,
        target=said.target,
        session=said.session,
        request=said.request,
        facts=said.facts,
        content=_content(content) if content else {},
        readable=said.payload is None or content is not None,
    )


def _content(content: bytes) -> Mapping[str, object]:
    return {
        name: _VALUES.decode(raw)
        for name, raw in _CONTENTS.decode(content).items()
        if name not in _UNREAD
    }
