"""`assent witness`: a witness for other people's logs, in a folder and with a key of its own."""

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

if TYPE_CHECKING:
    from assent.audit.note import Verifier
    from assent.witnesses.witness import Witness

app = App(name="witness", help="Witness other logs: sign that they only ever grew.")


@app.command
def init(
    folder: Path,
    /,
    *,
    name: Annotated[str, Parameter(help="The key's name, such as `witness.example.org/w1`.")],
    kind: Annotated[
        Literal["ed25519", "ml-dsa-44"], Parameter(help="Of its key; ml-dsa-44 is post-quantum.")
    ] = "ed25519",
    as_json: AsJson = False,
) -> None:
    """Make a witness: a folder with a key that nobody else has.

    Run it on another machine than the log, under people who do not run the log.

    Parameters
    ----------
    folder
        Where to; is made, and must be empty.
    """
    from assent.witnesses import state

    key = state.init(folder, name, kind).verifier.text()
    if as_json:
        output.show_json({"folder": str(folder), "name": name, "key": key})
        return
    output.say(key)
    output.note("that is its public key: for `[[audit.witnesses]] key`, and for who verifies")


@app.command
def serve(
    folder: Path,
    /,
    *,
    listen: Annotated[str, Parameter(help="`host:port`; port 0 takes a free one.")],
    log: Annotated[
        list[str],
        Parameter(negative=(), help="The public key of a log, or a file with keys; repeatable."),
    ],
) -> None:
    """Witness these logs until Ctrl-C or SIGTERM. Put TLS in front of it (a reverse proxy).

    What shows that a log was forked is kept in the folder and printed at once.

    Parameters
    ----------
    folder
        That `assent witness init` made.
    """
    from assent.core.faults import OperatorFault
    from assent.system.clock import SystemClock
    from assent.witnesses import state
    from assent.witnesses.witness import Witness

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        words = f"`--listen {listen[:80]}` is not `host:port`"
        raise CommandFault(ExitCode.USAGE, "bad-address", words)
    kept = state.WitnessFolder(folder)
    cosigner = state.read_key(folder)
    witness = Witness(kept, cosigner, _logs(log), SystemClock(), output.note)
    with kept.locked():
        kept.notes()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host.strip("[]"), int(port)), family=family)
        except OSError as cause:
            words = f"`{listen}` cannot be listened on ({cause.strerror})"
            raise OperatorFault("address-in-use", words) from cause
        with listening:
            bound = listening.getsockname()
            output.note(f"witness `{cosigner.verifier.name}` at http://{bound[0]}:{bound[1]}")
            asyncio.run(_until_told(witness, listening))


@app.command
def status(folder: Path, /, *, as_json: AsJson = False) -> int:
    """Say what a witness has cosigned, and what evidence it keeps.

    Ends with 7 when it keeps evidence of a fork, else with 0.

    Parameters
    ----------
    folder
        That `assent witness init` made.
    """
    from assent.witnesses import state

    kept, cosigner = state.WitnessFolder(folder), state.read_key(folder)
    logs = [state.body_of(note, folder / "logs") for note in kept.notes()]
    evidence = [path.name for path in kept.evidence()]
    if as_json:
        output.show_json(
            {
                "key": cosigner.verifier.text(),
                "logs": [
                    {"origin": one.origin, "size": one.size, "root": one.root.hex()} for one in logs
                ],
                "evidence": evidence,
            }
        )
    else:
        output.say(f"key  {cosigner.verifier.text()}\n")
        rows = [(one.origin, str(one.size), one.root.hex()) for one in logs]
        output.table(("log", "entries", "root"), rows, "nothing was cosigned yet")
        for name in evidence:
            output.say(f"evidence  {folder / 'evidence' / name}")
    forked = any(name.startswith("fork-") for name in evidence)
    return ExitCode.OPERATOR if forked else ExitCode.OK


def _logs(given: list[str]) -> "list[Verifier]":
    """Return the keys of the logs, each a text or in a file with one a line."""
    from assent.audit.note import parse_verifier

    found = []
    for text in given:
        path = Path(text)
        lines = path.read_text("utf-8").split() if "+" not in text and path.is_file() else [text]
        for line in lines:
            try:
                found.append(parse_verifier(line.strip()))
            except ValueError as error:
                words = f"{error}; name a log's public key, or a file with such keys"
                raise CommandFault(ExitCode.USAGE, "bad-key", words) from error
    return found


async def _until_told(witness: "Witness", listening: socket.socket) -> None:
    from assent.cli.serve import stop_event
    from assent.witnesses.server import server_of

    stop = stop_event(asyncio.get_running_loop())
    server = server_of(witness)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[listening]))
        stopping = tasks.create_task(stop.wait())
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        stopping.cancel()
    output.note("stopping")
