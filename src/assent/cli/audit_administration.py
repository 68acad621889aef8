"""`assent audit erase`, `hold`, `lift`, `holds`, `prune` and `keys`."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

Reason = Annotated[str, Parameter(name="--reason", help="Why; it is kept in the log.")]
Because = Annotated[str, Parameter(name="--because", help="Why; it is kept in the log.")]
Ticket = Annotated[str, Parameter(name="--ticket", help="A ticket that says so.")]
Whom = Annotated[str | None, Parameter(name="--subject", help="The name of a person.")]


def erase(
    *,
    subject: Annotated[str, Parameter(name="--subject", help="The name of a person.")],
    reason: Reason,
    ticket: Ticket = "",
    as_json: AsJson = False,
) -> None:
    """Erase a person: destroy the keys of all that is kept of them, for ever.

    Texts, parameters, reasons and recordings can then not be read by anybody; the log can be
    proved as before. Somebody may have to assent.
    """
    body = {"subject": subject, "reason": reason, "ticket": ticket}
    answer = signed_in().post("/v1/audit/erase", body)
    if as_json or _waits(answer):
        _show(answer, as_json)
        return
    told = answer["told"]
    output.say(f"erased: {output.counted(told['keys'], 'key')} destroyed, see {told['entry']}")
    output.say("what remains:")
    for each in told["remains"]:
        output.say(f"  {each}")


def hold(
    *,
    subject: Whom = None,
    everybody: Annotated[
        bool, Parameter(name="--everybody", negative=(), help="Instead of one person.")
    ] = False,
    because: Because,
    ticket: Ticket = "",
    as_json: AsJson = False,
) -> None:
    """Place a legal hold: nothing that is kept of them may be erased, and nothing pruned."""
    if (subject is None) != everybody:
        words = "name whom it is on: `--subject NAME`, or `--everybody`"
        raise CommandFault(ExitCode.USAGE, "usage", words)
    body = {"subject": subject, "because": because, "ticket": ticket}
    answer = signed_in().post("/v1/audit/holds", body)
    if as_json or _waits(answer):
        _show(answer, as_json)
        return
    output.say(f"{answer['told']['hold']} stands until `assent audit lift` lifts it")


def lift(
    hold_id: str, /, *, because: Because, ticket: Ticket = "", as_json: AsJson = False
) -> None:
    """Lift a legal hold.

    Parameters
    ----------
    hold_id
        The hold, as `assent audit holds` lists it.
    """
    path = f"/v1/audit/holds/{segment(hold_id)}/lift"
    answer = signed_in().post(path, {"because": because, "ticket": ticket})
    if as_json or _waits(answer):
        _show(answer, as_json)
        return
    output.say(f"{hold_id} is lifted")


def holds(*, as_json: AsJson = False) -> None:
    """List legal holds, lifted ones too."""
    answer = signed_in().get("/v1/audit/holds")
    if as_json:
        output.show_json(answer)
        return
    output.table(
        ("hold", "on", "placed by", "at", "lifted by", "because"),
        [
            (
                item["id"],
                item["subject"] or "everybody",
                item["placed_by"],
                item["placed_at"][:10],
                item["lifted_by"] or "",
                item["because"],
            )
            for item in answer["items"]
        ],
        "there are none; `assent audit hold --subject NAME --because …` places one",
    )


def prune(
    *,
    before: Annotated[
        str, Parameter(name="--before", help="A day, such as `2025-01-01` (UTC).")
    ] = "",
    keep: Annotated[str, Parameter(name="--keep", help="Instead of it, days: `400d`.")] = "",
    reason: Reason,
    ticket: Ticket = "",
    as_json: AsJson = False,
) -> None:
    """Delete what the log and the recordings hold from before a day, for ever.

    Hashes and checkpoints stay, so what is left can be proved. Somebody may have to assent.
    """
    instant = _before(before, keep, output.now())
    body = {"before": instant.isoformat(), "reason": reason, "ticket": ticket}
    answer = signed_in().post("/v1/audit/prune", body)
    if as_json or _waits(answer):
        _show(answer, as_json)
        return
    told = answer["told"]
    output.say(
        f"{output.counted(told['entries'], 'entry', 'entries')} below index {told['minimum']} "
        f"{'goes' if told['entries'] == 1 else 'go'} now, see {told['entry']}"
    )


def keys(*, subject: Whom = None, as_json: AsJson = False) -> None:
    """List the keys that what is kept of a person is sealed under; without one, those of nobody."""
    answer = signed_in().get("/v1/audit/keys", subject=subject)
    if as_json:
        output.show_json(answer)
        return
    output.table(
        ("key", "made", "destroyed", "wrapped by"),
        [
            (item["id"], item["created_at"][:10], (item["destroyed_at"] or "")[:10], item["master"])
            for item in answer["items"]
        ],
        "nothing was sealed for them yet",
    )


def _before(day: str, keep: str, now: datetime) -> datetime:
    """Return the instant that two texts say, one of which is empty. Raises CommandFault."""
    try:
        if day and not keep:
            return datetime.combine(date.fromisoformat(day), time(), UTC)
        if keep and not day and keep.endswith("d") and keep[:-1].isdigit():
            return now.astimezone(UTC) - timedelta(days=int(keep[:-1]))
    except (ValueError, OverflowError):
        pass
    words = "say what goes: `--before 2025-01-01`, or what stays: `--keep 400d`"
    raise CommandFault(ExitCode.USAGE, "usage", words)


def _waits(answer: dict[str, Any]) -> bool:
    return bool(answer["state"] == "waiting")


def _show(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.show_json(answer)
        return
    request = answer["request"]
    output.say(f"{request['id']} waits: {'; '.join(request['unmet']) or 'for people'}")
    output.note(f"it is done as soon as they assent: {request['link']}")
