"""What policies hide, read from their text: for saying beside a label what it means."""

import re
from collections.abc import Mapping, Sequence

from assent.policy.mask_entries import MaskEntry, parse_masks

_MASK = re.compile(r'@mask\(\s*"((?:[^"\\]|\\.)*)"\s*\)')


def masks_in(sources: Mapping[str, str]) -> Sequence[MaskEntry]:
    """Return all that some policy masks; whether it applies to somebody, decisions say."""
    found: list[MaskEntry] = []
    for text in sources.values():
        code = re.sub(r"//[^\n]*", "", text)
        for written in _MASK.findall(code):
            try:
                found += parse_masks(written.replace('\\"', '"'))
            except ValueError:
                continue  # What is in force was read before; this is a text within a text.
    return found
