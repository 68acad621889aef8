"""`assent sessions`: list, play back, watch and steer them."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import signed_in
from assent.cli.durations import in_words
from assent.cli.grants import Everybody
from assent.cli.output import AsJson

_SILENT_FOR_S = 60.0
"""Longer than a server says nothing to whoever watches."""

app = App(name="sessions", help="List sessions, watch them, and stop what goes wrong in them.")


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


Why = Annotated[
    str, Parameter(name="--because", help="Why; the client is told, and it is in the log.")
]


@app.command
def cut(session_id: str, /, *, because: Why, as_json: AsJson = False) -> None:
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


@app.command
def pause(session_id: str, /, *, because: Why, as_json: AsJson = False) -> None:
    """Let what is sent next to a session wait, until somebody resumes it.

    Each statement waits for a quarter of an hour at most, in a transaction for a minute.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    _steer(session_id, "pause", because, as_json=as_json)


@app.command
def resume(session_id: str, /, *, because: Why, as_json: AsJson = False) -> None:
    """Let a paused session go on.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    _steer(session_id, "resume", because, as_json=as_json)


@app.command
def downgrade(session_id: str, /, *, because: Why, as_json: AsJson = False) -> None:
    """Let a session only read, until it ends.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    _steer(session_id, "downgrade", because, as_json=as_json)


@app.command
def watch(
    session_id: str,
    /,
    *,
    reason: Annotated[
        str, Parameter(name="--reason", help="Why you look; it is in the log before you do.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what is done in an open session, as it is done, until it ends or Ctrl-C.

    That you watch a session of somebody else is in the log before anything is shown.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    path = f"/v1/sessions/{segment(session_id)}/watch"
    for data in signed_in().patient(_SILENT_FOR_S).because(reason).events(path):
        if not data:
            continue
        said = json.loads(data)
        if not as_json:
            _glimpse(said)
        elif said["frames"] or said["over"]:
            output.show_json(said)
        if said["over"]:
            return


def _glimpse(said: Mapping[str, Any]) -> None:
    """Print what is new, a line each: what was sent, what came of it, what happened beside it."""
    if said["skipped"]:
        output.say(f"... {said['skipped']} frames were skipped")
    for frame in said["frames"]:
        at = str(frame.get("at", ""))[11:19]
        if frame.get("kind") == "statement":
            request = f" ({frame['request']})" if frame.get("request") else ""
            output.say(f"{at}  {frame['verdict']}{request}: {_statement(frame)}")
        elif frame.get("kind") == "result":
            output.say(f"{at}      {_outcome({'verdict': ''}, frame)}")
        elif frame.get("kind") == "mark":
            output.say(f"{at}  ({frame['event']}) {frame.get('detail', '')}".rstrip())
    if said["over"]:
        output.say("the session has ended")


def _steer(session_id: str, how: str, because: str, *, as_json: bool) -> None:
    answer = signed_in().post(f"/v1/sessions/{segment(session_id)}/{how}", {"because": because})
    if as_json:
        output.show_json(answer)
        return
    session = answer["session"]
    words = {"pause": "paused", "resume": "resumed", "downgrade": "only reads from now on"}[how]
    output.say(f"{words}: {session['id']} of {session['subject']} on {session['target']}")


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
