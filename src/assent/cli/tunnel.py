"""`assent tunnel`: a TCP target on a port of this machine."""

from typing import Annotated

from cyclopts import Parameter

from assent.cli import output
from assent.cli.access import For, Reason, Ticket, access_body
from assent.cli.client import Client, signed_in
from assent.cli.connect import open_target
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_CONNECTIONS = 16


def tunnel(
    target: str,
    /,
    *command: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help="After `--`: what to run meanwhile; `{host}` and `{port}` in it are where it is.",
        ),
    ],
    listen: Annotated[
        str, Parameter(name="--listen", help="Where to listen, on this machine; port 0: any.")
    ] = "127.0.0.1:0",
    lasts_for: For = None,
    reason: Reason = "",
    ticket: Ticket = "",
    connections: Annotated[
        int, Parameter(name="--connections", help="How many streams a password opens.")
    ] = _CONNECTIONS,
    as_json: AsJson = False,
) -> int:
    """Carry what connects to a port of this machine to a TCP target, through the gateway.

    Each stream is decided on its own, and waits where people must assent. It ends with Ctrl-C, or
    with the command; its exit code is then the command's.

    Parameters
    ----------
    target
        The name of the target, as `assent targets` prints it.
    """
    from assent.cli.tunnelling import Door, run

    host, port = _address(listen)
    client = signed_in()
    body = access_body(target, lasts_for, reason, ticket) | {"connections": connections}
    again = {"target": target, "connections": connections}
    first = _opened(client, target, body)
    door = Door(first, lambda: _opened(client, target, again))

    def listening(at_host: str, at_port: int) -> None:
        shown = {"target": target, "host": at_host, "port": at_port, "grant": first["grant"]}
        if as_json:
            output.show_json(shown)
        else:
            output.say(f"{target} is at {at_host}:{at_port}; Ctrl-C ends it")

    return run(door, host, port, command, listening)


def _opened(client: Client, target: str, body: dict[str, object]) -> dict[str, object]:
    opened = open_target(client, body)
    if opened["protocol"] != "tcp":
        words = f"`{target}` speaks {opened['protocol']}: {opened['command'] or 'see its page'}"
        raise CommandFault(ExitCode.USAGE, "no-tcp", words)
    return opened


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        words = f"`{text[:80]}` is no address such as `127.0.0.1:6379`"
        raise CommandFault(ExitCode.USAGE, "listen", words)
    if host not in ("127.0.0.1", "::1", "localhost"):
        words = f"`{host[:80]}` is no address of this machine alone: whoever reaches it acts as you"
        raise CommandFault(ExitCode.USAGE, "listen", words)
    return host, int(port)
