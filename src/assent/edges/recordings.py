"""Where recordings are kept, as the configuration has it."""

import asyncio
import functools
from pathlib import Path

from assent.config import Config
from assent.control.recordings import logged_digests
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.credentials.references import reveal_reference
from assent.stores import SqlStore
from assent.stores.recordings import FileRecorder, open_recorder
from assent.stores.recordings.places import Place, object_store

FOLDER = "recordings"
_MEGABYTE = 1024 * 1024


async def recorder(
    config: Config, data: Path, store: SqlStore, ids: Ids, clock: Clock
) -> FileRecorder:
    """Return what records sessions. data: the data folder. Raises OperatorFault, OutsideFault."""
    place: Place | None = None
    if config.recordings.place == "s3":
        place = await asyncio.to_thread(
            object_store,
            config.recordings,
            lambda reference: reveal_reference(reference, config.folder),
            clock,
        )
    return await open_recorder(
        data / FOLDER,
        store.commit,
        functools.partial(logged_digests, store),
        store.keyring,
        ids,
        clock,
        place=place,
        most_waiting=config.recordings.most_waiting_mb * _MEGABYTE,
    )
