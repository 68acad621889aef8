"""`assent audit`: the log, for those who look at it and those who look after it."""

from typing import Annotated

from cyclopts import App, Parameter

from assent.cli import (
    audit_administration,
    audit_bundles,
    audit_export,
    audit_exporters,
    audit_witnesses,
)

app = App(name="audit", help="Export the log, and prove that it is whole.")
app.command(audit_export.export)
app.command(audit_bundles.bundle)
for _command in (
    audit_administration.erase,
    audit_administration.hold,
    audit_administration.holds,
    audit_administration.lift,
    audit_administration.prune,
    audit_administration.keys,
):
    app.command(_command)
app.command(audit_exporters.exporters)
app.command(audit_witnesses.status)
app.command(audit_witnesses.rotate_key)


@app.command(help_flags=[])
def verify(
    *arguments: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
) -> int:
    """Prove an export, as `assent-verify log` does: it needs no server and trusts none.

    Give it the folder or the address of the export and whom you trust: `--key KEY` or `--policy
    FILE`. `--checkpoint` and `--receipt` name what you kept; `--fresh-within 1h` asks that somebody
    outside saw the log since; `--help` explains all.

    Exits with 0 when the log is good, 1 when it was tampered with, 2 when it is incomplete, 3 when
    it is stale, 4 when nobody whom you trust signed it, 64 when the command was not understood.
    """
    from assent_verify.__main__ import main

    return main(["log", *arguments])
