"""What `assent agents` and `assent service-accounts` have in common."""

from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in

Task = Annotated[str, Parameter(name="--task", help="What it is for, in a sentence.")]


def show_made(made: dict[str, Any], command: str, *, as_json: bool) -> None:
    """Print a new one, and how it gets a token."""
    if as_json:
        output.show_json(made)
        return
    groups = ", ".join(made["groups"]) or "no groups"
    acting = f"acts for {made['on_behalf_of']}" if made["on_behalf_of"] else "stands for itself"
    output.say(f"{made['name']} {acting}, in {groups}; {made['owner']} answers for it")
    output.say(f"next: `assent {command} token {made['name']} NAME` makes its token")


def show_all(path: str, nothing: str, *, as_json: bool) -> None:
    """Print those that one sees."""
    answer = signed_in().get(path)
    if as_json:
        output.show_json(answer)
        return
    output.table(
        ("name", "state", "answers for it", "groups", "task"),
        [
            (
                item["name"],
                "disabled" if item["disabled"] else "active",
                item["owner"] or item["on_behalf_of"] or "",
                ", ".join(item["groups"]),
                item["task"],
            )
            for item in answer["items"]
        ],
        nothing,
    )


def change(path: str, name: str, verb: str, *, as_json: bool) -> None:
    """Disable or enable one, and print how it is now."""
    answer = signed_in().post(f"{path}/{segment(name)}/{verb}")
    if as_json:
        output.show_json(answer)
    else:
        state = "disabled; its tokens are gone" if answer["disabled"] else "active; make it a token"
        output.say(f"{answer['name']} is {state}")
