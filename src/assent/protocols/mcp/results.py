"""What a server answered, as it may be shown: masked, looked through, and not too large."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from assent.content.json_masking import DEEPEST, JsonMasks
from assent.content.masks import REDACTED
from assent.core.faults import PeerFault

_WITHHELD = REDACTED.decode()
# Words of the protocol itself.
_PLAIN = frozenset({"type", "mimeType", "role", "resultType"})
_PARSED = frozenset({"structuredContent"})
_BINARY = frozenset({"data", "blob"})


def shown(result: Mapping[str, Any], masks: JsonMasks) -> dict[str, Any]:
    """Return a result masked. Raises PeerFault where what is masked in it cannot be told.

    Text that is JSON is masked by its fields, as what is structured is; of other text nothing is
    shown where fields are masked. What a server says beside it, in `_meta`, does not go on.
    """
    kept = {key: value for key, value in result.items() if key != "_meta"}
    if not masks.looks:
        return kept
    found = _walk(kept, masks, 0)
    return found if isinstance(found, dict) else {}


def _walk(value: Any, masks: JsonMasks, depth: int, key: str = "") -> Any:
    if depth > DEEPEST:
        raise PeerFault("unmaskable", f"the answer is nested more than {DEEPEST} deep")
    if key in _PARSED:
        return masks.document(value)
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if name != "_meta"}
        return {name: _walk(one, masks, depth + 1, name) for name, one in kept.items()}
    if isinstance(value, list):
        return [_walk(one, masks, depth + 1, key) for one in value]
    if not isinstance(value, str) or key in _PLAIN:
        return value
    return _binary(value, masks) if key in _BINARY else masks.text(value)


def _binary(value: str, masks: JsonMasks) -> str:
    """Return bytes in base64 if nothing that is masked can stand in them as text."""
    if masks.by_path:
        return ""
    try:
        text = b64decode(value, validate=True).decode()
    except ValueError:
        # No text: nothing of it is searched, as in bytes of a database.
        return value
    return value if masks.text(text) == text else ""


def error_shown(error: Mapping[str, Any], masks: JsonMasks) -> tuple[int, str]:
    """Return the number and the words of a server's own error."""
    number, words = error.get("code"), error.get("message")
    good = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**31
    text = words[:500] if isinstance(words, str) else "it says nothing"
    return int(number) if good and isinstance(number, int) else -32603, masks.text(text)
