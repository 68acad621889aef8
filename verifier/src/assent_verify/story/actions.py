"""Check 9: nothing was released without a permit, and every action that began has ended.

What one range says of an action that is not over there is kept as steps; the steps of all
ranges, one after the other, are walked once more by the same rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from assent_verify.report import Findings, NamedEntry

STORY = 9

_RELEASED = ("released", "completed")
_REMEMBERED = 65_536


class Turn(StrEnum):
    """What an entry means for an action.

    RUNS: a permit after which an outcome must come. MAY: a permit that has none of its own.
    NO: a denial. SETTLED: its request ended otherwise than by being released.
    """

    ATTEMPT = "attempt"
    RUNS = "runs"
    MAY = "may"
    NO = "no"
    RESULT = "result"
    RELEASED = "released"
    COMPLETED = "completed"
    SETTLED = "settled"
    GAP = "gap"
    STARTED = "started"
    EXPORTED = "exported"


class Step(NamedTuple):
    """One entry, as far as it matters here. place: its index. waits: whether it names a request."""

    turn: Turn
    place: int
    entry: str
    action: str = ""
    waits: bool = False
    names: tuple[str, ...] = ()


def step_of(index: int, leaf: dict[str, Any]) -> Step | None:
    """Return what an entry means, None for nothing."""
    kind, facts = leaf["kind"], leaf["facts"]
    if kind == "server.started":
        return Step(Turn.STARTED, index, leaf["id"])
    if kind == "audit.exported":
        opened = facts.get("open")
        names = tuple(one for one in opened if isinstance(one, str)) if opened else ()
        return Step(Turn.EXPORTED, index, leaf["id"], names=names)
    action = facts.get("action")
    if not isinstance(action, str):
        return None
    turn = _turn(kind, leaf, facts)
    return (
        None if turn is None else Step(turn, index, leaf["id"], action, leaf["request"] is not None)
    )


def _turn(kind: str, leaf: dict[str, Any], facts: dict[str, Any]) -> Turn | None:
    if kind == "attempt":
        return Turn.ATTEMPT
    if kind == "decision":
        if facts.get("outcome") != "permit":
            return Turn.NO
        # Only what a session releases to its target has an outcome of its own: a permit of
        # anything else takes effect in the commit of its entry, a PREPARE runs nothing, and
        # the uses of a reused decision are frames of the recording.
        alone = (
            leaf["session"] is not None
            and facts.get("phase") != "prepare"
            and facts.get("reuse") is not True
        )
        return Turn.RUNS if alone else Turn.MAY
    if kind == "result":
        return Turn.RESULT
    state = facts.get("state")
    if kind == "request.settled":
        return Turn.COMPLETED if state in _RELEASED else Turn.SETTLED
    if kind == "request.changed" and state in _RELEASED:
        return Turn.RELEASED
    return None


@dataclass(slots=True)
class _Action:
    """open: the entry after which something must come, None for nothing. ran: it was permitted."""

    open: Step | None
    permitted: bool
    waits: bool


class Actions:
    """Follows actions over a whole log, of which it is given all that some range left open."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._actions: dict[str, _Action] = {}
        # Permits whose effect was in the commit of their entry: a request completed at once
        # names the action right after. Dicts keep the order in which they came.
        self._recent: dict[str, None] = {}
        self._forgot = False
        self._has_gaps = False
        self._started: Step | None = None
        self._exported: frozenset[str] = frozenset()
        self.under_way = 0

    def walk(self, steps: Iterable[Step]) -> None:
        """Follow steps in the order of the log."""
        for step in steps:
            match step.turn:
                case Turn.GAP:
                    self._has_gaps = True
                case Turn.STARTED:
                    self._started = step
                case Turn.EXPORTED:
                    self._exported = frozenset(step.names)
                case _:
                    self._follow(step)

    def _follow(self, step: Step) -> None:
        name, turn = step.action, step.turn
        known = self._actions.get(name)
        if turn is Turn.ATTEMPT:
            before = known is not None and known.permitted
            self._actions[name] = _Action(step, before, step.waits)
        elif turn is Turn.NO:
            self._close(name, known)
        elif turn is Turn.RUNS:
            self._actions[name] = _Action(step, True, step.waits)
        elif turn is Turn.MAY and step.waits:
            self._actions[name] = _Action(None, True, True)
        elif turn is Turn.MAY:
            self._actions.pop(name, None)
            self._remember(name)
        else:
            self._end(step, known)

    def _end(self, step: Step, known: _Action | None) -> None:
        name, turn = step.action, step.turn
        if turn is not Turn.SETTLED:
            self._check_permitted(step, known)
        if known is None:
            self._recent.pop(name, None)
        elif turn is Turn.RESULT and known.waits:
            known.open = None  # Its request is still to be settled.
        elif turn is not Turn.RELEASED:
            self._actions.pop(name)

    def _close(self, name: str, known: _Action | None) -> None:
        if known is not None and known.permitted:
            known.open = None
        else:
            self._actions.pop(name, None)

    def _remember(self, name: str) -> None:
        self._recent[name] = None
        if len(self._recent) > _REMEMBERED:
            self._recent.pop(next(iter(self._recent)))
            self._forgot = True

    def _check_permitted(self, step: Step, known: _Action | None) -> None:
        if (known is not None and known.permitted) or step.action in self._recent:
            return
        entry = NamedEntry(step.place, step.entry)
        what = "has a result" if step.turn is Turn.RESULT else f"is {step.turn}"
        text = f"{entry}: action `{step.action[:80]}` {what}, but no decision before it permits it"
        if self._has_gaps:
            said = f"{text}; it may be among the entries that cannot be read"
            self._findings.miss(STORY, said, entry)
        elif self._forgot:
            self._findings.miss(STORY, f"{text} among the last {_REMEMBERED} permits", entry)
        else:
            self._findings.fail(STORY, text, entry)

    def finish(self) -> None:
        """Say what is still open when the whole log is read."""
        for name, known in self._actions.items():
            if known.open is None:
                continue
            if name in self._exported:
                self.under_way += 1
                continue
            step = known.open
            entry = NamedEntry(step.place, step.entry)
            began = f"{entry}: action `{name[:80]}`"
            if step.turn is Turn.ATTEMPT:
                text = f"{began} was attempted, and no entry says what was decided"
            elif self._started is not None and self._started.place > step.place:
                started = NamedEntry(self._started.place, self._started.entry)
                text = f"{began} was permitted and has no outcome: the gateway stopped while it "
                text += f"ran, and was started again by {started}"
            else:
                text = f"{began} was permitted and has no outcome in the log; it may still run, or"
                text += " the gateway stopped while it did"
            self._findings.miss(STORY, text, entry)


