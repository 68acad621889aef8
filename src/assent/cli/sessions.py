"""`assent sessions` and `sessions show`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.grants import Everybody
from assent.cli.output import AsJson

app = App(name="sessions", help="List sessions; `sessions show` plays one back.")


@app.default
def sessions(
    *,
    open_only: Annotated[
        bool, Parameter(name="--open", negative=(), help="Only those that are open now.")
    ] = False,
    everybody: Everybody = False,
    with_canary: Annotated[
        bool,
        Parameter(
            name="--all", negative=(), help="Everybody's, and those of the gateway's own canary."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List sessions, the newest first."""
    answer = signed_in().get(
        "/v1/sessions",
        open="true" if open_only else None,
        everybody="true" if everybody or with_canary else None,
        all="true" if with_canary else None,
    )
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("session", "who", "target", "from", "state", "opened", "ended", "because"),
        [
            (
                item["id"],
                item["subject"],
                item["target"],
                item["client_address"],
                item["state"],
                in_words(item["opened_at"], now),
                in_words(item["ended_at"], now),
                item["ended_because"],
            )
            for item in answer["items"]
        ],
        "there are no sessions; one opens when somebody connects: `assent connect TARGET --psql`",
    )


@app.command
def show(session_id: str, /, *, as_json: AsJson = False) -> None:
    """Show one session and every statement in it.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    answer = signed_in().get(f"/v1/sessions/{segment(session_id)}")
    if as_json:
        output.show_json(answer)
        return
    session, now = answer["session"], output.now()
    ended = in_words(session["ended_at"], now)
    output.facts(
        [
            ("session", session["id"]),
            ("who", session["subject"]),
            ("target", f"{session['target']} ({session['database']})"),
            ("client", f"{session['client_address']} {session['application']}".strip()),
            ("grant", session["grant"]),
            ("state", f"{session['state']} {session['ended_because']}".strip()),
            ("opened", in_words(session["opened_at"], now)),
            ("ended", ended),
        ]
    )
    output.say()
    output.table(
        ("at", "what", "outcome"),
        _timeline(answer["frames"]),
        "nothing was said in it yet",
    )


@app.command
def cut(
    session_id: str,
    /,
    *,
    because: Annotated[str, Parameter(name="--because", help="Why; the client is told.")],
    as_json: AsJson = False,
) -> None:
    """End a session now.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    answer = signed_in().post(f"/v1/sessions/{segment(session_id)}/cut", {"because": because})
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"cut: {answer['id']} of {answer['subject']} on {answer['target']}")


def _timeline(frames: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return a row a statement, with its result beside it, and a row a mark, in order."""
    results = {frame["sequence"]: frame for frame in frames if frame.get("kind") == "result"}
    rows = []
    for frame in frames:
        at = in_words(frame["at"], output.now())
        if frame.get("kind") == "statement":
            outcome = _outcome(frame, results.get(frame["sequence"], {}))
            rows.append((at, _statement(frame), outcome))
        elif frame.get("kind") == "mark":
            rows.append((at, f"({frame['event']})", str(frame.get("detail", ""))))
    return rows


def _statement(frame: Mapping[str, Any]) -> str:
    parameters = frame.get("parameters") or ()
    if not parameters:
        return str(frame["text"])
    bound = ", ".join("NULL" if one is None else str(one) for one in parameters)
    return f"{frame['text']}\n[{bound}]"


def _outcome(statement: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    words = [str(statement["verdict"]), str(statement.get("request", ""))]
    if result:
        words.append(str(result["error"]))
        if result["rows"] >= 0:
            words.append(f"{result['rows']} rows")
        words.append(f"{result['duration_us'] / 1000:.1f} ms")
    return ", ".join(word for word in words if word)
