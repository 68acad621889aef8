"""What the entries of a log say together: checks 9 to 12.

docs/specs/log-format.md, What the entries must say together. A `Story` reads the entries of one
range; `merge` puts together what the ranges left. What began and ended within one range is
forgotten there, so that a log of any length can be read.
"""

from assent_verify.story.merging import Ending, merge, sessions_of
from assent_verify.story.policies import can_ask
from assent_verify.story.ranges import Residue, Story
from assent_verify.story.recordings import Recording, check_recording
from assent_verify.story.texts import may_declare, texts_in

__all__ = [
    "Ending",
    "Recording",
    "Residue",
    "Story",
    "can_ask",
    "check_recording",
    "may_declare",
    "merge",
    "sessions_of",
    "texts_in",
]
