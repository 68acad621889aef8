"""`assent targets`, `request`, `reason` and `withdraw`."""

from typing import Annotated

from cyclopts import Parameter

from assent.cli import output, requests
from assent.cli.client import signed_in
from assent.cli.durations import in_words, seconds
from assent.cli.output import AsJson

For = Annotated[str | None, Parameter(name="--for", help="For how long: `90s`, `30m`, `2h`.")]
Reason = Annotated[str, Parameter(name="--reason", help="Why, for those who decide.")]
Ticket = Annotated[str, Parameter(name="--ticket", help="The ticket that this belongs to.")]

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
    asked = client.post("/v1/requests", access_body(target, lasts_for, reason, ticket))
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


def segment(text: str) -> str:
    """Return the text as one segment of a path, whatever is in it."""
    from urllib.parse import quote

    return quote(text, safe="")
