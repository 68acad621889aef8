"""`assent credentials`: a password for the day, for tools that keep one."""

import shlex
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import For, segment
from assent.cli.client import signed_in
from assent.cli.connect import connection_text, connection_url
from assent.cli.device_binding import Binding
from assent.cli.durations import distance, in_words, seconds
from assent.cli.output import AsJson

app = App(
    name="credentials",
    help="A password for the day: whoever connects with it asks for access by that.",
)


@app.command
def create(
    target: str,
    /,
    *,
    lasts_for: For = None,
    connections: Annotated[
        int, Parameter(name="--connections", help="How many connections it opens at most.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Make a password that says who you are and gives nothing; it is shown this once.

    Save it in psql's `.pgpass`, DBeaver or any other client. Access is asked for when you
    connect, and the connection goes on once people have assented.

    Parameters
    ----------
    target
        The name of the target, as `assent targets` prints it.
    """
    body: dict[str, object] = {"target": target, "connections": connections}
    if lasts_for is not None:
        body["for_s"] = seconds(lasts_for)
    client = signed_in()
    binding = Binding(client)
    minted = binding.kept(client.post("/v1/credentials", binding.of(body)))
    if as_json:
        output.show_json(minted)
        return
    now = output.now()
    text = shlex.quote(connection_text(minted))
    output.say(f"{minted['id']} says who you are on {minted['target']}; it gives no access.\n")
    output.say(f"  PGPASSWORD={shlex.quote(minted['password'])} psql {text}\n")
    output.say(f"or any other client:\n\n  {connection_url(minted)}\n")
    left = distance(minted["expires_at"], now).removeprefix("in ")
    output.say(f"Connecting asks for access, and waits for it. It is good for {left}.")


@app.command(name="list")
def listing(*, as_json: AsJson = False) -> None:
    """List yours that can still be used."""
    answer = signed_in().get("/v1/credentials")
    if as_json:
        output.show_json(answer)
    else:
        _table(answer, "there are none; `assent credentials create TARGET` makes one")


@app.command
def revoke(name: str, /, *, as_json: AsJson = False) -> None:
    """End one of yours, or all for a target; what is open goes on.

    Parameters
    ----------
    name
        Its id, as `assent credentials list` prints it, or the name of a target.
    """
    answer = signed_in().post(f"/v1/credentials/{segment(name)}/revoke")
    if as_json:
        output.show_json(answer)
        return
    for item in answer["items"]:
        output.say(f"ended: {item['id']} for {item['target']}")


def _table(answer: dict[str, Any], nothing: str) -> None:
    now = output.now()
    output.table(
        ("credential", "target", "until", "connections left"),
        [
            (
                item["id"],
                item["target"],
                in_words(item["expires_at"], now),
                str(item["connections"]),
            )
            for item in answer["items"]
        ],
        nothing,
    )
