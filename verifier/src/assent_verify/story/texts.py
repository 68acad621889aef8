"""The texts of all policies that were ever in force, found before any decision is judged."""

import re
from typing import Any

from assent_verify.story.revisions import DECLARING, declared_in

_DECLARES = re.compile(
    b'"kind":"(?:%s)"' % b"|".join(re.escape(kind.encode()) for kind in sorted(DECLARING))
)


def may_declare(bundle: bytes) -> bool:
    """Return whether a bundle may hold an entry that puts policies in force; quick to ask."""
    return _DECLARES.search(bundle) is not None


def texts_in(leaf: dict[str, Any], content: dict[str, Any] | None) -> dict[str, dict[str, str]]:
    """Return revision → file → text, as the payload of an entry has it; nothing for most."""
    revision = declared_in(leaf) if leaf["kind"] in DECLARING else None
    texts = content.get("policies") if content is not None else None
    if revision is None or not isinstance(texts, dict):
        return {}
    named = {name: text for name, text in texts.items() if isinstance(text, str)}
    return {revision: named} if len(named) == len(texts) else {}
