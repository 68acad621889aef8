"""What can be kept in a stream whose bytes nobody understands."""

from datetime import timedelta

import pytest

from assent.core.enforcement import Enforcement, Limit, MaskHow
from assent.gateway.tcp.watch import unkept, watches


@pytest.mark.parametrize(
    ("enforcement", "words"),
    [
        (None, ""),
        (Enforcement(), ""),
        (Enforcement(record_results=True), ""),
        (Enforcement(limits=(Limit("max_bytes", 9, "", True),)), ""),
        (Enforcement(limits=(Limit("max_rows", 9, "", True),)), "rows"),
        (Enforcement(timeout=timedelta(seconds=1)), "time"),
        (Enforcement(masks={"a.b": MaskHow.NULL}), "masked"),
        (Enforcement(scan={"pii": MaskHow.NULL}), "masked"),
    ],
)
def test_what_needs_understanding_cannot_be_kept(
    enforcement: Enforcement | None, words: str
) -> None:
    found = unkept(enforcement)
    assert bool(found) == bool(words)
    assert words in found


def test_bytes_are_looked_at_only_where_that_is_obliged() -> None:
    assert not watches(None)
    assert not watches(Enforcement())
    assert watches(Enforcement(record_results=True))
    assert watches(Enforcement(limits=(Limit("max_bytes", 9, "", True),)))
