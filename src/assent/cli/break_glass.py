"""`assent break-glass`: access at once, in an emergency."""

from typing import Annotated

from cyclopts import Parameter

from assent.cli import output, requests
from assent.cli.access import For, Ticket
from assent.cli.client import signed_in
from assent.cli.connect import hand_over
from assent.cli.device_binding import Binding
from assent.cli.durations import in_words, seconds
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_SHORTEST = 10


def break_glass(
    target: str,
    /,
    *psql_arguments: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="After `--`: arguments for psql.")
    ],
    reason: Annotated[
        str, Parameter(name="--reason", help="What has happened; others read it and review it.")
    ],
    lasts_for: For = None,
    ticket: Ticket = "",
    connections: Annotated[
        int, Parameter(name="--connections", help="How many connections the password opens.")
    ] = 1,
    psql: Annotated[
        bool, Parameter(name="--psql", negative=(), help="Start psql right away.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Open a target at once, in an emergency: an hour at most, recorded, told to everybody.

    Somebody else reviews it; while that is overdue you cannot do it again.

    Parameters
    ----------
    target
        The name of the target, as `assent targets` prints it.
    """
    if len(reason.strip()) < _SHORTEST:
        words = f"say what has happened, in {_SHORTEST} characters at least"
        raise CommandFault(ExitCode.USAGE, "reason", words)
    client = signed_in()
    body: dict[str, object] = {
        "target": target,
        "reason": reason.strip(),
        "ticket": ticket,
        "connections": connections,
    }
    if lasts_for is not None:
        body["for_s"] = seconds(lasts_for)
    binding = Binding(client)
    status, opened = client.post_for_status("/v1/break-glass", binding.of(body))
    if status == 202:
        requests.wait(client, opened["request"])
        # It is there now; breaking the glass again would be another time.
        again = {"target": target, "connections": connections}
        opened = client.post("/v1/connect", binding.of(again))
    opened = binding.kept(opened)
    if not as_json:
        now = output.now()
        for review in opened.get("reviews", ()):
            who = review["group"].replace("|", " or ")
            until = in_words(review["due_at"], now)
            output.note(f"to be reviewed by {who} until {until}: {review['id']}")
        output.note("everything is recorded, and others were told")
    hand_over(opened, psql_arguments, psql=psql, as_json=as_json)
