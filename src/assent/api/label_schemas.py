"""What the API returns of labels, as JSON Schema knows it."""

from typing import Literal

from pydantic import BaseModel

from assent.api.risk_schemas import Instant


class LabelOut(BaseModel):
    """A label of a column, table, schema or database.

    matched, sampled: so many of so many values looked like it; 0 where the configuration says it.
    at, by: when and by whom it was suggested or decided.
    """

    name: str
    label: str
    state: Literal["suggested", "approved", "rejected"]
    source: Literal["hand", "rule", "scan"]
    matched: int
    sampled: int
    at: Instant | None
    by: str | None


class LabelsOut(BaseModel):
    """All that is said of a target."""

    items: list[LabelOut]


class ScanOut(BaseModel):
    """How a scan stands. left_out: tables that could not be read. suggested: new suggestions."""

    state: Literal["none", "running", "done", "failed"]
    tables: int
    tables_done: int
    columns: int
    left_out: int
    suggested: int
    words: str
