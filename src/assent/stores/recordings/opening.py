"""Takes a folder for recordings, and makes what records there."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from assent.audit.sealing import seal
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.secret import Secret
from assent.stores.recordings.journal_files import (
    ABOUT_JOURNAL_KEY,
    JournalFile,
    journals_in,
    take_folder,
)
from assent.stores.recordings.journals import Journals
from assent.stores.recordings.pace import Pace
from assent.stores.recordings.places import Place
from assent.stores.recordings.reading import Keys, Reader
from assent.stores.recordings.recorder import Commit, FileRecorder, Logged
from assent.stores.recordings.shelf import Shelf
from assent.stores.recordings.shipping import Shipping

MOST_WAITING = 1024 * 1024 * 1024
"""Bytes of segments that may wait for a store of objects, before sessions do."""


async def open_recorder(
    folder: Path,
    commit: Commit,
    logged: Logged,
    keys: Keys,
    ids: Ids,
    clock: Clock,
    *,
    place: Place | None = None,
    most_waiting: int = MOST_WAITING,
    monotonic: Callable[[], float] = time.monotonic,
) -> FileRecorder:
    """Return the Recorder on a folder of its own; its `run` must be running.

    logged: returns the digests of segments that the log has of a session. place: where segments
    go once they are sealed; None to leave them in the folder.
    Raises OperatorFault when another process has the folder, OutsideFault, OSError.
    """
    lock = take_folder(folder)
    try:
        # One key a process, under the key of what is about nobody: it goes with its journals.
        name, outer = await keys.key_for(None)
        luck = b"".join(keys.nonce() for _ in range(3))[:32]
        sealed = seal(luck, name, outer, keys.nonce(), ABOUT_JOURNAL_KEY)
        inherited = journals_in(folder)
        generation = max(inherited, default=0) + 1
        journal = JournalFile(folder, generation, Secret(luck), sealed)
    except BaseException:
        os.close(lock)
        raise
    pace = Pace(monotonic)
    shelf = Shelf(folder)
    shipping = Shipping(shelf, place, pace, most_waiting) if place else None
    return FileRecorder(
        shelf=shelf,
        journals=Journals(folder, journal, Secret(luck), sealed, inherited, lock),
        reader=Reader(shelf, keys, place),
        place=place,
        shipping=shipping,
        pace=pace,
        keys=keys,
        commit=commit,
        logged=logged,
        ids=ids,
        clock=clock,
        monotonic=monotonic,
    )
