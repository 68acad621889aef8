"""`assent receipt`: the proof that the log holds what you did, to keep and to verify alone."""

from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_MOST_WAIT_S = 60


def receipt(
    id: str,
    /,
    *,
    out: Annotated[
        Path, Parameter(help="The folder that the files are written to; by default, this one.")
    ] = Path(),
    wait: Annotated[
        int,
        Parameter(help="Seconds to wait for a checkpoint that a witness cosigned, at most 60."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Fetch the proof that the log holds an entry, or all entries of a request or an action.

    Writes `<entry>.tlog-proof` and `<entry>.leaf`; `assent-verify receipt` verifies them without
    any server.

    Parameters
    ----------
    id
        Of an entry (`ent_…`), a request (`req_…`) or an action (`act_…`).
    """
    if not 0 <= wait <= _MOST_WAIT_S:
        words = f"`--wait {wait}` must be 0 to {_MOST_WAIT_S} seconds"
        raise CommandFault(ExitCode.USAGE, "bad-wait", words)
    if wait:
        output.live("waiting for a witness …")
    client = signed_in().patient(30 + wait)
    found = client.get(f"/v1/audit/receipts/{quote(id, safe='')}", wait_s=wait or None)
    output.live("")
    written = [_write(out, one) for one in found["receipts"]]
    if as_json:
        output.show_json({**found, "files": [str(path) for path in written]})
        return
    for path, one in zip(written, found["receipts"], strict=True):
        by = ", ".join(one["witnesses"]) or "no witness yet"
        output.say(f"{path}  {one['kind']}, entry {one['index']} of {one['size']}; {by}")
    output.say(f"next: `assent-verify receipt {written[0]} --key KEY`, with the log's key")
    for key in found["keys"]:
        output.note(
            f"the key that this server says it has; compare it with one you trust:\n  {key}"
        )


def _write(folder: Path, one: dict[str, Any]) -> Path:
    """Write proof and leaf of a receipt; return where the proof is."""
    name = str(one["entry"])
    if not name.isascii() or not name.replace("_", "").isalnum():
        raise CommandFault(
            ExitCode.OUTSIDE, "bad-name", f"the server names an entry `{name[:80]}`, which is none"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.tlog-proof"
        path.write_text(str(one["proof"]), encoding="utf-8")
        path.with_suffix(".leaf").write_bytes(b64decode(str(one["leaf"]), validate=True))
    except ValueError as error:
        words = "the server's answer is no receipt"
        raise CommandFault(ExitCode.OUTSIDE, "bad-receipt", words) from error
    except OSError as error:
        words = f"`{folder}` cannot be written ({error.strerror}); name another with `--out`"
        raise CommandFault(ExitCode.USAGE, "cannot-write", words) from error
    return path
