"""The results of one statement while the obligations of its permit are kept."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from assent.content.detectors import Scanner
from assent.content.masks import masked
from assent.content.patterns import OwnPattern
from assent.content.scan import Scan
from assent.core.frame import RowsFrame
from assent.protocols.postgres.messages import Cursor, frame, violation
from assent.protocols.postgres.results.copy_options import CopyOptions
from assent.protocols.postgres.results.copy_out import Records, records
from assent.protocols.postgres.results.copy_plan import CopyColumn, copy_plan
from assent.protocols.postgres.results.cursors import Source
from assent.protocols.postgres.results.fields import read_fields
from assent.protocols.postgres.results.in_force import MasksInForce, seen_flows
from assent.protocols.postgres.results.passed import Passed
from assent.protocols.postgres.results.plan import Plan, plan_of
from assent.protocols.postgres.results.recorded import Row, as_text, rows_frames
from assent.protocols.postgres.results.rows import RowMasks, row, values_of, whole_rows

MOST_ROW_BYTES = 16 * 1024 * 1024
"""Of one row, or any other message that must be whole to be looked at."""

_MANY = 1 << 62


class Through(Struct, frozen=True, gc=False):
    """What came of messages of rows. data: passes. end: of those looked at.

    held: what follows there may not pass, since a limit is reached.
    """

    data: bytes
    end: int
    held: bool = False


class Results:
    """What is done to the rows of one statement.

    passed: of all that comes from its source. withholds: what the target says of an error may
    hold masked values. newer: they come from a table that is newer than what is known. whole:
    rows must be whole to be looked at; otherwise they only pass.
    """

    __slots__ = (
        "_columns", "_copied", "_copy", "_copy_options", "_flows", "_hashed_with", "_masks",
        "_names", "_plan", "_recorded", "_records", "_row_masks", "_scan", "_scanned",
        "_sequence", "_unseen", "newer", "passed", "withholds",
    )  # fmt: skip

    def __init__(
        self,
        source: Source,
        masks: MasksInForce,
        copy: CopyOptions | None,
        patterns: tuple[OwnPattern, ...] = (),
    ) -> None:
        enforcement = source.enforcement
        self._hashed_with = enforcement.key.reveal()
        self._masks = masks
        self._unseen = source.statement is None
        self._flows = None if source.statement is None else seen_flows(source.statement)
        self._scan = (
            Scan(_scanner(tuple(sorted(enforcement.scan)), patterns), enforcement.scan)
            if enforcement.scan
            else None
        )
        self._records = enforcement.record_results
        self._copy_options = copy
        self._plan: Plan | None = None
        self._row_masks: RowMasks | None = None
        self._scanned: tuple[int, ...] = ()
        self._copy: Records | None = None
        self._columns: tuple[CopyColumn, ...] = ()
        self._copied: list[Sequence[bytes | None]] = []
        self._names: tuple[str, ...] = ()
        self._recorded: list[Row] = []
        self._sequence = 0
        self.passed: Passed = source.passed
        self.newer = False
        flows = self._flows
        self.withholds = masks.everything is not None and (
            flows is None
            or masks.named(flows.read) is not None
            or masks.changed_by(source.statement)
        )

    @property
    def described(self) -> bool:
        """Whether it is known what its rows are."""
        return self._plan is not None

    # What the target says of them first.

    def describe(self, body: bytes) -> None:
        """Take a RowDescription. Raises PeerFault."""
        fields = read_fields(body)
        self.newer = any(not self._masks.knows(field.table) for field in fields)
        self._plan = plan = plan_of(
            fields, self._flows, self._masks, scan=self._scan is not None, unseen=self._unseen
        )
        self._row_masks = RowMasks(plan, self._hashed_with)
        self._scanned = tuple(place for place, item in enumerate(plan) if item.scanned)
        self._names = tuple(item.field.name for item in plan)

    def describe_nothing(self) -> None:
        """Take a NoData: there will be no rows."""
        self._plan, self._row_masks = (), None

    def copy_begins(self, body: bytes) -> bool:
        """Take a CopyOutResponse; return whether the obligations on it can be kept."""
        cursor = Cursor(body)
        binary, count = cursor.byte() != 0, cursor.short()
        self._copy = None
        looks = self._scan is not None or self._records or self.withholds
        if not looks:
            return True
        options = self._copy_options
        if options is None or binary != (options.form == "binary"):
            return False
        flows = None if self._unseen else self._flows
        self._columns = copy_plan(options, count, flows, self._masks)
        self._names = tuple(column.name for column in self._columns)
        self._copy = records(options, count, self._copied_row, MOST_ROW_BYTES)
        return True

    # The rows.

    @property
    def whole(self) -> bool:
        """Whether rows must be whole, since something is done with them."""
        masks = self._row_masks
        touched = masks is not None and masks.touches
        return touched or bool(self._scanned) or self._records or self.passed.counts

    def rows(self, data: bytes, at: int, size: int) -> Through:
        """Take the DataRows at `at`. Raises PeerFault for what cannot be one."""
        masks = self._row_masks
        if masks is None:
            raise violation("the target sent rows before it said what they are")
        end, held = size, False
        if self.passed.counts:
            end, held = self._allowed(data, at, size)
        if masks.touches:
            shown, end = masks.rewrite(data, at, end)
        else:
            _, end = whole_rows(data, at, end, _MANY, _MANY)
            shown = data[at:end]
        if (
            self._scan is not None
            and self._scanned
            and self._scan.may_hold(masks.unmasked or shown)
        ):
            scan, places = self._scan, self._scanned
            values = values_of(shown, 0, len(shown))
            shown = b"".join(row(scan.row(one, places)) for one in values)
        if self._records and shown:
            self._keep(values_of(shown, 0, len(shown)))
        return Through(shown, end, held)

    def copied(self, data: bytes, at: int, size: int) -> Through:
        """Take the CopyDatas at `at`: for limits, each of them is a row."""
        end, held = size, False
        if self.passed.counts:
            end, held = self._allowed(data, at, size)
        else:
            _, end = whole_rows(data, at, end, _MANY, _MANY)
        if self._copy is None:
            return Through(data[at:end], end, held)
        payload = []
        while at < end:
            following = at + 1 + int.from_bytes(data[at + 1 : at + 5])
            payload.append(data[at + 5 : following])
            at = following
        shown = self._copy.feed(b"".join(payload))
        return Through(frame(b"d", shown) if shown else b"", end, held)

    def copy_ends(self) -> None:
        """Take a CopyDone. Raises PeerFault where it ends inside of a row."""
        if self._copy is not None:
            self._copy.end()

    def take_recorded(self, sequence: int, now: datetime) -> list[RowsFrame]:
        """Return the frames of what passed since the last time. sequence: of the statement."""
        if not self._recorded:
            return []
        columns = self._names if sequence != self._sequence else ()
        self._sequence = sequence
        frames = list(rows_frames(sequence, now, columns, self._recorded))
        self._recorded = []
        return frames

    def _allowed(self, data: bytes, at: int, size: int) -> tuple[int, bool]:
        """Return where the rows end that may pass, and whether one more has come that may not."""
        passed = self.passed
        rows, left = passed.rows_left, passed.bytes_left
        count, end = whole_rows(data, at, size, rows, left)
        passed.add(count, end - at)
        if end + 5 > size or data[end] != data[at]:
            return end, False
        length = 1 + int.from_bytes(data[end + 1 : end + 5])
        return end, count >= rows or end - at + length > left

    def _copied_row(self, values: list[bytes | None]) -> Sequence[bytes | None]:
        shown: list[bytes | None] = []
        for value, column in zip(values, self._columns, strict=True):
            if value is None:
                shown.append(None)
            elif column.how is not None:
                shown.append(masked(value, column.kind, column.how, self._hashed_with))
            elif self._scan is not None:
                shown.append(self._scan.value(value))
            else:
                shown.append(value)
        if self._records:
            self._keep([shown])
        return shown

    def _keep(self, rows: Sequence[Sequence[bytes | None]]) -> None:
        if self._copy is not None:
            binary = self._copy_options is not None and self._copy_options.form == "binary"
            kinds = [(column.type, binary) for column in self._columns]
        else:
            kinds = [(item.field.kind, item.field.binary) for item in self._plan or ()]
        for values in rows:
            self._recorded.append(
                tuple(
                    as_text(value, kind, binary=binary)
                    for value, (kind, binary) in zip(values, kinds, strict=True)
                )
            )


@lru_cache(maxsize=64)
def _scanner(labels: tuple[str, ...], patterns: tuple[OwnPattern, ...]) -> Scanner:
    return Scanner(labels, patterns)
