"""Verifies the log that a report rests on: an export, by the verifier, and the report against it.

The server that made the report is not believed: its checkpoint has to be one that the export
continues, and each entry that a table names has to be in the export.
"""

import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assent.audit.tiles import TILE_WIDTH, bundle_path, salvage_bundle
from assent.cli import output
from assent.cli.audit_export import fetch
from assent.cli.client import Client
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.core.clock import isoformat

_RECEIPT = "receipt"
_CONSISTENCY = 3


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the reader trusts, as `assent audit verify` takes it. Without both: the server's key.

    folder: of an export, to be made or continued; None for one that is deleted afterwards.
    """

    key: str | None = None
    policy: Path | None = None
    fresh_within: str | None = None
    folder: Path | None = None

    @property
    def pinned(self) -> bool:
        """Whether it comes from somebody else than the server."""
        return self.key is not None or self.policy is not None


def verified(client: Client, pack: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
    """Return what the verifier says of an export made now, as JSON, and of the report's rows.

    Raises CommandFault.
    """
    if trust.folder is not None:
        return _verified_in(trust.folder, client, pack, trust)
    with tempfile.TemporaryDirectory(prefix="assent-report-") as folder:
        return _verified_in(Path(folder) / "export", client, pack, trust)


def _verified_in(
    folder: Path, client: Client, pack: Mapping[str, Any], trust: Trust
) -> dict[str, Any]:
    fetch(folder, client)
    with tempfile.TemporaryDirectory(prefix="assent-kept-") as kept:
        checkpoint = Path(kept) / "checkpoint-of-this-report"
        checkpoint.write_text(pack["checkpoint"]["note"], encoding="utf-8")
        said = _verify(folder, checkpoint, trust)
    consistency = next(one for one in said["checks"] if one["number"] == _CONSISTENCY)
    return {
        **said,
        "at": isoformat(output.now()),
        "pinned": trust.pinned,
        "trusted": f"the policy {trust.policy.name}" if trust.policy else "the key that was given",
        "continues": consistency["status"] == "ok",
        "rows": _compared(folder, pack),
    }


def _verify(folder: Path, checkpoint: Path, trust: Trust) -> dict[str, Any]:
    from assent_verify.__main__ import main

    words = ["log", str(folder), "--json", "--checkpoint", str(checkpoint)]
    if trust.policy is not None:
        words += ["--policy", str(trust.policy)]
    else:
        words += ["--key", trust.key or str(folder / "key")]
    if trust.fresh_within is not None:
        words += ["--fresh-within", trust.fresh_within]
    said = io.StringIO()
    # Its progress, and what it does not understand, go to stderr as they come.
    with redirect_stdout(said):
        main(words)
    if not said.getvalue():
        told = "the log was not verified: `--key`, `--policy` or `--fresh-within` cannot be used"
        raise CommandFault(ExitCode.USAGE, "not-verified", told)
    found: dict[str, Any] = json.loads(said.getvalue())
    return found


def _compared(folder: Path, pack: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many entries the tables name, which the export lacks, and a count of its own."""
    named = set(_named(pack))
    missing, in_period = set(named), 0
    for leaf in _leaves(folder, pack["entries"]["first"], pack["entries"]["last"]):
        missing.discard(leaf["id"])
        in_period += pack["since"] <= leaf["at"] < pack["until"]
    return {"named": len(named), "missing": sorted(missing), "in_period": in_period}


def _named(pack: Mapping[str, Any]) -> Iterator[str]:
    for table in pack["tables"]:
        places = [at for at, one in enumerate(table["columns"]) if one["name"] == _RECEIPT]
        for row in table["rows"]:
            yield from (str(row[place]) for place in places if row[place])


def _leaves(folder: Path, first: int, last: int) -> Iterator[Mapping[str, Any]]:
    """Yield entries of an export by index; what cannot be read is not there."""
    for bundle in range(first // TILE_WIDTH, -(-last // TILE_WIDTH)):
        start = bundle * TILE_WIDTH
        for number, leaf in enumerate(_bundle(folder, bundle), start):
            if first <= number < last:
                try:
                    read = json.loads(leaf)
                except ValueError:
                    continue
                if isinstance(read, dict) and {"id", "at"} <= set(read):
                    yield read


def _bundle(folder: Path, bundle: int) -> list[bytes]:
    whole = folder / bundle_path(bundle)
    if whole.is_file():
        return salvage_bundle(whole.read_bytes(), TILE_WIDTH)[0]
    partial = Path(f"{whole}.p")
    widths = [int(one.name) for one in partial.iterdir()] if partial.is_dir() else []
    if not widths:
        return []
    width = max(widths)
    return salvage_bundle((partial / str(width)).read_bytes(), width)[0]
