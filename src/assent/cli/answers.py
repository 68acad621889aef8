"""`assent offer`, `accept`, `comment` and `retract`: answers beside yes and no."""

from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output, requests, signing
from assent.cli.access import segment
from assent.cli.client import Client, signed_in
from assent.cli.durations import seconds
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_AMOUNTS = ("actions", "writes", "rows", "bytes", "risk_points")


def offer(
    request_id: str,
    /,
    *,
    lasts_for: Annotated[
        str | None, Parameter(name="--for", help="Shorter: `30m`, `2h`, at most what was asked.")
    ] = None,
    read_only: Annotated[
        bool, Parameter(name="--read-only", negative=(), help="Nothing but reads.")
    ] = False,
    tables: Annotated[
        str, Parameter(name="--tables", help="Only these: `public.orders,sales.*`.")
    ] = "",
    verbs: Annotated[str, Parameter(name="--verbs", help="Only these: `sql.read`.")] = "",
    budget: Annotated[
        str, Parameter(name="--budget", help="At most so much: `writes 5, rows 1000`.")
    ] = "",
    comment: Annotated[
        str, Parameter(name="--comment", help="A sentence that goes into the log.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Answer a request for access with less; it counts as your assent once it is accepted.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    body: dict[str, Any] = {"comment": comment, "read_only": read_only}
    if lasts_for is not None:
        body["for_s"] = seconds(lasts_for)
    body["resources"] = _names(tables)
    body["verbs"] = _names(verbs)
    body["budget"] = _budget(budget)
    answer = _offered(signed_in(), f"/v1/requests/{segment(request_id)}/offer", body)
    if as_json:
        output.show_json(answer)
        return
    words = ", ".join(answer["approvals"][-1]["terms"]["words"])
    output.say(f"you offered {answer['requester']['name']}: {words}; they hear of it now")


def accept(
    request_id: str,
    /,
    *,
    offer: Annotated[
        str | None,
        Parameter(name="--offer", help="Which one, where there are several: `apr_…`."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take what was offered for your request; it is decided again as it is then.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    answer = signed_in().post(f"/v1/requests/{segment(request_id)}/accept", {"offer": offer})
    if as_json:
        output.show_json(answer)
        return
    words = ", ".join(answer["terms"]["words"])
    output.say(f"accepted: {answer['id']} is {words} now")
    if answer["state"] == "completed":
        output.say(f"\nnext: `assent connect {answer['target']}`")
    elif answer["unmet"]:
        output.say(f"still missing: {'; '.join(answer['unmet'])}")


def comment(request_id: str, text: str, /, *, as_json: AsJson = False) -> None:
    """Say something about a request, without answering it.

    Parameters
    ----------
    request_id
        The id of the request.
    text
        What you say; everybody who may see the request can read it, and the log keeps it.
    """
    answer = signed_in().post(f"/v1/requests/{segment(request_id)}/comment", {"text": text})
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"kept with {answer['id']}")


def retract(request_id: str, /, *, as_json: AsJson = False) -> None:
    """Withdraw your own assent; a grant that cannot stand without it is revoked.

    Parameters
    ----------
    request_id
        The id of the request.
    """
    answer = signed_in().post(f"/v1/requests/{segment(request_id)}/retract")
    if as_json:
        output.show_json(answer)
        return
    output.say(f"withdrawn: your assent to {answer['id']} ({requests.summary(answer)})")
    if answer["grant"]:
        output.note("next: `assent grants --everybody` says whether the grant still stands")


def _offered(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to an offer, signed where an unsigned one would not count."""
    key = signing.key_for(client)
    if key is not None and client.post(f"{path}/shown", body)["needs_signature"]:
        return signing.answer_signed(
            lambda: client.post(f"{path}/shown", body),
            lambda proof: client.post(path, {**body, **proof}),
            "offer",
            key,
        )
    return signing.answer_unsigned(lambda: client.post(path, body))


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]


def _budget(text: str) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for part in _names(text):
        name, _, number = part.partition(" ")
        if name not in _AMOUNTS or not number.strip().isdecimal() or name in amounts:
            words = f"`{part[:80]}` is no part of a budget; write `writes 5, rows 1000`"
            raise CommandFault(ExitCode.USAGE, "bad-budget", words)
        amounts[name] = int(number)
    return amounts
