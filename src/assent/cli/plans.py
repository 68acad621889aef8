"""`assent plan propose` and `assent plans`: maintenance that people assent to beforehand."""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output, requests
from assent.cli.access import Ticket, WindowOf, segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words, seconds, until
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

app = App(name="plan", help="Propose statements for later, to be assented to beforehand.")
plans = App(name="plans", help="See the plans that stand, and end them.")

_LONGEST = 40_000


@app.command
def propose(
    target: str,
    file: str,
    /,
    *,
    reason: Annotated[str, Parameter(name="--reason", help="Why, for those who decide.")],
    until_: Annotated[
        str, Parameter(name="--until", help="Until when: `3h` from now, `2026-12-31`, an instant.")
    ],
    from_: Annotated[
        str, Parameter(name="--from", help="From when: `2h` from now, or an instant.")
    ] = "",
    window: WindowOf = "",
    times: Annotated[int, Parameter(name="--times", help="How often each may run.")] = 1,
    database: Annotated[
        str, Parameter(name="--database", help="Where it is not the target's own.")
    ] = "",
    ticket: Ticket = "",
    wait: Annotated[
        bool, Parameter(name="--wait", negative=(), help="Wait until it is decided.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Propose the statements of a file: people assent to exactly these, and they run once each.

    It needs all that its statements need. Connect as always when its time has come, and run the
    same file with `psql -f`; whatever is changed in it is held.

    Parameters
    ----------
    target
        The name of the target.
    file
        A file with nothing but SQL, or `-` for what is piped in.
    """
    now = output.now()
    body: dict[str, object] = {
        "target": target,
        "text": _text(file),
        "reason": reason,
        "ends_at": _instant(until_, now),
        "times": times,
        "window": window,
        "database": database,
        "ticket": ticket,
    }
    if from_:
        body["starts_at"] = _instant(from_, now)
    client = signed_in()
    asked = client.post("/v1/plans", body)
    if wait and asked["state"] != "completed":
        asked = requests.wait(client, asked)
    if as_json:
        output.show_json(asked)
        return
    if asked["state"] == "completed":
        output.say(f"the plan stands: {asked['grant']}; nothing in it needs more")
        output.note(f"next: `assent plans show {asked['grant']}`")
    else:
        requests.show(asked)


@plans.command(name="list")
def listing(
    *,
    everybody: Annotated[
        bool, Parameter(name="--everybody", negative=(), help="Those of others, where you may.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List plans, the newest first."""
    answer = signed_in().get("/v1/plans", everybody="true" if everybody else None)
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("plan", "who", "target", "state", "from", "until", "texts", "runs left", "reason"),
        [
            (
                item["id"],
                item["grant"]["subject"],
                item["grant"]["target"],
                item["grant"]["state"],
                in_words(item["grant"]["starts_at"], now),
                in_words(item["grant"]["revoked_at"] or item["grant"]["ends_at"], now),
                str(len(item["texts"])),
                str(sum(text["times"] - text["used"] for text in item["texts"])),
                item["grant"]["reason"],
            )
            for item in answer["items"]
        ],
        "there are no plans; `assent plan propose TARGET FILE` proposes one",
    )


@plans.command
def show(plan_id: str, /, *, as_json: AsJson = False) -> None:
    """Show a plan with its texts and how often each was run.

    Parameters
    ----------
    plan_id
        The id of the plan, as `assent plans list` prints it.
    """
    plan = signed_in().get(f"/v1/plans/{segment(plan_id)}")
    if as_json:
        output.show_json(plan)
        return
    now, grant = output.now(), plan["grant"]
    output.facts(
        [
            ("plan", plan["id"]),
            ("who", grant["subject"]),
            ("target", f"{grant['target']}, database {plan['database']}"),
            ("state", grant["state"]),
            ("from", in_words(grant["starts_at"], now)),
            ("until", in_words(grant["revoked_at"] or grant["ends_at"], now)),
            ("hours", grant["window"]),
            ("reason", grant["reason"]),
            ("request", grant["request"] or ""),
            ("texts", "\n".join(map(_line, plan["texts"]))),
        ]
    )


@plans.command
def revoke(
    plan_id: str,
    /,
    *,
    because: Annotated[str, Parameter(name="--because", help="Why; its holder is told.")],
    as_json: AsJson = False,
) -> None:
    """End a plan for ever: none of its texts runs under it any more.

    Parameters
    ----------
    plan_id
        The id of the plan.
    """
    answer = signed_in().post(f"/v1/grants/{segment(plan_id)}/revoke", {"because": because})
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"revoked: plan {answer['id']} of {answer['subject']} on {answer['target']}")


def _line(text: Mapping[str, Any]) -> str:
    return f"{text['used']} of {text['times']}: {' '.join(text['text'].split())[:200]}"


def _text(file: str) -> str:
    """Return the texts. Raises CommandFault for what cannot be read or is too long."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        words = f"`{file[:80]}` cannot be read as UTF-8"
        raise CommandFault(ExitCode.USAGE, "unreadable", words) from fault
    if len(text) > _LONGEST:
        words = f"`{file[:80]}` is longer than {_LONGEST} characters; propose it in parts"
        raise CommandFault(ExitCode.USAGE, "too-long", words)
    return text


def _instant(text: str, now: datetime) -> str:
    """Return the instant that is meant, RFC 3339 in UTC: a time, or a span from now."""
    if text and text[-1] in "smhd" and text[:-1].isdecimal():
        at = now + timedelta(seconds=seconds(text))
        return at.isoformat().replace("+00:00", "Z")
    return until(text)
