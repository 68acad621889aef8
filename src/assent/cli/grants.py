"""`assent grants` and `revoke`."""

from typing import Annotated

from cyclopts import Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.output import AsJson

Everybody = Annotated[
    bool,
    Parameter(name="--everybody", negative=(), help="Those of others too, where you may."),
]


def grants(*, everybody: Everybody = False, as_json: AsJson = False) -> None:
    """List permissions, the newest first, and when they end."""
    answer = signed_in().get("/v1/grants", everybody="true" if everybody else None)
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("grant", "who", "target", "state", "from", "until", "reason"),
        [
            (
                item["id"],
                item["subject"],
                item["target"],
                item["state"],
                in_words(item["starts_at"], now),
                in_words(item["revoked_at"] or item["ends_at"], now),
                item["reason"],
            )
            for item in answer["items"]
        ],
        "there are no grants; `assent connect TARGET` or `assent request TARGET` asks for one",
    )


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
