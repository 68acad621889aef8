"""`assent delegate`, `delegations`, `away` and `back`."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.client import Client, signed_in
from assent.cli.durations import in_words, seconds
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

_USAGE = "write it as `assent delegate dba to ben for 3d`"


def delegate(
    group: str,
    /,
    *words: str,
    reason: Annotated[str, Parameter(name="--reason", help="Why, for those who look back.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let somebody answer in your place: `assent delegate dba to ben for 3d`.

    Only of groups that you are in yourself; it ends with your own place in it.

    Parameters
    ----------
    group
        The group; `@me` for requests that name you yourself.
    words
        `to PERSON for 3d`.
    """
    if len(words) != 4 or (words[0], words[2]) != ("to", "for"):
        raise CommandFault(ExitCode.USAGE, "usage", _USAGE)
    answer = _give(signed_in(), group, words[1], seconds(words[3]), reason)
    if as_json:
        output.show_json(answer)
    else:
        _say_given(answer, group, words[1])


def delegations(*, as_json: AsJson = False) -> None:
    """List the delegations in force that you gave or hold."""
    answer = signed_in().get("/v1/delegations")
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("grant", "group", "from", "to", "until", "reason"),
        [
            (
                item["id"],
                item["group"],
                item["by"],
                item["to"],
                in_words(item["ends_at"], now),
                item["reason"],
            )
            for item in answer["items"]
        ],
        "there are none; `assent delegate GROUP to PERSON for 3d` gives one",
    )
    if answer["items"]:
        output.note("next: `assent revoke GRANT --because …` ends one")


def away(
    *until: str,
    delegate_to: Annotated[
        str | None, Parameter(name="--delegate-to", help="Who answers in your place meanwhile.")
    ] = None,
    group: Annotated[
        tuple[str, ...],
        Parameter(name="--group", help="As a member of which group; may be named again."),
    ] = (),
    as_json: AsJson = False,
) -> None:
    """Be away: `assent away until 2026-08-01`, `assent away 3d`; others are asked first.

    Parameters
    ----------
    until
        A duration (`3d`), or a date or time in your zone (`2026-08-01`, `2026-08-01T09:00`).
    """
    if delegate_to is not None and not group:
        words = "name the group that they answer for: `--delegate-to ben --group dba`"
        raise CommandFault(ExitCode.USAGE, "usage", words)
    now = output.now()
    ends_at = _instant(" ".join(until).removeprefix("until ").strip(), now)
    client = signed_in()
    answer = client.post("/v1/absence", {"until": ends_at.isoformat()})
    for_s = int((ends_at - now).total_seconds())
    given = [_give(client, one, delegate_to, for_s, "away") for one in group if delegate_to]
    if as_json:
        output.show_json({**answer, "delegations": given})
        return
    output.say(f"you are away until {in_words(answer['until'], now)}; others are asked first")
    for one, name in zip(given, group, strict=False):
        _say_given(one, name, delegate_to or "")


def back(*, as_json: AsJson = False) -> None:
    """Be back: you are asked again like everybody else."""
    answer = signed_in().delete("/v1/absence")
    if as_json:
        output.show_json(answer)
    else:
        output.say("you are back; delegations that you gave go on, see `assent delegations`")


def _give(client: Client, group: str, to: str, for_s: int, reason: str) -> dict[str, Any]:
    return client.post(
        "/v1/delegations", {"group": group, "to": to, "for_s": for_s, "reason": reason}
    )


def _say_given(answer: dict[str, Any], group: str, to: str) -> None:
    if answer["state"] == "completed":
        output.say(f"{to} answers for {group} in your place now: {answer['grant']}")
    else:
        needs = "; ".join(answer["unmet"])
        output.say(f"asked for: {to} for {group}, request {answer['id']}; it needs {needs}")


def _instant(text: str, now: datetime) -> datetime:
    """Return the time that is meant. Raises CommandFault."""
    if text and text[-1] in "smhd" and text[:-1].isdecimal():
        return now + timedelta(seconds=seconds(text))
    try:
        # Without a zone it is the reader's own.
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        words = f"`{text[:80]}` is no time; write `3d`, `2026-08-01` or `2026-08-01T09:00`"
        raise CommandFault(ExitCode.USAGE, "bad-time", words) from None
