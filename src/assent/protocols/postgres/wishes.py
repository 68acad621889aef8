"""What a client says to the gateway itself as it connects: settings that begin with `assent.`.

`PGOPTIONS='-c assent.reason=…'`, or startup parameters of that name. They are read here and
never passed to the target.
"""

import re
from collections.abc import Mapping

from assent.core.plugins import Wishes

PREFIX = "assent."
NAMES = ("assent.reason", "assent.ticket", "assent.for")
_MOST_CHARACTERS = {"assent.reason": 2_000, "assent.ticket": 200, "assent.for": 8}
_SPAN = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST_S = 30 * 86_400


def read(settings: Mapping[str, str]) -> Wishes:
    """Return what these settings say, all of which begin with `assent.`.

    Raises ValueError with words for the client where they are not understood.
    """
    for name, value in settings.items():
        if name not in NAMES:
            raise ValueError(f"the gateway knows no setting `{name[:64]}`, only {', '.join(NAMES)}")
        if len(value) > _MOST_CHARACTERS[name] or not value.isprintable():
            raise ValueError(
                f"`{name}` must be at most {_MOST_CHARACTERS[name]} printable characters"
            )
    span = settings.get("assent.for")
    return Wishes(
        settings.get("assent.reason", "").strip(),
        settings.get("assent.ticket", "").strip(),
        None if span is None else _seconds(span),
    )


def _seconds(text: str) -> int:
    match = _SPAN.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError(
            f"`assent.for` is `{text[:16]}`; write a span of at most 30 days, such as `30m` or `2h`"
        )
    return seconds
