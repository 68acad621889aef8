"""`assent agents`: subjects that act for you, with no more than you have."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.output import AsJson
from assent.cli.tokens import USUAL, Allow, TokenFor, show_minted, wished
from assent.cli.workloads import Task, change, show_all, show_made

app = App(name="agents", help="Agents: they act for you, within your groups, and never assent.")

_PATH = "/v1/agents"
Groups = Annotated[
    Sequence[str],
    Parameter(
        name="--group",
        negative=(),
        consume_multiple=False,
        help="A group of the person's that it is in; by default all that give no role.",
    ),
]


@app.command
def create(
    name: str,
    /,
    *,
    task: Task,
    group: Groups = (),
    person: Annotated[
        str, Parameter(name="--person", help="For whom it acts, for administrators.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make an agent that acts for you.

    Parameters
    ----------
    name
        What it is called: a-z, 0-9, `.`, `_` and `-`.
    """
    body: dict[str, object] = {"name": name, "task": task}
    if group:
        body["groups"] = list(group)
    if person:
        body["person"] = person
    show_made(signed_in().post(_PATH, body), "agents", as_json=as_json)


@app.command(name="list")
def listing(*, as_json: AsJson = False) -> None:
    """List your agents; everybody's, if you see people."""
    nothing = "there are no agents; `assent agents create NAME --task …` makes one"
    show_all(_PATH, nothing, as_json=as_json)


@app.command
def disable(name: str, /, *, as_json: AsJson = False) -> None:
    """Disable an agent at once: its tokens are gone, what it has open is cut.

    Parameters
    ----------
    name
        Its name, as `assent agents list` prints it.
    """
    change(_PATH, name, "disable", as_json=as_json)


@app.command
def enable(name: str, /, *, as_json: AsJson = False) -> None:
    """Enable an agent again; it needs a new token.

    Parameters
    ----------
    name
        Its name, as `assent agents list` prints it.
    """
    change(_PATH, name, "enable", as_json=as_json)


@app.command
def token(
    name: str,
    token_name: str,
    /,
    *,
    lasts_for: TokenFor = "30d",
    allow: Allow = USUAL,
    as_json: AsJson = False,
) -> None:
    """Make a token with which a program is this agent; it is shown this once.

    Parameters
    ----------
    name
        Its name, as `assent agents list` prints it.
    token_name
        What the token is for, as you want to see it in the list.
    """
    path = f"{_PATH}/{segment(name)}/tokens"
    show_minted(signed_in().post(path, wished(token_name, lasts_for, allow)), as_json=as_json)
