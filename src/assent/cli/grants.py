"""`assent grants`, `extend`, `give-back` and `revoke`."""

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output, requests
from assent.cli.access import For, Reason, Ticket, segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words, seconds
from assent.cli.output import AsJson

Everybody = Annotated[
    bool,
    Parameter(name="--everybody", negative=(), help="Those of others too, where you may."),
]

Because = Annotated[str, Parameter(name="--because", help="Why, if you like.")]


def grants(*, everybody: Everybody = False, as_json: AsJson = False) -> None:
    """List permissions, the newest first, and when they end."""
    answer = signed_in().get("/v1/grants", everybody="true" if everybody else None)
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("grant", "who", "target", "state", "from", "until", "covers", "left", "reason"),
        [
            (
                item["id"],
                item["subject"],
                item["target"],
                item["state"],
                in_words(item["starts_at"], now),
                in_words(item["revoked_at"] or item["ends_at"], now),
                _covers(item),
                _left(item),
                item["reason"],
            )
            for item in answer["items"]
        ],
        "there are no grants; `assent connect TARGET` or `assent request TARGET` asks for one",
    )


def extend(
    what: str = "",
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
    """Ask for more of the access that you have; open sessions go on without a cut.

    It covers the same, from when it is given.

    Parameters
    ----------
    what
        The target, or the id of a grant; needed where you have access to several targets.
    """
    client = signed_in()
    body: dict[str, object] = {"what": what, "reason": reason, "ticket": ticket}
    if lasts_for is not None:
        body["for_s"] = seconds(lasts_for)
    asked = client.post("/v1/grants/extend", body)
    if wait and asked["state"] != "completed":
        asked = requests.wait(client, asked)
    if as_json:
        output.show_json(asked)
    else:
        requests.show(asked)


def give_back(what: str, /, *, because: Because = "", as_json: AsJson = False) -> None:
    """End your own access early; sessions that no other grant carries are cut.

    Parameters
    ----------
    what
        A target, for all that you have on it, or the id of one grant.
    """
    answer = signed_in().post("/v1/grants/give-back", {"what": what, "because": because})
    if as_json:
        output.show_json(answer)
        return
    for item in answer["items"]:
        output.say(f"given back: {item['id']} on {item['target']}")


def revoke(
    grant_id: str,
    /,
    *,
    because: Annotated[str, Parameter(name="--because", help="Why; the holder is told.")],
    as_json: AsJson = False,
) -> None:
    """End a grant now; the sessions that it carries are cut within a second.

    Parameters
    ----------
    grant_id
        The id of the grant.
    """
    answer = signed_in().post(f"/v1/grants/{segment(grant_id)}/revoke", {"because": because})
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"revoked: {answer['id']} of {answer['subject']} on {answer['target']}")


def _covers(grant: Mapping[str, Any]) -> str:
    window = f", {grant['window']}" if grant["window"] else ""
    starts = f", {grant['lasts_s'] // 60} min from first use" if grant["lasts_s"] else ""
    return f"{grant['covers']}{window}{starts}"


def _left(grant: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{max(0, most - grant['spent'][name])} of {most} {name.replace('_', ' ')}"
        for name, most in grant["budget"].items()
    )