class OpenSteps:
    """Follows actions within one range, and keeps the steps of those that are not over there."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Step]] = {}
        self._others: list[Step] = []

    def read(self, step: Step) -> None:
        """Keep a step, and forget an action that began and ended here."""
        name, turn = step.action, step.turn
        if not name:
            self._others.append(step)
            return
        steps = self._steps.get(name)
        if steps is None:
            self._steps[name] = [step]
            return
        steps.append(step)
        if (not step.waits and _is_over(steps)) or (
            turn in (Turn.COMPLETED, Turn.SETTLED) and self._is_whole(steps)
        ):
            del self._steps[name]

    def _is_whole(self, steps: list[Step]) -> bool:
        """Return whether these steps break no rule, whatever stood before them."""
        permitted = False
        for step in steps:
            if step.turn in (Turn.RUNS, Turn.MAY):
                permitted = True
            elif step.turn in (Turn.RESULT, Turn.RELEASED, Turn.COMPLETED) and not permitted:
                return False
        return steps[0].turn is Turn.ATTEMPT

    def gap(self, index: int) -> None:
        """Note that entries cannot be read from here on."""
        self._others.append(Step(Turn.GAP, index, ""))

    def left(self) -> tuple[Step, ...]:
        """Return the steps of all that is not over, in the order of the log."""
        steps = [step for some in self._steps.values() for step in _needed(some)]
        return tuple(sorted([*steps, *self._others], key=lambda step: step.place))


def _is_over(steps: list[Step]) -> bool:
    """Return whether an action without a request is over: denied at once, or run."""
    turns = [step.turn for step in steps]
    return turns in _OVER


def _needed(steps: list[Step]) -> list[Step]:
    """Return the steps that are needed to go on: of a permit that may have no outcome, itself."""
    if [step.turn for step in steps] == [Turn.ATTEMPT, Turn.MAY] and not steps[1].waits:
        return steps[1:]
    return steps


_OVER = (
    [Turn.ATTEMPT, Turn.NO],
    [Turn.ATTEMPT, Turn.RUNS, Turn.RESULT],
    [Turn.ATTEMPT, Turn.MAY, Turn.RESULT],
)
