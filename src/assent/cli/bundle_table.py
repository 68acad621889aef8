"""Events as a table in Apache Parquet, for whoever asks them by columns."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from assent.cli.exit_codes import CommandFault, ExitCode

_ROWS = 8_192


class EventTable:
    """Writes a file, some thousand rows at a time. Raises CommandFault where pyarrow is missing."""

    def __init__(self, path: Path) -> None:
        self.check()
        import pyarrow
        from pyarrow import parquet

        self._arrow = pyarrow
        self._schema = pyarrow.schema(
            [
                ("index", pyarrow.int64()),
                ("time", pyarrow.timestamp("ms", "UTC")),
                ("entry", pyarrow.string()),
                ("kind", pyarrow.string()),
                ("class_uid", pyarrow.int32()),
                ("activity_id", pyarrow.int32()),
                ("severity_id", pyarrow.int32()),
                ("status_id", pyarrow.int32()),
                ("disposition_id", pyarrow.int32()),
                ("risk_score", pyarrow.int32()),
                ("subject", pyarrow.string()),
                ("subject_name", pyarrow.string()),
                ("target", pyarrow.string()),
                ("session", pyarrow.string()),
                ("request", pyarrow.string()),
                ("verb", pyarrow.string()),
                ("leaf_hash", pyarrow.string()),
                ("event", pyarrow.string()),
            ]
        )
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    @staticmethod
    def check() -> None:
        """Raise CommandFault where the library for it is missing."""
        try:
            import pyarrow.parquet  # noqa: F401 (it is only looked for)
        except ImportError:
            words = "`--format parquet` needs pyarrow; install `assent[parquet]`"
            raise CommandFault(ExitCode.USAGE, "no-parquet", words) from None

    def add(self, event: Mapping[str, Any]) -> None:
        """Add an event; its columns are what is asked most, and `event` is all of it as JSON."""
        self._rows.append(columns(event))
        if len(self._rows) >= _ROWS:
            self._flush()

    def __enter__(self) -> "EventTable":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
            self._rows = []


def columns(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an event."""
    proof = event["unmapped"]["assent"]
    user = event.get("actor", {}).get("user", {})
    numbers = ("class_uid", "activity_id", "severity_id", "status_id", "disposition_id")
    return {
        "index": proof["index"],
        "time": event["time"],
        "entry": event["metadata"]["uid"],
        "kind": event["metadata"]["event_code"],
        **{name: event.get(name) for name in (*numbers, "risk_score")},
        "subject": user.get("uid"),
        "subject_name": user.get("name"),
        **{name: proof.get(name) for name in ("target", "session", "request", "verb")},
        "leaf_hash": proof["leaf_hash"],
        "event": json.dumps(event, separators=(",", ":"), sort_keys=True),
    }
