"""Sessions as the pages show them: who is in them, how they are, and what was done in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assent.control.live import LiveSession, Pause
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.control.standing import StandingKind
from assent.control.steering import Steer
from assent.core.assessment import RiskLevel
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.session import Session
from assent.web.answers import clean
from assent.web.session_screens import LONGEST_TEXT, is_screen, plain
from assent.web.texts import pieces_of
from assent.web.words import Piece, pieces

MOST_SHOWN = 20_000
"""Characters of a statement; what is longer is cut and said to be."""
_MOST_ROWS = 50
_MOST_KEPT = 64 * 1024

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Now:
    """How an open session is now. tags: words and their tone. waits: the text of what is held.

    may: what this person may do to it, by name.
    """

    tags: tuple[tuple[str, str], ...]
    waits: tuple[Piece, ...]
    because: str
    actions: int
    rows: str
    refused: int
    errors: int
    suspicion: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session in a list. now: None for one that is over."""

    id: str
    who: str
    display: str
    target: str
    protocol: str
    environment: str
    database: str
    address: str
    application: str
    grant: str
    state: str
    opened_at: str
    ends_at: str
    ended_at: str
    because: str
    own: bool
    now: Now | None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what was done: a statement with what came of it, or a mark.

    kinds: what can be jumped to: `held`, `error`, `write`, `refused`. number: of its first frame.
    shown: what its terminal showed, as text.
    """

    key: str
    number: int
    at: str
    kind: str
    words: str = ""
    pieces: tuple[Piece, ...] = ()
    cut: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    verdict: str = ""
    entry: str = ""
    request: str = ""
    outcome: str = ""
    is_bad: bool = False
    duration_us: int = 0
    kinds: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = field(default=())
    shown: tuple[Piece, ...] = ()


def view_of(plane: ControlPlane, caller: Caller, session: Session) -> SessionView:
    """Return a session as this person sees it in a list."""
    try:
        who = plane.directory.subject(session.subject)
        name, display = who.name, who.display_name
    except MissingFault:
        name, display = session.subject, ""
    try:
        target = plane.directory.target(session.target)
        where, environment, protocol = target.name, target.environment, target.protocol
    except MissingFault:
        where, environment, protocol = session.target, "", ""
    live = plane.steering.open_now(session.id)
    if live is not None:
        session = live.session
    return SessionView(
        id=session.id,
        who=name,
        display=display,
        target=where,
        protocol=protocol,
        environment=environment,
        database=clean(session.database),
        address=session.client_address,
        application=clean(session.application),
        grant=session.grant,
        state=session.state.value,
        opened_at=isoformat(session.opened_at),
        ends_at=isoformat(session.ends_at),
        ended_at=isoformat(session.ended_at) if session.ended_at else "",
        because=clean(session.ended_because),
        own=session.subject == caller.subject.id,
        now=now_of(plane, caller, live, protocol) if live is not None else None,
    )


def now_of(plane: ControlPlane, caller: Caller, live: LiveSession, protocol: str) -> Now:
    """Return how an open session is now."""
    so_far, pause = live.so_far, live.pause
    waits = live.waiting.text if live.waiting is not None else ""
    return Now(
        tags=_tags(live),
        waits=pieces_of(waits[:MOST_SHOWN], protocol),
        because=_paused(pause) if pause is not None else "",
        actions=so_far.actions,
        rows=f"{so_far.rows:,}",
        refused=so_far.denials,
        errors=so_far.errors,
        suspicion=f"{so_far.suspicion_mb / 1000:.1f}",
        may=frozenset(
            how.value
            for how in Steer
            if _applies(live, how) and plane.steering.may(caller, live.session, how)
        ),
    )


def _paused(pause: Pause) -> str:
    return pause.because if pause.groups else f"{pause.name} paused it: {pause.because}"


def _applies(live: LiveSession, how: Steer) -> bool:
    if how in (Steer.PAUSE, Steer.RESUME):
        return (live.stopped is not None) is (how is Steer.RESUME)
    return how is Steer.CUT or not live.only_reads


def _tags(live: LiveSession) -> tuple[tuple[str, str], ...]:
    tags: list[tuple[str, str]] = []
    if live.stopped is not None:
        tags.append(("paused", "warn"))
    elif live.unwatched is not None:
        tags.append(("waits to be watched", "warn"))
    if live.waiting is not None:
        tags.append(("something waits for people", "warn"))
    if live.only_reads:
        tags.append(("only reads", ""))
    if live.standing.kind in (StandingKind.HELD, StandingKind.UNDECIDED, StandingKind.OVER):
        tags.append((f"session {live.standing.kind.value}", "danger"))
    if live.level is not RiskLevel.LOW:
        tone = "danger" if live.level is RiskLevel.HIGH else "warn"
        tags.append((f"{live.level.value} risk", tone))
    return tuple(tags)


def steps_of(frames: Iterable[tuple[int, Frame]], protocol: str = "postgres") -> Sequence[Step]:
    """Return what was done, in the order in which it began; results stand with their statements.

    What terminals showed stands there as text. protocol: of the target, for its words.
    """
    steps: dict[str, Step] = {}
    shown: dict[str, str] = {}
    for number, frame in frames:
        kind, at = str(frame.get("kind")), str(frame.get("at", ""))
        key = f"s{frame.get('sequence', 0)}"
        if kind == "statement":
            held = steps.pop(f"{key}-held", None)
            steps[key] = _statement(key, number, at, frame, held, protocol)
        elif kind in ("result", "rows"):
            # Its statement may stand on an earlier page.
            with_it = _with_result if kind == "result" else _with_rows
            if key in steps:
                steps[key] = with_it(steps[key], frame)
        elif kind == "mark" and frame["event"] == "held":
            steps[f"{key}-held"] = _mark(f"{key}-held", number, at, frame)
        elif kind == "mark" and frame["event"] == "released":
            continue
        elif kind == "output" and len(shown.get(key, "")) < _MOST_KEPT:
            shown[key] = shown.get(key, "") + str(frame["data"])
        elif not is_screen(frame):
            steps[f"f{number}"] = _other(number, at, kind, frame)
    return tuple(_with_screen(step, shown.get(step.key, "")) for step in steps.values())


def _with_screen(step: Step, shown: str) -> Step:
    text = plain(shown).strip("\n")
    if not text.strip():
        return step
    cut = text[:LONGEST_TEXT] + "\n…" * (len(text) > LONGEST_TEXT)
    return replace(step, shown=pieces(cut))


def _statement(
    key: str, number: int, at: str, frame: Frame, held: Step | None, protocol: str
) -> Step:
    text, verdict = str(frame["text"]), str(frame["verdict"])
    kinds = ["refused"] if verdict == "refuse" else []
    if held is not None or frame.get("request"):
        kinds.append("held")
    if verdict == "permit" and _writes(text):
        kinds.append("write")
    words = {"refuse": "refused", "reuse": "permitted as before", "permit": "permitted"}
    return Step(
        key=key,
        number=number,
        at=held.at if held is not None else at,
        kind="statement",
        words=f"held until {at}" if held is not None else "",
        pieces=pieces_of(text[:MOST_SHOWN], protocol),
        cut=len(text) > MOST_SHOWN or bool(frame.get("cut")),
        parameters=tuple(
            (f"${place}", "NULL" if one is None else clean(str(one)[:2_000]))
            for place, one in enumerate(frame.get("parameters") or (), 1)
        ),
        verdict=words.get(verdict, verdict),
        entry=str(frame.get("entry", "")),
        request=str(frame.get("request", "")),
        is_bad=verdict == "refuse",
        kinds=tuple(kinds),
    )


def _writes(text: str) -> bool:
    """Return whether a statement looks like one that changes something; for jumping, no more."""
    return text.lstrip(" \t\r\n(;")[:8].lower().startswith(
        ("insert", "update", "delete", "merge", "truncate", "create", "alter", "drop", "copy",
         "grant", "revoke", "call", "do ", "post ", "put ", "patch ", "sftp put")
    )  # fmt: skip


def outcome_words(frame: Frame) -> str:
    """Return what came of a statement: `12 rows, 3.4 ms`."""
    took = f"{frame['duration_us'] / 1000:,.1f} ms"
    if frame.get("error"):
        return f"failed: {clean(str(frame['error'])[:500])}, {took}"
    rows = int(frame.get("rows", -1))
    return f"{rows:,} rows, {took}" if rows >= 0 else took


def _with_result(step: Step, frame: Frame) -> Step:
    kinds = (*step.kinds, "error") if frame.get("error") else step.kinds
    return replace(
        step,
        outcome=outcome_words(frame),
        is_bad=step.is_bad or bool(frame.get("error")),
        duration_us=int(frame["duration_us"]),
        kinds=kinds,
    )


def _with_rows(step: Step, frame: Frame) -> Step:
    rows = tuple(
        tuple("NULL" if one is None else clean(str(one)[:500]) for one in row)
        for row in frame["rows"]
    )
    columns = tuple(clean(str(one)) for one in frame["columns"]) or step.columns
    return replace(step, columns=columns, table=(*step.table, *rows)[:_MOST_ROWS])


def _mark(key: str, number: int, at: str, frame: Frame) -> Step:
    detail = str(frame.get("detail", ""))
    return Step(
        key=key,
        number=number,
        at=at,
        kind="mark",
        words="it waits" if frame["event"] == "held" else clean(str(frame["event"])),
        outcome="" if detail.startswith("req_") else clean(detail[:500]),
        request=detail if detail.startswith("req_") else "",
        kinds=("held",) if frame["event"] == "held" else (),
    )


def _other(number: int, at: str, kind: str, frame: Frame) -> Step:
    if kind == "mark":
        return _mark(f"f{number}", number, at, frame)
    if kind == "erased":
        words = f"{frame['frames']} frames were erased with the key of their person"
        return Step(f"f{number}", number, at, "erased", words=words)
    return Step(f"f{number}", number, at, kind, words=kind)
