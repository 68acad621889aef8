"""A disk that is full, or reports an error, at any point at which something is written to it.

What is asked for then is refused and leaves nothing; when the disk is well again, the next attempt
works, in the same process or in the next one.
"""

from pathlib import Path

import pytest

from failing_closed.fault_works import WORKS
from failing_closed.test_log_survives_kill import interrupted
from faulty_disk import Fault, library

pytestmark = pytest.mark.skipif(library() is None, reason="the SQLite in use cannot be reached")


@pytest.mark.parametrize("work", WORKS)
def test_what_the_disk_does_not_take_is_refused_whole_and_works_when_there_is_room(
    tmp_path: Path, work: str
) -> None:
    """Row: the log cannot take an entry."""
    report = interrupted(tmp_path, work, (Fault.FULL, Fault.ERROR), seed=1, most=8)
    assert len(report["tried"]) >= min(8, len(report["points"]))
    assert report["problems"] == []
