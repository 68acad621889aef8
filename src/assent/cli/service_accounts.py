"""`assent service-accounts`: subjects that are no people, with somebody who answers for each."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.output import AsJson
from assent.cli.tokens import USUAL, Allow, TokenFor, show_minted, wished
from assent.cli.workloads import Task, change, show_all, show_made

app = App(name="service-accounts", help="Service accounts: for pipelines and services.")

_PATH = "/v1/service-accounts"


@app.command
def create(
    name: str,
    /,
    *,
    task: Task,
    group: Annotated[
        Sequence[str],
        Parameter(
            name="--group",
            negative=(),
            consume_multiple=False,
            help="A group that it is in; several times for more.",
        ),
    ] = (),
    owner: Annotated[
        str, Parameter(name="--owner", help="Who answers for it; by default you.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a service account; it takes an administrator.

    Parameters
    ----------
    name
        What it is called: a-z, 0-9, `.`, `_` and `-`.
    """
    body: dict[str, object] = {"name": name, "task": task, "groups": list(group)}
    if owner:
        body["owner"] = owner
    show_made(signed_in().post(_PATH, body), "service-accounts", as_json=as_json)


@app.command(name="list")
def listing(*, as_json: AsJson = False) -> None:
    """List those that you answer for; all of them, if you see people."""
    nothing = "there are none; `assent service-accounts create NAME --task …` makes one"
    show_all(_PATH, nothing, as_json=as_json)


@app.command
def disable(name: str, /, *, as_json: AsJson = False) -> None:
    """Disable one at once: its tokens are gone, what it has open is cut.

    Parameters
    ----------
    name
        Its name, as `assent service-accounts list` prints it.
    """
    change(_PATH, name, "disable", as_json=as_json)


@app.command
def enable(name: str, /, *, as_json: AsJson = False) -> None:
    """Enable one again; it needs a new token.

    Parameters
    ----------
    name
        Its name, as `assent service-accounts list` prints it.
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
    """Make a token with which a program is this service account; it is shown this once.

    Parameters
    ----------
    name
        Its name, as `assent service-accounts list` prints it.
    token_name
        What the token is for, as you want to see it in the list.
    """
    path = f"{_PATH}/{segment(name)}/tokens"
    show_minted(signed_in().post(path, wished(token_name, lasts_for, allow)), as_json=as_json)
