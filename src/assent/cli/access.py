"""`assent targets`, `request`, `reason` and `withdraw`."""

from typing import Annotated, Literal

from cyclopts import Parameter

from assent.cli import output, requests
from assent.cli.client import signed_in
from assent.cli.durations import in_words, seconds, until
from assent.cli.output import AsJson

For = Annotated[str | None, Parameter(name="--for", help="For how long: `90s`, `30m`, `2h`.")]
Reason = Annotated[str, Parameter(name="--reason", help="Why, for those who decide.")]
Ticket = Annotated[str, Parameter(name="--ticket", help="The ticket that this belongs to.")]

Verbs = Annotated[
    str, Parameter(name="--verbs", help="Only these: `read,insert`, `ssh.execute`; all by default.")
]
Tables = Annotated[
    str,
    Parameter(
        name="--tables", help="Only these: `orders,sales.*`, a file, a route; all by default."
    ),
]
ReadOnly = Annotated[bool, Parameter(name="--read-only", negative=(), help="Nothing but reads.")]
BudgetOf = Annotated[
    str, Parameter(name="--budget", help="How much, such as `writes 5, rows 1000`.")
]
Start = Annotated[
    Literal["approval", "first-use"],
    Parameter(name="--start", help="When its clock starts."),
]
WindowOf = Annotated[
    str,
    Parameter(name="--window", help="Hours that come again: `mon-fri 22:00-06:00 Europe/Berlin`."),
]
Until = Annotated[
    str | None, Parameter(name="--until", help="Over at the latest: `2026-12-31`, or an instant.")
]

_ACCESS_WORDS = {
    "granted": "open",
    "automatic": "opens when you connect",
    "ask": "people decide",
    "closed": "closed to you",
}


def targets(*, as_json: AsJson = False) -> None:
    """List what you can reach, and what would happen if you connected now."""
    answer = signed_in().get("/v1/targets")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    rows = []
    for item in answer["items"]:
        access = _ACCESS_WORDS.get(item["access"], item["access"])
        if item["grant"]:
            access += f" until {in_words(item['grant']['ends_at'], now)}"
        rows.append(
            (item["name"], item["protocol"], item["environment"], access, "; ".join(item["words"]))
        )
    output.table(
        ("target", "protocol", "environment", "access", ""),
        rows,
        "there are no targets yet; whoever runs the server adds them to its `assent.toml`",
    )
    if rows:
        output.note("next: `assent connect TARGET`")


def request(
    target: str,
    /,
    *,
    lasts_for: For = None,
    reason: Reason = "",
    ticket: Ticket = "",
    verbs: Verbs = "",
    tables: Tables = "",
    read_only: ReadOnly = False,
    budget: BudgetOf = "",
    start: Start = "approval",
    window: WindowOf = "",
    until_: Until = None,
    wait: Annotated[
        bool, Parameter(name="--wait", negative=(), help="Wait until it is decided.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for access to a target, without connecting yet.

    Parameters
    ----------
    target
        The name of the target, as `assent targets` prints it.
    """
    client = signed_in()
    body = access_body(target, lasts_for, reason, ticket)
    body |= wish_body(verbs, tables, budget, window, until_, read_only=read_only, start=start)
    asked = client.post("/v1/requests", body)
    if wait and asked["state"] != "completed":
        asked = requests.wait(client, asked)
    if as_json:
        output.show_json(asked)
        return
    requests.show(asked)
    if asked["state"] == "completed":
        output.say(f"\nnext: `assent connect {target}`")


def reason(request_id: str, text: str, /, *, ticket: Ticket = "", as_json: AsJson = False) -> None:
    """Say why, for a request that waits for a reason or a ticket.

    Parameters
    ----------
    request_id
        The id of the request.
    text
        One sentence for those who decide.
    """
    body = {"reason": text, "ticket": ticket}
    answer = signed_in().post(f"/v1/requests/{segment(request_id)}/reason", body)
    if as_json:
        output.show_json(answer)
    else:
        requests.show(answer)


def withdraw(request_id: str, /, *, as_json: AsJson = False) -> None:
    """Take a request back; a statement that it held is refused.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    answer = signed_in().post(f"/v1/requests/{segment(request_id)}/withdraw")
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"withdrawn: {answer['id']} ({requests.summary(answer)})")


def access_body(target: str, lasts_for: str | None, reason: str, ticket: str) -> dict[str, object]:
    """Return the JSON that asks for a target; what was not said is left out."""
    body: dict[str, object] = {"target": target}
    if lasts_for is not None:
        body["for_s"] = seconds(lasts_for)
    if reason:
        body["reason"] = reason
    if ticket:
        body["ticket"] = ticket
    return body


def wish_body(
    verbs: str,
    tables: str,
    budget: str,
    window: str,
    until_: str | None,
    *,
    read_only: bool,
    start: str,
) -> dict[str, object]:
    """Return the JSON that says what else access shall be; what was not said is left out."""
    said: dict[str, object] = {
        "verbs": [word if "." in word else f"sql.{word}" for word in _words(verbs)],
        "tables": _words(tables),
        "budget": budget.strip(),
        "window": window.strip(),
        "until": until(until_) if until_ else "",
        "read_only": read_only,
        "starts": "" if start == "approval" else start,
    }
    return {name: value for name, value in said.items() if value}


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def segment(text: str) -> str:
    """Return the text as one segment of a path, whatever is in it."""
    from urllib.parse import quote

    return quote(text, safe="")
