"""What a program says that it does just now: words of its own, shown and compared, never believed.

An agent's standing task was written when it was made (`Subject.task`). This one comes with a
session or a call, in the header `assent-task` or as `assent/task` of a call's `_meta`.
"""

HEADER = "assent-task"
META = "assent/task"
LONGEST = 500
"""Characters that are kept of it."""


def task_of(text: str) -> str:
    """Return a declared task as it is kept: on one line, cut, what cannot be printed replaced."""
    line = " ".join(text[: 4 * LONGEST].split())[:LONGEST]
    return "".join(sign if sign.isprintable() else "�" for sign in line)
