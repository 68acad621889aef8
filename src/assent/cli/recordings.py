"""`assent recordings`: list them, look whether one is whole, play it, and write it into a file."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from assent.cli import output
from assent.cli.access import segment
from assent.cli.client import Client, signed_in
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.grants import Everybody
from assent.cli.output import AsJson

app = App(name="recordings", help="Look at what sessions looked like, and prove that it is whole.")

_PAGE = 1000
_LONGEST_PAUSE_S = 5.0
Format = Literal["asciicast", "asciicast-v3", "jsonl"]


@app.command(name="list")
def listing(*, everybody: Everybody = False, as_json: AsJson = False) -> None:
    """List recordings, the newest first: how much is sealed of each session."""
    answer = signed_in().get("/v1/recordings", everybody="true" if everybody else None)
    if as_json:
        output.show_json(answer)
        return
    now = output.now()
    output.table(
        ("session", "who", "target", "opened", "segments", "frames", "bytes"),
        [
            (
                item["session"]["id"],
                item["session"]["subject"],
                item["session"]["target"],
                in_words(item["session"]["opened_at"], now),
                str(item["segments"]),
                str(item["frames"]),
                str(item["bytes"]),
            )
            for item in answer["items"]
        ],
        "nothing was recorded yet; every session is: `assent connect TARGET --psql`",
    )


@app.command
def show(session_id: str, /, *, as_json: AsJson = False) -> int:
    """Say whether a recording is whole, by the log, and what it consists of.

    Exits with 1 when something is wrong with it. An export proves the same without the server.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    answer = signed_in().get(f"/v1/recordings/{segment(session_id)}")
    if as_json:
        output.show_json(answer)
        return 0 if answer["whole"] else 1
    session, segments = answer["session"], answer["segments"]
    output.facts(
        [
            ("session", session["id"]),
            ("who", session["subject"]),
            ("target", f"{session['target']} ({session['database']})"),
            ("state", f"{session['state']} {session['ended_because']}".strip()),
            ("recording", _verdict(answer)),
        ]
    )
    for problem in answer["problems"]:
        output.say(f"    {problem}")
    output.say()
    output.table(
        ("segment", "frames", "bytes", "digest", "key"),
        [
            (
                str(one["number"]),
                f"{one['first_frame']}-{one['first_frame'] + one['frames'] - 1}",
                str(one["bytes"]),
                one["digest"],
                "destroyed" if one["number"] in answer["erased"] else one["key"],
            )
            for one in segments
        ],
        "nothing of it is sealed yet",
    )
    if not answer["whole"]:
        return 1
    output.say(f"next: `assent recordings play {session['id']}`")
    return 0


@app.command
def play(
    session_id: str,
    /,
    *,
    speed: Annotated[
        float, Parameter(name="--speed", help="How many times as fast; 0 for all at once.")
    ] = 1.0,
) -> None:
    """Play a recording in this terminal, with its pauses, none longer than five seconds.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    if not 0 <= speed <= 1_000_000:
        raise CommandFault(ExitCode.USAGE, "bad-speed", "give a `--speed` of 0 or more, such as 4")
    from assent.recording.asciicast import MARKER, OUTPUT
    from assent.recording.playing import clean

    session, frames = _all_frames(session_id)
    before = 0
    for event in _cast(session, frames).events:
        if speed and event.at_us > before:
            sys.stdout.flush()
            time.sleep(min((event.at_us - before) / 1_000_000 / speed, _LONGEST_PAUSE_S))
        before = max(before, event.at_us)
        if event.code == OUTPUT:
            sys.stdout.write(event.data)
        elif event.code == MARKER:
            sys.stdout.write(f">>> {clean(event.data)}\r\n")
    sys.stdout.flush()


@app.command
def export(
    session_id: str,
    /,
    *,
    form: Annotated[
        Format, Parameter(name="--format", help="For players of terminals, or every frame as JSON.")
    ] = "asciicast",
    to: Annotated[Path | None, Parameter(name="--to", help="A file; by default it is printed.")] = (
        None
    ),
) -> None:
    """Write a recording in a form that others read.

    Parameters
    ----------
    session_id
        The id of the session.
    """
    from assent.recording.asciicast import encode_cast

    session, frames = _all_frames(session_id)
    lines: Iterator[str]
    if form == "jsonl":
        lines = (json.dumps(frame, ensure_ascii=False) for frame in frames)
    else:
        lines = encode_cast(_cast(session, frames), 3 if form == "asciicast-v3" else 2)
    with to.open("w", encoding="utf-8") if to else nullcontext(sys.stdout) as file:
        for line in lines:
            file.write(f"{line}\n")
    if to:
        output.note(f"{output.counted(len(frames), 'frame')} in {to}")


def _cast(session: Mapping[str, Any], frames: Sequence[Mapping[str, Any]]) -> Any:
    from assent.recording.playing import cast_of

    title = f"{session['subject']} on {session['target']}, session {session['id']}"
    return cast_of(frames, title, f"{session['database']}=> ")


def _all_frames(session_id: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the session and all its frames, fetched page by page."""
    client, frames = signed_in(), list[Mapping[str, Any]]()
    answer = _page(client, session_id, 0)
    frames += [one["frame"] for one in answer["frames"]]
    while answer["after"] is not None:
        output.live(f"{len(frames)} frames")
        answer = _page(client, session_id, answer["after"])
        frames += [one["frame"] for one in answer["frames"]]
    output.live("")
    if not frames:
        raise CommandFault(
            ExitCode.USAGE, "nothing-recorded", f"nothing was recorded of `{session_id}` yet"
        )
    return answer["session"], frames


def _page(client: Client, session_id: str, after: int) -> dict[str, Any]:
    return client.get(f"/v1/recordings/{segment(session_id)}/frames", after=after, limit=_PAGE)


def _verdict(answer: Mapping[str, Any]) -> str:
    if not answer["whole"]:
        return "NOT whole: this is not what was recorded"
    count = output.counted(len(answer["segments"]), "segment")
    if answer["session"]["state"] == "open":
        return f"whole so far: {count}, each with the digest in the log"
    if answer["ended_frames"] is None:
        return f"whole: {count}, each with the digest in the log; its end is not in the log"
    frames = output.counted(answer["ended_frames"], "frame")
    return f"whole: {count}, each with the digest in the log, {frames} to the end"
