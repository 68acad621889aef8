"""`assent demo`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def demo(
    *,
    story_only: Annotated[
        bool,
        Parameter(name="--story-only", negative=(), help="Play the story, check it, and end."),
    ] = False,
    folder: Annotated[
        Path | None,
        Parameter(name="--folder", help="Keep the world in this folder; it must be empty."),
    ] = None,
) -> int:
    """Play the story on a real PostgreSQL with the real psql, then stay up for you.

    Exits with 1 when a step of the story was not observed.
    """
    import uvloop

    from assent.demo.stage import perform

    return uvloop.run(perform(folder, story_only))
