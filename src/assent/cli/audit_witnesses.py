"""`assent audit status` and `audit rotate-key`: how the log stands, and a new key for it."""

from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output, requests
from assent.cli.client import signed_in
from assent.cli.durations import instant
from assent.cli.exit_codes import ExitCode
from assent.cli.output import AsJson

_MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def status(*, as_json: AsJson = False) -> int:
    """Say how the log stands: its size and keys, who outside has seen it and when.

    For who sees its health. Ends with 7 when somebody outside says that they saw another
    log, else with 0.
    """
    answer = signed_in().get("/v1/audit/status")
    if as_json:
        output.show_json(answer)
    else:
        _show(answer)
    disputed = any(one["disputed"] for one in answer["observers"])
    return ExitCode.OPERATOR if disputed else ExitCode.OK


def rotate_key(
    *,
    reason: Annotated[str, Parameter(help="Why, for those who decide.")] = "",
    ticket: Annotated[str, Parameter(help="A ticket that asks for it.")] = "",
    wait: Annotated[bool, Parameter(negative=(), help="Wait until it is answered.")] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the key that signs the log by a new one, which the old one vouches for."""
    client = signed_in()
    answer = client.patient(90).post("/v1/audit/rotate-key", {"reason": reason, "ticket": ticket})
    if answer["request"] and wait:
        answer["request"] = requests.wait(client, answer["request"])
    if as_json:
        output.show_json(answer)
    elif answer["request"]:
        requests.show(answer["request"])
    else:
        output.facts((("old", answer["old"]), ("new", answer["new"])))
        output.say(f"\nrotated: both keys signed the checkpoint of {answer['size']} entries")
        output.say("next: give the new key to your witnesses and to everybody who verifies")


def _show(answer: dict[str, Any]) -> None:
    at = answer["at"]
    signed = f", signed {_ago(answer['signed_at'], at)}" if answer["signed_at"] else ""
    output.facts(
        (
            ("entries", f"{answer['size'] or 0}{signed}"),
            ("pruned below", str(answer["minimum"] or "")),
            ("legal holds", str(answer["holds"] or "")),
            ("keys", "\n".join(answer["keys"])),
        )
    )
    output.say()
    rows = [
        (
            one["name"],
            one["kind"],
            "" if one["size"] is None else str(one["size"]),
            _ago(one["at"], at) if one["at"] else "never",
            one["problem"] or "ok",
        )
        for one in answer["observers"]
    ]
    output.table(
        ("seen by", "kind", "entries", "when", "state"),
        rows,
        "nobody outside sees the log: name witnesses or anchors in `[audit]`",
    )
    for check in answer["checks"]:
        if check["how"] != "ok":
            output.say(f"\n{_MARKS[check['how']]}  {check['name']}: {check['says']}")
            output.say(f"      -> {check['to_do']}")


def _ago(then: str, now: str) -> str:
    first, last = instant(then), instant(now)
    if first is None or last is None:
        return then
    seconds = max(0, int((last - first).total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name} ago"
    return f"{seconds} s ago"
