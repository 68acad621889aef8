"""`assent notices`: what could not be delivered, and another try."""

from typing import Any

from cyclopts import App

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.output import AsJson

app = App(name="notices", help="See what could not be delivered, and try it again.")


@app.command
def dead(*, as_json: AsJson = False) -> None:
    """List notices that were given up on a channel, newest first."""
    answer = signed_in().get("/v1/notices", state="dead")
    if as_json:
        output.show_json(answer)
        return
    _table(answer["items"], "nothing was given up: every notice was delivered or is on its way")
    if answer["items"]:
        output.note("once the channel works again: assent notices retry NOTICE")


@app.command
def retry(notice: str, /, *, as_json: AsJson = False) -> None:
    """Try a notice again on every channel where it was given up.

    Parameters
    ----------
    notice
        The id of the notice, as `assent notices dead` shows it.
    """
    answer = signed_in().post(f"/v1/notices/{segment(notice)}/retry", {})
    if as_json:
        output.show_json(answer)
        return
    channels = ", ".join(item["channel"] for item in answer["items"])
    output.say(f"tried again by: {channels}")


def _table(items: list[dict[str, Any]], nothing: str) -> None:
    now = output.now()
    output.table(
        ("notice", "channel", "from", "tries", "why not", "what"),
        [
            (
                item["id"],
                item["channel"],
                in_words(item["at"], now),
                str(item["attempts"]),
                item["error"],
                item["headline"],
            )
            for item in items
        ],
        nothing,
    )
