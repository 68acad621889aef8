"""Recordings in files, and in a store of objects: the journal, segments, reading them back."""

from assent.stores.recordings.recorder import FileRecorder, open_recorder

__all__ = ["FileRecorder", "open_recorder"]
