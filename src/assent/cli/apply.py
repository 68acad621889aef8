"""`assent apply`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output, requests
from assent.cli.client import signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_LEADS_TO = {
    "nothing": "nothing to apply",
    "applied": "applying it is permitted to you: it would be in force at once",
    "refused": "applying it would be refused:",
    "asks": "applying it needs:",
}


def apply(
    folder: Path,
    /,
    *,
    plan: Annotated[
        bool, Parameter(negative=(), help="Only say what would change, and what it would need.")
    ] = False,
    reason: Annotated[str, Parameter(help="Why, for those who decide.")] = "",
    ticket: Annotated[str, Parameter(help="A ticket that asks for it.")] = "",
    wait: Annotated[bool, Parameter(negative=(), help="Wait until it is answered.")] = False,
    unsafe_lock_out: Annotated[
        bool,
        Parameter(negative=(), help="Apply it though nobody may be able to change it again."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put policies and targets in force, or ask the people who must assent to the change.

    Parameters
    ----------
    folder
        Holds `policies/*.cedar` and `targets.toml`; what is not there stays as it is.
    """
    content = _content(folder)
    client = signed_in()
    if plan:
        foreseen = client.post("/v1/configuration/plan", content)
        if as_json:
            output.show_json(foreseen)
        else:
            _print_plan(foreseen)
        return
    body = {
        **content, "reason": reason, "ticket": ticket, "unsafe_lock_out": unsafe_lock_out,
    }  # fmt: skip
    applied = client.post("/v1/configuration/apply", body)
    if applied["request"] and wait:
        applied["request"] = requests.wait(client, applied["request"])
    if as_json:
        output.show_json(applied)
    else:
        _print_applied(applied)


def _content(folder: Path) -> dict[str, object]:
    from assent.cli.policy import read_folder

    policies, targets = folder / "policies", folder / "targets.toml"
    if not policies.is_dir() and not targets.is_file():
        words = f"`{folder}` holds neither a folder `policies` nor a file `targets.toml`"
        raise CommandFault(ExitCode.USAGE, "nothing-to-apply", words)
    try:
        text = targets.read_text(encoding="utf-8") if targets.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        words = f"`{targets}` cannot be read as UTF-8"
        raise CommandFault(ExitCode.USAGE, "not-utf-8", words) from error
    return {"policies": read_folder(policies) if policies.is_dir() else None, "targets": text}


def _print_plan(foreseen: Mapping[str, Any]) -> None:
    output.say(foreseen["plan"]["text"])
    output.say(f"\n{_LEADS_TO[foreseen['leads_to']]}")
    for words in foreseen["words"]:
        output.say(f"  {words}")


def _print_applied(applied: Mapping[str, Any]) -> None:
    output.say(applied["plan"]["text"])
    if applied["state"] == "unchanged":
        return
    if applied["request"] is None:
        output.say("\napplied: it is in force, for every decision from now on")
        return
    output.say()
    requests.show(applied["request"])
    if applied["request"]["state"] == "completed":
        output.say("\napplied: it is in force, for every decision from now on")
