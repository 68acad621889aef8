"""`assent labels`: what data is, as configured, as a scan suggests, as people approved."""

import time
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import Client, signed_in
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

app = App(name="labels", help="Say what data is: scan for it, approve what was found.")

_LOOK_EVERY_S = 0.5


@app.command(name="list")
def listing(target: str, /, *, as_json: AsJson = False) -> None:
    """List what data of a target is labelled as; what waits for an answer comes first.

    Parameters
    ----------
    target
        The name of the target.
    """
    answer = signed_in().get(_path(target))
    if as_json:
        output.show_json(answer)
        return
    _print(target, answer["items"])


@app.command
def scan(
    target: str,
    /,
    *,
    sample: Annotated[
        int, Parameter(name="--sample", help="How many values of each column are looked at.")
    ] = 200,
    as_json: AsJson = False,
) -> None:
    """Look at a sample of a target's values, and suggest labels for what they look like.

    No value leaves the gateway, nor is any kept there: it counts how many of each column's look
    like an address, a card number and so on. A suggestion is nothing but a suggestion until you
    approve it.

    Parameters
    ----------
    target
        The name of the target; you must own it.
    """
    client = signed_in()
    state = client.post(f"{_path(target)}/scan", {"sample": sample})
    while state["state"] == "running":
        output.live(_progress(state))
        time.sleep(_LOOK_EVERY_S)
        state = client.get(f"{_path(target)}/scan")
    output.live("")
    if state["state"] != "done":
        words = f"the scan ended early: {state['words']}"
        raise CommandFault(ExitCode.OUTSIDE, "scan-failed", words)
    if as_json:
        output.show_json(state)
        return
    columns = output.counted(state["columns"], "column")
    tables = output.counted(state["tables_done"], "table")
    output.say(f"looked at {columns} of {tables}: {_new(state['suggested'])}")
    if state["left_out"]:
        left_out = output.counted(state["left_out"], "table")
        output.say(f"left out: {left_out} that the gateway's role cannot read in time")
    _show_suggested(client, target)


@app.command
def approve(target: str, name: str, label: str, /, *, as_json: AsJson = False) -> None:
    """Put a suggested label in force; open sessions are decided anew at once.

    Parameters
    ----------
    target
        The name of the target; you must own it.
    name
        The column, such as `public.customers.email`.
    label
        The label, such as `pii.email`.
    """
    _decide("approve", target, name, label, as_json)


@app.command
def reject(target: str, name: str, label: str, /, *, as_json: AsJson = False) -> None:
    """Refuse a suggested label, or take an approved one off; it is not suggested again.

    Parameters
    ----------
    target
        The name of the target; you must own it.
    name
        The column, such as `public.customers.email`.
    label
        The label, such as `pii.email`.
    """
    _decide("reject", target, name, label, as_json)


def _decide(verdict: str, target: str, name: str, label: str, as_json: bool) -> None:
    answer = signed_in().post(f"{_path(target)}/{verdict}", {"name": name, "label": label})
    if as_json:
        output.show_json(answer)
        return
    output.say(f"{answer['state']}: {answer['name']} is {_not(answer)}{answer['label']}")


def _not(answer: dict[str, Any]) -> str:
    return "not " if answer["state"] == "rejected" else ""


def _path(target: str) -> str:
    return f"/v1/targets/{segment(target)}/labels"


def _progress(state: dict[str, Any]) -> str:
    if not state["tables"]:
        return "looking for tables"
    return f"table {state['tables_done'] + 1} of {state['tables']}, {_new(state['suggested'])}"


def _new(count: int) -> str:
    return output.counted(count, "new suggestion")


def _show_suggested(client: Client, target: str) -> None:
    items = client.get(_path(target))["items"]
    waiting = [item for item in items if item["state"] == "suggested"]
    if waiting:
        _print(target, waiting)


def _print(target: str, items: list[dict[str, Any]]) -> None:
    now = output.now()
    output.table(
        ("name", "label", "state", "from", "values", "when", "who"),
        [
            (
                item["name"],
                item["label"],
                item["state"],
                item["source"],
                f"{item['matched']} of {item['sampled']}" if item["sampled"] else "",
                in_words(item["at"], now) if item["at"] else "",
                item["by"] or "",
            )
            for item in items
        ],
        f"nothing of {target} is labelled yet; `assent labels scan {target}` suggests labels, "
        "or write them into the configuration",
    )
    if any(item["state"] == "suggested" for item in items):
        output.note(f"next: `assent labels approve {target} NAME LABEL`, or `reject`")
