"""`assent connect`: a session credential, printed or handed to psql, or a certificate to ssh."""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from assent.cli import output, requests, ssh_connect
from assent.cli.access import (
    BudgetOf,
    For,
    ReadOnly,
    Reason,
    Tables,
    Ticket,
    Verbs,
    access_body,
    wish_body,
)
from assent.cli.client import Client, signed_in
from assent.cli.device_binding import Binding
from assent.cli.durations import distance, in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson


def connect(
    target: str,
    /,
    *psql_arguments: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="After `--`: arguments for psql, or ssh.")
    ],
    lasts_for: For = None,
    reason: Reason = "",
    ticket: Ticket = "",
    verbs: Verbs = "",
    tables: Tables = "",
    read_only: ReadOnly = False,
    budget: BudgetOf = "",
    connections: Annotated[
        int, Parameter(name="--connections", help="How many connections the password opens.")
    ] = 1,
    psql: Annotated[
        bool, Parameter(name="--psql", negative=(), help="Start psql right away.")
    ] = False,
    prints: Annotated[
        bool, Parameter(name="--print", negative=(), help="Print how to start ssh instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Open a target: print how to connect, or start psql; of a server that speaks SSH, start ssh.

    Where people decide first, it waits and says who is asked.

    Parameters
    ----------
    target
        The name of the target, as `assent targets` prints it.
    """
    client = signed_in()
    body = access_body(target, lasts_for, reason, ticket) | {"connections": connections}
    body |= wish_body(verbs, tables, budget, "", None, read_only=read_only, start="approval")
    opened = open_target(client, body)
    if opened.get("protocol") == "ssh":
        ssh_connect.go_on(
            client, target, connections, psql_arguments, prints=prints, as_json=as_json
        )
    else:
        hand_over(opened, psql_arguments, psql=psql, as_json=as_json)


def hand_over(
    opened: Mapping[str, Any], psql_arguments: Sequence[str], *, psql: bool, as_json: bool
) -> None:
    """Print how to connect, or become psql where that is asked for or arguments are for it."""
    if as_json:
        output.show_json(opened)
    elif opened.get("protocol", "postgres") != "postgres":
        _print_other(opened)
    elif psql or psql_arguments:
        _become_psql(opened, list(psql_arguments))
    else:
        _print(opened)


def connection_text(opened: Mapping[str, Any]) -> str:
    """Return the libpq connection string, without the password."""
    text = (
        f"host={_quoted(opened['host'])} port={opened['port']} "
        f"user={_quoted(opened['user'])} dbname={_quoted(opened['database'])}"
    )
    if "sslcert" not in opened:
        return text
    files = f"sslcert={_quoted(opened['sslcert'])} sslkey={_quoted(opened['sslkey'])}"
    return f"{text} sslmode=require {files}"


def connection_url(opened: Mapping[str, Any]) -> str:
    """Return the `postgresql://` address, with the password."""
    user, password = quote(opened["user"], safe=""), quote(opened["password"], safe="")
    database, host = quote(opened["database"], safe=""), opened["host"]
    host = f"[{host}]" if ":" in host else host
    address = f"postgresql://{user}:{password}@{host}:{opened['port']}/{database}"
    if "sslcert" not in opened:
        return address
    cert, key = quote(opened["sslcert"], safe=""), quote(opened["sslkey"], safe="")
    return f"{address}?sslmode=require&sslcert={cert}&sslkey={key}"


def open_target(client: Client, body: Mapping[str, object]) -> dict[str, Any]:
    """Return the credential; where people are asked, after they have assented."""
    binding = Binding(client)
    status, answer = client.post_for_status("/v1/connect", binding.of(body))
    if status == 202:
        requests.wait(client, answer["request"])
        # What was asked for is there now; naming it again would ask again.
        again = {name: body[name] for name in ("target", "connections")}
        status, answer = client.post_for_status("/v1/connect", binding.of(again))
    if status == 202:
        raise CommandFault(
            ExitCode.CONFLICT,
            "asked-again",
            f"something changed meanwhile and people are asked again; "
            f"see `assent show {answer['request']['id']}`",
        )
    return binding.kept(answer)


def _print(opened: Mapping[str, Any]) -> None:
    now = output.now()
    ends, expires = opened["grant"]["ends_at"], opened["expires_at"]
    connections = output.counted(opened["connections"], "connection")
    output.say(f"{opened['grant']['target']} is open until {in_words(ends, now)}. With psql:\n")
    text = shlex.quote(connection_text(opened))
    output.say(f"  PGPASSWORD={shlex.quote(opened['password'])} psql {text}\n")
    output.say(f"or any other client:\n\n  {connection_url(opened)}\n")
    left = distance(expires, now).removeprefix("in ")
    output.say(f"The password opens {connections} and is good for {left}.")


def _print_other(opened: Mapping[str, Any]) -> None:
    """Print where a target is that PostgreSQL's clients do not reach."""
    ends = in_words(opened["grant"]["ends_at"], output.now())
    output.say(f"{opened['grant']['target']} is open until {ends}: {opened['address']}\n")
    output.facts(
        [
            ("gateway", f"{opened['host']}:{opened['port']}"),
            ("user", opened["user"]),
            ("password", opened["password"]),
        ]
    )
    if opened["command"]:
        output.say(f"\nor let it be done: {opened['command']}")


def _become_psql(opened: Mapping[str, Any], arguments: list[str]) -> None:
    """Replace this process by psql. The password travels in the environment, not the arguments."""
    program = shutil.which("psql")
    if program is None:
        raise CommandFault(
            ExitCode.OUTSIDE,
            "no-psql",
            "psql is not installed; install `postgresql-client`, or leave `--psql` out "
            "and use the printed address with another client",
        )
    if arguments[:1] == ["psql"]:
        arguments = arguments[1:]
    environment = dict(os.environ, PGPASSWORD=opened["password"])
    os.execve(  # noqa: S606 - no shell is wanted
        program, ["psql", connection_text(opened), *arguments], environment
    )


def _quoted(value: str) -> str:
    """Return a value as libpq reads it (PostgreSQL manual, 32.1.1.1)."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return escaped if escaped and " " not in escaped and escaped == value else f"'{escaped}'"
