"""Recordings in files, and in a store of objects: the journal, segments, reading them back."""

from assent.stores.recordings.opening import open_recorder
from assent.stores.recordings.recorder import FileRecorder

__all__ = ["FileRecorder", "open_recorder"]
