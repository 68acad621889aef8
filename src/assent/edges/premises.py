"""What everything that runs stands on: built first, taken down last."""

from dataclasses import dataclass
from pathlib import Path

from assent.config import Config
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.edges.log_keys import LogKeysOnDisk
from assent.stores import SqlStore
from assent.stores.recordings import FileRecorder


@dataclass(frozen=True, slots=True)
class Premises:
    """What every edge may be built with. data: the data folder. log_keys: that sign the log."""

    config: Config
    data: Path
    clock: Clock
    ids: Ids
    log_keys: LogKeysOnDisk
    store: SqlStore
    recorder: FileRecorder
