"""`assent audit bundle`: the events of a period in a folder, each with its proof."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from assent.audit import bundles
from assent.cli import output
from assent.cli.bundle_table import EventTable
from assent.cli.client import Client, signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.cli.search import instant_text


def bundle(
    folder: Path,
    /,
    *,
    since: Annotated[str, Parameter(help="From when on: `march`, `2026-03`, `yesterday`, `7d`.")],
    until: Annotated[str, Parameter(help="Before when, in the same words.")] = "now",
    format: Annotated[
        Literal["jsonl", "parquet"], Parameter(help="Of the events: lines of JSON, or Parquet.")
    ] = "jsonl",
    with_text: Annotated[
        bool, Parameter(negative=(), help="With statements, reasons and comments.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the events of a period into a folder, as OCSF, with the proof of every one.

    For those who may export; that it was made is in the log. `assent-verify bundle` proves the
    folder without any server.

    Parameters
    ----------
    folder
        Where to; made when it is not there, and must be empty.
    """
    if folder.exists() and any(folder.iterdir()):
        words = f"`{folder}` holds something already; name an empty folder"
        raise CommandFault(ExitCode.USAGE, "not-empty", words)
    now = output.now()
    period = {
        "since": instant_text(since, now),
        "until": now.isoformat() if until == "now" else instant_text(until, now),
    }
    if format == "parquet":
        EventTable.check()
    client = signed_in().patient(60)
    begun = client.post("/v1/audit/bundle", {**period, "text": with_text})
    events = bundles.EVENTS if format == "jsonl" else bundles.PARQUET
    try:
        folder.mkdir(parents=True, exist_ok=True)
        count = _write(folder, client, begun, events)
        _write_head(folder, begun, period, events)
    except OSError as error:
        words = f"`{folder}` cannot be written ({error.strerror}); name another"
        raise CommandFault(ExitCode.USAGE, "cannot-write", words) from error
    if as_json:
        output.show_json({"folder": str(folder), "events": count, "size": begun["size"]})
        return
    output.say(f"{output.counted(count, 'event')} in {folder}, each with its proof")
    output.say(f"next: `assent-verify bundle {folder} --key KEY`, with the log's key")


def _write(folder: Path, client: Client, begun: Mapping[str, Any], events: str) -> int:
    """Write events and proofs; return how many. What is half done has no checkpoint."""
    count = 0
    with ExitStack() as files:
        proofs = files.enter_context((folder / bundles.PROOFS).open("wb"))
        table = lines = None
        if events == bundles.PARQUET:
            table = files.enter_context(EventTable(folder / events))
        else:
            lines = files.enter_context((folder / events).open("wb"))
        for row in _rows(client, int(begun["first"]), int(begun["end"])):
            leaf, hashes = _decoded(row)
            proofs.write(bundles.proof_line(int(row["index"]), leaf, hashes))
            if table is not None:
                table.add(row["event"])
            if lines is not None:
                lines.write(bundles.event_line(row["event"]))
            count += 1
    output.live("")
    return count


def _rows(client: Client, first: int, end: int) -> Iterator[dict[str, Any]]:
    """Return the rows, page after page. Raises CommandFault where one is missing."""
    expected = first
    while expected < end:
        page = client.get("/v1/audit/bundle/rows", start=str(expected))["rows"]
        for row in page:
            if row["index"] != expected:
                break
            yield row
            expected += 1
        if not page or page[-1]["index"] != expected - 1:
            words = f"the server has no entry {expected} any more; name a later period"
            raise CommandFault(ExitCode.OUTSIDE, "row-missing", words)
        output.live(f"{expected - first} of {end - first} events")


def _decoded(row: Mapping[str, Any]) -> tuple[bytes, list[bytes]]:
    try:
        leaf = b64decode(str(row["leaf"]), validate=True)
        return leaf, [b64decode(str(one), validate=True) for one in row["hashes"]]
    except ValueError as error:
        words = "the server's answer is no row of a bundle"
        raise CommandFault(ExitCode.OUTSIDE, "bad-row", words) from error


def _write_head(
    folder: Path, begun: Mapping[str, Any], period: Mapping[str, str | None], events: str
) -> None:
    said = bundles.describe(
        int(begun["first"]),
        int(begun["end"]),
        str(period["since"]),
        str(period["until"]),
        events,
    )
    (folder / bundles.DESCRIPTION).write_bytes(said)
    (folder / bundles.KEY).write_text("".join(f"{key}\n" for key in begun["keys"]), "utf-8")
    (folder / bundles.CHECKPOINT).write_text(str(begun["checkpoint"]), "utf-8")
