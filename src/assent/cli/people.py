"""`assent people`: who there is; invite, change, disable and let in again."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

app = App(name="people", help="See who there is; invite, change and disable people.")

Group = Annotated[
    tuple[str, ...] | None,
    Parameter(name="--group", help="A group that they are in, once for each.", negative=()),
]
Role = Annotated[
    tuple[str, ...] | None,
    Parameter(
        name="--role",
        help="Beside what groups give: operator, security, auditor or administrator.",
        negative=(),
    ),
]
Called = Annotated[str | None, Parameter(name="--display-name", help="What others see.")]
Email = Annotated[str | None, Parameter(name="--email", help="Where mail reaches them.")]
Reason = Annotated[str, Parameter(name="--reason", help="Why, for the log.")]
Zone = Annotated[
    str | None, Parameter(name="--time-zone", help="Where their day is, as `Europe/Berlin`.")
]


@app.command(name="list")
def listing(*, as_json: AsJson = False) -> None:
    """List everybody, people and programs."""
    answer = signed_in().get("/v1/people")
    if as_json:
        output.show_json(answer)
        return
    rows = [
        (
            one["name"],
            one["display_name"],
            ", ".join(role for role in one["roles"] if role != "requester"),
            ", ".join(one["groups"]),
            one["source"],
            "suspended" if one["suspended"] else "disabled" if one["disabled"] else one["kind"],
        )
        for one in answer["items"]
    ]
    columns = ("NAME", "CALLED", "ROLES", "GROUPS", "SOURCE", "IS")
    output.table(columns, rows, "there is nobody; `assent people invite NAME` changes that")


@app.command
def invite(
    name: str,
    /,
    *,
    group: Group = None,
    role: Role = None,
    display_name: Called = None,
    email: Email = None,
    time_zone: Zone = None,
    as_json: AsJson = False,
) -> None:
    """Add somebody; the link that is printed lets them in, once, within 72 hours.

    Parameters
    ----------
    name
        What they sign in with.
    """
    body = {"name": name, **_wanted(group, role, display_name, email, time_zone)}
    _show_link(signed_in().post("/v1/people", body), as_json)


@app.command
def change(
    name: str,
    /,
    *,
    group: Group = None,
    no_groups: Annotated[
        bool, Parameter(name="--no-groups", help="They are in no group any more.", negative=())
    ] = False,
    role: Role = None,
    no_roles: Annotated[
        bool, Parameter(name="--no-roles", help="Only groups give them roles.", negative=())
    ] = False,
    display_name: Called = None,
    email: Email = None,
    time_zone: Zone = None,
    as_json: AsJson = False,
) -> None:
    """Change what is said of somebody; groups and roles that are named take the place of all.

    Parameters
    ----------
    name
        Whom; nobody changes their own roles and groups.
    """
    groups = () if no_groups else group
    roles = () if no_roles else role
    body = _wanted(groups, roles, display_name, email, time_zone)
    if not body:
        words = "say what is to be different: `--group`, `--role`, `--display-name`, `--email`"
        raise CommandFault(ExitCode.USAGE, "usage", words)
    answer = signed_in().post(f"{_path(name)}/change", body)
    _show(answer, f"{name} is changed; open sessions are decided again", as_json)


@app.command
def disable(name: str, /, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Permit nothing to somebody any more; what they have open is cut.

    Whom configuration or an identity provider describes is suspended: no source lifts that.

    Parameters
    ----------
    name
        Whom.
    """
    answer = signed_in().post(f"{_path(name)}/disable", {"reason": reason})
    _show(answer, f"{name} is disabled, signed out, and what was open is cut", as_json)


@app.command
def enable(name: str, /, *, reason: Reason = "", as_json: AsJson = False) -> None:
    """Let somebody in again.

    Parameters
    ----------
    name
        Whom.
    """
    answer = signed_in().post(f"{_path(name)}/enable", {"reason": reason})
    _show(answer, f"{name} may come in again", as_json)


@app.command
def recover(name: str, /, *, as_json: AsJson = False) -> None:
    """Make a link with which somebody sets anew how they sign in; they are told.

    Parameters
    ----------
    name
        Whom; nobody makes one for themselves.
    """
    _show_link(signed_in().post(f"{_path(name)}/recovery"), as_json)


@app.command
def drop_codes(name: str, /, *, as_json: AsJson = False) -> None:
    """Ask somebody for no codes any more who lost what made them; they are told.

    Parameters
    ----------
    name
        Whom.
    """
    answer = signed_in().delete(f"{_path(name)}/second-factor")
    _show(answer, f"{name} signs in with the password alone now", as_json)


@app.command
def sign_out(name: str, /, *, as_json: AsJson = False) -> None:
    """End all sign-ins of somebody; they are told.

    Parameters
    ----------
    name
        Whom.
    """
    answer = signed_in().delete(f"{_path(name)}/sign-ins")
    _show(answer, f"{output.counted(answer['ended'], 'sign-in')} of {name} ended", as_json)


def _path(name: str) -> str:
    return f"/v1/people/{segment(name)}"


def _wanted(
    group: tuple[str, ...] | None,
    role: tuple[str, ...] | None,
    display_name: str | None,
    email: str | None,
    time_zone: str | None,
) -> dict[str, object]:
    said = {
        "groups": None if group is None else list(group),
        "roles": None if role is None else list(role),
        "display_name": display_name,
        "email": email,
        "time_zone": time_zone,
    }
    return {key: value for key, value in said.items() if value is not None}


def _show(answer: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        output.show_json(answer)
    else:
        output.say(words)


def _show_link(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.show_json(answer)
        return
    output.note(f"give this link to {answer['person']['name']}; it is good once and shown once:")
    output.say(answer["link"])
