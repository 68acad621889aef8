"""How rows of looked_through.jsonl are read, and what of their expectations is missing.

before: what ran in the session. schema: SQL that the database has besides schema.sql. touches:
all of them have to be told. only, tables: nothing else may be.
"""

import json
from pathlib import Path
from typing import Any

from assent.core.action import Operation, Statement, Touch
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.session_names import SessionNames
from assent.protocols.postgres.statements import Classifier

HERE = Path(__file__).parent / "bypasses"
PATH = ("public",)


def load(file: str) -> list[dict[str, Any]]:
    """Return the rows of a file beside this one."""
    return [json.loads(line) for line in (HERE / file).read_text(encoding="utf-8").splitlines()]


class Readers:
    """Reads rows with a catalogue, in sessions of their own."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._knowledge = Knowledge(Classifier)
        self._knowledge.replace(catalogue)

    def read(self, row: dict[str, Any]) -> Statement:
        """Return what a row's text does behind what was run before it."""
        session = SessionNames(PATH, "postgres")
        for text in row.get("before", ()):
            session.ran(session.read(self._knowledge.reader, text))
        return session.read(self._knowledge.reader, row["text"])


def told(touch: Touch) -> str:
    """Return a touch as rows write it."""
    through = f" via {touch.through}" if touch.through else ""
    return f"{touch.verb} {touch.resource.kind} {touch.resource.name}{through}"


def meets(touch: Touch, wanted: str) -> bool:
    """Return whether a touch is what a row asks for.

    `via *` is any way but the text's own naming, no `via` any way at all; `sql.unknown *` is
    any resource.
    """
    what, _, through = wanted.partition(" via ")
    if through and (not touch.through if through == "*" else touch.through != through):
        return False
    verb, _, resource = what.partition(" ")
    if verb != touch.verb:
        return False
    named = f"{touch.resource.kind} {touch.resource.name}"
    return resource in ("*", named) or (resource == "Table *" and touch.resource.kind == "Table")


def missing(row: dict[str, Any], reading: Statement) -> list[str]:
    """Return what a row expects and the reading does not say; complete: null for either.

    An unknown touch stands for whatever was not seen, where a row leaves completeness open.
    """
    wanted = row["expect"]
    unknown = any(touch.operation is Operation.UNKNOWN for touch in reading.touches)
    found = []
    if wanted["complete"] is not None and reading.complete is not wanted["complete"]:
        found.append(f"complete: {wanted['complete']}")
    if wanted["complete"] is None and unknown:
        return found
    return found + [
        one for one in wanted["touches"] if not any(meets(touch, one) for touch in reading.touches)
    ]


def wrong(row: dict[str, Any], reading: Statement) -> list[str]:
    """Return what is misread."""
    expected = row["expect"]
    if "touches" in expected:
        return missing(row, reading)
    found = [] if reading.complete else [*reading.problems]
    for touch in reading.touches:
        kept = touch.verb in expected.get("only", {touch.verb})
        names = expected.get("tables", [touch.resource.name])
        if not kept or (touch.resource.kind == "Table" and touch.resource.name not in names):
            found.append(f"too much: {told(touch)}")
    return found
