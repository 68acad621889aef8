"""What everything that runs stands on: built first, taken down last."""

from dataclasses import dataclass
from pathlib import Path

from assent.audit.note import Signer
from assent.config import Config
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.stores import SqlStore
from assent.stores.recordings import FileRecorder


@dataclass(frozen=True, slots=True)
class Premises:
    """What every edge may be built with. data: the data folder. signer: of the log."""

    config: Config
    data: Path
    clock: Clock
    ids: Ids
    signer: Signer
    store: SqlStore
    recorder: FileRecorder
