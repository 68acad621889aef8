"""Fields of a JSON answer masked by their paths, and what has no label looked through.

Shared by every protocol whose answers are JSON. What cannot be read is not let through.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from assent.content.detectors import Scanner
from assent.content.fields import parts_of
from assent.content.masks import REDACTED, Family, ValueKind, masking, overall
from assent.content.patterns import OwnPattern
from assent.content.scan import Scan
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.faults import PeerFault

MOST_BYTES = 16 << 20
DEEPEST = 100
_MOST_KEPT = 256
_ALL = "*"
_TEXT = ValueKind(Family.TEXT)
# What every program can hold that keeps JSON's numbers as floats (RFC 8259, section 6).
_INTEGER = ValueKind(Family.INTEGER, size_bytes=6)
# What people call fields; any other key may be a value itself.
_NAME = re.compile(r"[^\W\d][\w-]{0,63}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(slots=True)
class _Place:
    """What is masked at a field, and below it by the names of fields, without regard to case."""

    how: MaskHow | None = None
    below: "dict[str, _Place]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MaskedJson:
    """What may pass. masked: how many values were, by their path. found: by their look."""

    data: bytes
    masked: int = 0
    found: int = 0


# By the identity of the masks, which are kept here so that none is reused.
_kept: dict[tuple[int, str], tuple[Mapping[str, MaskHow], _Place]] = {}


class JsonMasks:
    """Masks the answers of one route, tool or document.

    name: as it stands in a touch. patterns: the operator's own, of what values of labels look
    like. by_path: whether any field of it is masked: then what is not JSON must not pass.
    looks: whether anything is to be done at all. masked, found: values so far.
    """

    __slots__ = ("_key", "_maskers", "_root", "_scan", "by_path", "found", "looks", "masked")

    def __init__(
        self, name: str, enforcement: Enforcement | None, patterns: tuple[OwnPattern, ...] = ()
    ) -> None:
        self.masked = self.found = 0
        self._root = _places(name, enforcement.masks) if enforcement else _Place()
        self._scan: Scan | None = None
        if enforcement and enforcement.scan:
            scanner = _scanner(tuple(sorted(enforcement.scan)), patterns)
            self._scan = Scan(scanner, enforcement.scan)
        self._key = enforcement.key.reveal() if enforcement else b""
        self._maskers: dict[tuple[Family, MaskHow], Any] = {}
        self.by_path = self._root.how is not None or bool(self._root.below)
        self.looks = self.by_path or self._scan is not None

    def json(self, data: bytes) -> MaskedJson:
        """Return a JSON text masked. Raises PeerFault `unmaskable` for what is none."""
        if not self.looks or not data:
            return MaskedJson(data)
        if len(data) > MOST_BYTES:
            raise _unmaskable(f"is larger than {MOST_BYTES >> 20} MiB")
        try:
            document = _decode(data.removeprefix(_BYTE_ORDER_MARK))
        except (ValueError, RecursionError):
            # Without the cause: its text would show a piece of the answer.
            raise _unmaskable("is no JSON") from None
        masked, found = self.masked, self.found
        # An escape may hide the look of a value from who looks at the text.
        looks_through = self._scan is not None and (b"\\" in data or self._scan.may_hold(data))
        if not looks_through and not self.by_path:
            return MaskedJson(data)
        shown = self._walk(document, self._root, self._root.how, 0, looks_through)
        masked, found = self.masked - masked, self.found - found
        return MaskedJson(_encode(shown) if masked or found else data, masked, found)

    def document(self, document: Any) -> Any:
        """Return a parsed document masked. Raises PeerFault where it is nested too deeply."""
        if not self.looks:
            return document
        return self._walk(document, self._root, self._root.how, 0, self._scan is not None)

    def text(self, text: str) -> str:
        """Return text masked: as JSON where it is some, and otherwise by what things look like.

        Nothing of other text is shown where fields are masked: their values may stand in it.
        """
        if not self.looks or not text:
            return text
        if _may_be_json(text):
            try:
                return self.json(text.encode()).data.decode()
            except (PeerFault, UnicodeEncodeError):
                pass
        if self.by_path:
            self.masked += 1
            return REDACTED.decode()
        return self._looked_through(text) or ""

    def _walk(
        self, value: Any, place: _Place | None, how: MaskHow | None, depth: int, looks: bool
    ) -> Any:
        """Return a value as it is shown. how: its mask, by all that it lies in."""
        if place is None and how is None and not looks:
            return value
        if depth > DEEPEST:
            raise _unmaskable(f"is nested more than {DEEPEST} deep")
        if how is MaskHow.NULL and value is not None:
            self.masked += 1
            return None
        if isinstance(value, Mapping):
            return self._object(value, place, how, depth, looks)
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            return [self._walk(item, place, how, depth + 1, looks) for item in value]
        if how is not None:
            return self._masked(value, how)
        if isinstance(value, str) and place is not None and place.below and _may_be_json(value):
            return self._inner(value, place, depth, looks)
        return self._looked_through(value) if looks else value

    def _object(
        self,
        value: Mapping[str, Any],
        place: _Place | None,
        how: MaskHow | None,
        depth: int,
        looks: bool,
    ) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for key, item in value.items():
            below = place.below.get(key.casefold()) if place is not None and place.below else None
            its = how if below is None or below.how is None else _stricter(how, below.how)
            name = self._key_shown(key, how, looks=looks)
            while name in shown:
                name += "*"
            shown[name] = self._walk(item, below, its, depth + 1, looks)
        return shown

    def _key_shown(self, key: str, how: MaskHow | None, *, looks: bool) -> str:
        """Return a key: within what is masked, and by its look, it may be a value itself."""
        if how is not None and not _NAME.fullmatch(key):
            self.masked += 1
            return REDACTED.decode()
        if not looks or (_NAME.fullmatch(key) and not any(map(str.isdigit, key))):
            return key
        return str(self._looked_through(key) or REDACTED.decode())

    def _inner(self, text: str, place: _Place, depth: int, looks: bool) -> Any:
        """Return a string that holds JSON itself, with what is masked below it masked in there."""
        try:
            document = _decode(text.encode())
        except (ValueError, RecursionError):
            return self._looked_through(text) if looks else text
        before = self.masked + self.found
        shown = self._walk(document, place, None, depth + 1, looks)
        return text if self.masked + self.found == before else _encode(shown).decode()

    def _masked(self, value: Any, how: MaskHow) -> Any:
        if value is None:
            return None
        self.masked += 1
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            return None
        family = Family.TEXT if isinstance(value, str) else Family.INTEGER
        masker = self._maskers.get((family, how))
        if masker is None:
            kind = _TEXT if family is Family.TEXT else _INTEGER
            masker = self._maskers[family, how] = masking(kind, how, self._key)
        shown = masker(str(value).encode("utf-8", "surrogatepass"))
        if shown is None:
            return None
        return shown.decode() if family is Family.TEXT else int(shown)

    def _looked_through(self, value: Any) -> Any:
        if self._scan is None or isinstance(value, bool) or not isinstance(value, (str, int)):
            return value
        data = str(value).encode("utf-8", "replace")
        shown = self._scan.value(data)
        if shown == data:
            return value
        self.found += 1
        return shown.decode("utf-8", "replace") if shown and isinstance(value, str) else None


def _places(name: str, masks: Mapping[str, MaskHow]) -> _Place:
    key = id(masks), name
    kept = _kept.get(key)
    if kept is not None:
        return kept[1]
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    root = _Place()
    for full, how in masks.items():
        resource, *path = parts_of(full)
        if resource != name:
            continue
        place = root
        for part in path:
            if part != _ALL:
                place = place.below.setdefault(part.casefold(), _Place())
        place.how = _stricter(place.how, how)
    _kept[key] = masks, root
    return root


def _stricter(one: MaskHow | None, other: MaskHow) -> MaskHow:
    return overall((one, other)) or other if one is not None else other


def _may_be_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


@lru_cache(maxsize=64)
def _scanner(labels: tuple[str, ...], patterns: tuple[OwnPattern, ...]) -> Scanner:
    return Scanner(labels, patterns)


def _unmaskable(why: str) -> PeerFault:
    words = f"the answer {why}, so what is masked in it for you cannot be told"
    return PeerFault("unmaskable", words)
