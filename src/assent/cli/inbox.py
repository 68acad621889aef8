"""`assent inbox`, `show`, `approve` and `reject`."""

from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output, requests, signing
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import distance
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

Comment = Annotated[str, Parameter(name="--comment", help="A sentence that goes into the log.")]
Suspicious = Annotated[
    bool,
    Parameter(
        name="--suspicious",
        negative=(),
        help="It may not be this person: it raises their risk, and the next one is looked at.",
    ),
]
NotNeeded = Annotated[
    bool,
    Parameter(name="--not-needed", negative=(), help="It is them, but it is not needed now."),
]


def inbox(
    *,
    watch: Annotated[
        bool, Parameter(name="--watch", negative=(), help="Stay, and print what changes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits for your answer, the nearest deadline first."""
    client = signed_in()
    seen = _print(client.get("/v1/inbox"), as_json)
    if not watch:
        return
    # A stream that says nothing at all for two minutes is dead; the server sends signs of life.
    for changed in client.patient(120).events("/v1/inbox/stream"):
        if not changed:
            continue
        answer = client.get("/v1/inbox")
        if answer["items"] != seen:
            output.say()
            seen = _print(answer, as_json)


def show(request_id: str, /, *, as_json: AsJson = False) -> None:
    """Show one request in full: what exactly, how risky, what is missing.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    answer = signed_in().get(f"/v1/requests/{segment(request_id)}")
    if as_json:
        output.show_json(answer)
    else:
        requests.show(answer)


def approve(
    request_id: str,
    /,
    *,
    comment: Comment = "",
    yes: Annotated[
        bool, Parameter(name="--yes", negative=(), help="Sign without being shown and asked.")
    ] = False,
    unsigned: Annotated[
        bool, Parameter(name="--unsigned", negative=(), help="Assent without a signature.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Assent to exactly this action; it runs when nothing else is missing.

    On an enrolled device (`assent device enroll`) you are shown what you assent to, and asked;
    your device signs exactly that.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    client = signed_in()
    path = f"/v1/requests/{segment(request_id)}"
    key = None if unsigned else signing.key_for(client)
    if key is None:
        answer = signing.answer_unsigned(
            lambda: client.post(f"{path}/approve", {"comment": comment})
        )
    else:
        answer = signing.answer_signed(
            lambda: client.get(f"{path}/shown"),
            lambda proof: client.post(f"{path}/approve", {"comment": comment, **proof}),
            "approve",
            key,
            asks=not yes,
        )
    _say(answer, "assented to" if key is None else "signed and assented to", as_json)


def reject(
    request_id: str,
    /,
    *,
    comment: Comment = "",
    suspicious: Suspicious = False,
    not_needed: NotNeeded = False,
    as_json: AsJson = False,
) -> None:
    """Refuse a request; one refusal settles it.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    if suspicious and not_needed:
        words = "say `--suspicious` or `--not-needed`, not both"
        raise CommandFault(ExitCode.USAGE, "usage", words)
    because = "suspicious" if suspicious else "not-needed" if not_needed else None
    body = {"comment": comment, "rejected_as": because}
    answer = signed_in().post(f"/v1/requests/{segment(request_id)}/reject", body)
    _say(answer, "rejected", as_json)


def _say(answer: dict[str, Any], verb: str, as_json: bool) -> None:
    if as_json:
        output.show_json(answer)
        return
    who = answer["requester"]["name"]
    output.say(f"you {verb} {answer['id']}: {who}, {requests.summary(answer)}")
    if answer["unmet"]:
        output.say(f"still missing: {'; '.join(answer['unmet'])}")


def _print(answer: dict[str, Any], as_json: bool) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer["items"]
    if as_json:
        output.show_json(answer)
        return items
    now = output.now()
    output.table(
        ("request", "who", "target", "risk", "asks for", "deadline"),
        [
            (
                item["id"],
                item["requester"]["name"],
                item["target"] or "",
                str(item["risk"]["score"]),
                requests.summary(item),
                distance(item["deadline_at"], now),
            )
            for item in items
        ],
        "nothing waits for you; `assent inbox --watch` stays and shows what comes",
    )
    if items:
        left = answer.get("waiting", len(items)) - len(items)
        if left > 0:
            output.note(f"and {left} more, with later deadlines")
        output.note("next: `assent show ID`, then `assent approve ID` or `assent reject ID`")
    return items
