"""`assent reviews` and `assent review`."""

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson


def reviews(
    *,
    every: Annotated[
        bool, Parameter(name="--all", negative=(), help="Those that are closed, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what has to be reviewed since somebody broke the glass."""
    answer = signed_in().get("/v1/reviews", open=None if every else "true")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("review", "state", "who", "target", "when", "due", "by", "reason"),
        [
            (
                item["id"],
                item["verdict"] or item["state"],
                item["subject"]["name"],
                item["target"],
                in_words(item["opened_at"], now),
                in_words(item["due_at"], now),
                item["closed_by"] or item["group"],
                item["reason"],
            )
            for item in answer["items"]
        ],
        "nothing is to be reviewed",
    )
    if any(item["can_close"] for item in answer["items"]):
        output.note("next: `assent review REVIEW` shows what was done")


def review(
    review_id: str,
    /,
    *,
    justified: Annotated[
        bool, Parameter(name="--justified", negative=(), help="It was right to do it.")
    ] = False,
    not_justified: Annotated[
        bool,
        Parameter(
            name="--not-justified", negative=(), help="It was not; it counts against the person."
        ),
    ] = False,
    comment: Annotated[str, Parameter(name="--comment", help="What you found.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what somebody did when they broke the glass, or close the review of it.

    Nobody closes a review of what they did themself.

    Parameters
    ----------
    review_id
        The id of the review, as `assent reviews` prints it.
    """
    client, path = signed_in(), f"/v1/reviews/{segment(review_id)}"
    if not justified and not not_justified:
        answer = client.get(path)
        output.show_json(answer) if as_json else _show(answer)
        return
    if justified and not_justified:
        raise CommandFault(ExitCode.USAGE, "usage", "say one of --justified and --not-justified")
    if not comment.strip():
        raise CommandFault(ExitCode.USAGE, "comment", "say what you found: `--comment …`")
    verdict = "justified" if justified else "not-justified"
    closed = client.post(f"{path}/close", {"verdict": verdict, "comment": comment})
    if as_json:
        output.show_json(closed)
    else:
        output.say(f"closed as {verdict}: {closed['id']} of {closed['subject']['name']}")


def _show(review: Mapping[str, Any]) -> None:
    now, who = output.now(), review["subject"]
    closed = review["closed_by"]
    output.facts(
        [
            ("review", review["id"]),
            ("state", review["verdict"] or review["state"]),
            ("who", f"{who['display_name'] or who['name']} ({who['name']})"),
            ("target", review["target"]),
            ("reason", review["reason"]),
            ("when", in_words(review["opened_at"], now)),
            ("due", in_words(review["due_at"], now)),
            ("by", f"{closed}: {review['comment']}" if closed else review["group"]),
            ("can close it", ", ".join(review["reviewers"])),
            ("what was done", "\n".join(map(_session, review["sessions"])) or "nothing yet"),
            ("grant", review["grant"]),
            ("link", review["link"]),
        ]
    )
    if review["can_close"]:
        close = f"assent review {review['id']} --justified|--not-justified --comment …"
        output.note(f"next: `{close}`; `assent sessions show SESSION` plays one back")


def _session(session: Mapping[str, Any]) -> str:
    refused = f", {session['refused']} refused or held first" if session["refused"] else ""
    client = " from ".join(
        one for one in (session["application"], session["client_address"]) if one
    )
    return f"{session['id']}: {output.counted(session['actions'], 'action')}{refused} ({client})"
