"""`assent audit verify`. Verifying needs no server and trusts none."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from assent.cli import audit_export, output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

if TYPE_CHECKING:
    from assent.audit.report import Report

app = App(name="audit", help="Export the log, and prove that it is whole.")
app.command(audit_export.export)

_KEY = "key"
_MOST_FILES = 1_000_000


@app.command
def verify(
    folder: Path,
    /,
    *,
    key: Annotated[
        str | None,
        Parameter(name="--key", help="The log's public key, or a file with it, from elsewhere."),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        Parameter(name="--checkpoint", negative=(), help="A checkpoint that you kept; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Prove an export: signatures, tree, consistency, entries, payloads, story.

    Exits with 0 when the log is good, 1 when it was tampered with, 2 when it is incomplete,
    4 when the key is not the trusted one.

    Parameters
    ----------
    folder
        What `assent audit export` wrote.
    """
    from assent.audit.verify import verify_export

    trusted, own = _trusted_key(folder, key)
    kept = [path.read_text(encoding="utf-8") for path in checkpoint or ()]
    try:
        report = verify_export(_reader(folder), _names(folder), [trusted], kept)
    except ValueError as error:
        raise CommandFault(
            ExitCode.USAGE, "bad-key", f"the key cannot be used: {error}; give it with `--key`"
        ) from error
    if as_json:
        output.show_json(_as_json(report))
    else:
        _print(report, own, trusted)
    return int(report.exit_code)


def _trusted_key(folder: Path, key: str | None) -> tuple[str, bool]:
    """Return the key's text, and whether it had to be taken from the export itself."""
    if key is not None:
        return (Path(key).read_text("utf-8") if Path(key).is_file() else key).strip(), False
    found = folder / _KEY
    if not found.is_file():
        raise CommandFault(
            ExitCode.USAGE, "no-export", f"`{folder}` is not an export: it has no file `{_KEY}`"
        )
    return found.read_text("utf-8", errors="replace").strip(), True


def _reader(folder: Path) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None

    return read


def _names(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
        if len(names) > _MOST_FILES:
            raise CommandFault(ExitCode.USAGE, "too-large", f"`{folder}` holds too many files")
    return names


def _as_json(report: "Report") -> dict[str, Any]:
    return {
        "good": report.exit_code == 0,
        "exit_code": int(report.exit_code),
        "size": report.size,
        "root": report.root.hex(),
        "entries": report.entries,
        "checks": [
            {
                "number": check.number,
                "name": check.name,
                "source": check.source,
                "status": check.status.value,
                "details": list(check.details),
                "entries": [{"index": one.index, "id": one.id} for one in check.entries],
            }
            for check in report.checks
        ],
    }


def _print(report: "Report", own: bool, key: str) -> None:
    for check in report.checks:
        output.say(f"{check.number} {check.name}: {check.status.value} ({check.source})")
        for detail in check.details:
            output.say(f"    {detail}")
    entries = "1 entry is" if report.entries == 1 else f"{report.entries} entries are"
    verdict = {
        0: f"good: {entries} what was signed",
        1: "tampered: this is not what was signed",
        2: "incomplete: something is missing or still open",
        4: "untrusted: nobody you trust has signed this",
    }[int(report.exit_code)]
    output.say(f"\n{verdict}")
    if own:
        output.note(f"the key came with the export; compare it with one from elsewhere:\n  {key}")
