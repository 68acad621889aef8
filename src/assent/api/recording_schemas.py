"""What is said of recordings."""

from pydantic import BaseModel, JsonValue

from assent.api.schemas import SessionOut


class SegmentOut(BaseModel):
    """A sealed part of a recording, as the log has it. bytes, digest: of what is stored."""

    number: int
    digest: str
    key: str
    bytes: int
    frames: int
    first_frame: int
    first_sequence: int
    last_sequence: int


class RecordingOut(BaseModel):
    """How much is sealed of a session."""

    session: SessionOut
    segments: int
    frames: int
    bytes: int


class RecordingsOut(BaseModel):
    """Sessions, with how much is sealed of each."""

    items: list[RecordingOut]


class CheckedRecordingOut(BaseModel):
    """A recording beside the log. whole: nothing is wrong with it, as far as it is sealed.

    problems: what is wrong, in words. erased: segments whose key was destroyed. ended_frames,
    ended_segments: what the log says that the session ended with, null where it says nothing.
    """

    session: SessionOut
    whole: bool
    problems: list[str]
    erased: list[int]
    ended_frames: int | None
    ended_segments: int | None
    segments: list[SegmentOut]


class RecordedFrameOut(BaseModel):
    """A frame, and its number in the session."""

    number: int
    frame: dict[str, JsonValue]


class RecordedFramesOut(BaseModel):
    """Frames in order. after: where the next page begins, null when there are no more."""

    session: SessionOut
    frames: list[RecordedFrameOut]
    after: int | None
