"""What the API returns of evidence packs, as JSON Schema knows it."""

from typing import Literal

from pydantic import BaseModel, Field

from assent.api.risk_schemas import Instant


class ReportCheckpointOut(BaseModel):
    """The checkpoint that a report rests on. root: hex. note: C2SP signed note."""

    size: int
    root: str
    at: Instant
    note: str


class ReportLookerOut(BaseModel):
    """Somebody outside who saw the log. kind: `witness`, or that of an anchor."""

    name: str
    kind: str
    size: int | None
    at: Instant | None
    problem: str


class ReportEntriesOut(BaseModel):
    """Which entries were read: indexes, half open, and how many of them lie in the period."""

    first: int
    last: int
    in_period: int


class ReportFigureOut(BaseModel):
    """A number for the first page."""

    label: str
    value: int
    about: str


class ReportBarsOut(BaseModel):
    """Names and numbers, the largest first."""

    title: str
    items: list[tuple[str, int]]


class ReportColumnOut(BaseModel):
    """A column of a table."""

    name: str
    kind: Literal["text", "time", "number", "id"]
    about: str


class ReportTableOut(BaseModel):
    """A table. count: how many rows there were; the first 20,000 are here."""

    name: str
    title: str
    about: str
    columns: list[ReportColumnOut]
    rows: list[list[str | int | None]]
    count: int
    empty: str


class ReportControlOut(BaseModel):
    """A control that the report supports, and what it does not show of it."""

    framework: str
    clause: str
    about: str
    shows: str
    where: str
    not_shown: str


class ReportOut(BaseModel):
    """An evidence pack over a period.

    entry: of the log, that says that it was made. verification: that the server does not verify
    itself; `assent report` verifies an export.
    """

    report: Literal["access-review", "privileged-actions", "approvals", "break-glass"]
    title: str
    since: Instant
    until: Instant
    made_at: Instant
    made_by: str
    entry: str
    origin: str
    checkpoint: ReportCheckpointOut
    verification: str = Field(examples=["not verified here"])
    witnesses: list[ReportLookerOut]
    entries: ReportEntriesOut
    left_out: list[str]
    figures: list[ReportFigureOut]
    bars: list[ReportBarsOut]
    tables: list[ReportTableOut]
    notes: list[str]
    controls: list[ReportControlOut]
