"""A process that is killed, or whose power goes, at any point at which it writes to the disk.

Whatever it was doing: what it acknowledged is there, no index is given twice, the log continues
every checkpoint that was signed, and an outsider's verification of it is good.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from failing_closed.fault_works import WORKS
from faulty_disk import Fault, library

TESTS = Path(__file__).resolve().parents[1]
EVERY_POINT = "ASSENT_EVERY_POINT"
"""Set it to try all points and not some: it takes minutes for each work."""

KILLS = (Fault.BEFORE, Fault.HALF, Fault.AFTER, Fault.POWER)
# What each work does to the disk, at the least: a test that reached none of it would be no test.
REACHES = {
    "first start": {"link audit.key", "link master.key", "write assent.db"},
    "many producers": {"write assent.db-wal", "sync assent.db-wal"},
    "writing back": {"write assent.db", "sync assent.db", "cut assent.db-wal"},
    "erasing": {"write assent.db-wal", "write assent.db", "cut assent.db-wal"},
    "pruning": {"write assent.db-wal", "sync assent.db-wal"},
    "backfilling tiles": {"write assent.db-wal", "sync assent.db-wal"},
    "rotating the key": {"rename audit.key.new", "write assent.db-wal", "rename audit.key"},
    "indexing": {"write assent.db-wal", "sync assent.db-wal"},
    "recording": {
        "write journal-N.jsonl", "sync journal-N.jsonl", "create N.segment.part",
        "rename N.segment", "rename N.facts", "write assent.db-wal",
    },
    "witnessing": {"write key (new)", "rename key", "sync folder"},
}  # fmt: skip

pytestmark = pytest.mark.skipif(library() is None, reason="the SQLite in use cannot be reached")


def interrupted(
    folder: Path, work: str, faults: tuple[Fault, ...], seed: int, most: int
) -> dict[str, Any]:
    """Return what came of doing a work with these faults at some of its points, in turn."""
    if os.environ.get(EVERY_POINT):
        most = 1_000_000
    script = TESTS / "failing_closed" / "fault_injection.py"
    arguments = [str(folder), work, ",".join(faults), str(seed), str(most)]
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=3_000,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


@pytest.mark.parametrize("work", WORKS)
def test_whatever_is_interrupted_the_log_is_whole_after_a_restart(
    tmp_path: Path, work: str
) -> None:
    """Row: the gateway's process is killed."""
    report = interrupted(tmp_path, work, KILLS, seed=1, most=10)
    assert set(report["points"]) >= REACHES[work]
    assert len(report["tried"]) >= min(10, len(report["points"]))
    assert report["problems"] == []


def test_what_was_acknowledged_before_the_disk_had_it_is_found_out(tmp_path: Path) -> None:
    """The layer does cut power: without waiting for the disk, entries are lost, and it says so."""
    report = interrupted(tmp_path, "careless", (Fault.POWER,), seed=1, most=12)
    assert any("acknowledged and lost" in each for each in report["problems"])
