"""Writes docs/explanation/states.md from the tables of `workflow`; a test keeps it current."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from assent.core.request import RequestState
from assent.core.session import SessionState
from assent.workflow import grant, request, session

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=str)

PATH = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "states.md"

_HEAD = """\
# How requests, grants and sessions move

Written by `tools/write_state_diagrams.py` from the tables in `src/assent/workflow/`; do not edit.

Each is a table of states and events, and one function that follows it. An event that has no
arrow from where something stands is refused. What has no arrow leading away is so for ever.
"""

_REQUEST = """\
## A request

It asks people for the remedies of one action. `satisfied` means that nothing is missing any
more, not that the action may run: it is decided again, and that answer is `released`,
`reopened` (more is needed now) or `rejected` (now nothing would help). A request for access goes
the same way; what is released is its grant.

- `interrupted`: the gateway stopped before the release. The action did not run.
- `outcome-unknown`: the gateway stopped, or the connection broke, after it. It ran at most once.
"""

_GRANT = """\
## A grant

Its state is never stored; it follows from its times and from whether it was revoked. So nothing
stays open because a job did not run. An ended grant can still be revoked, because a clock may be
set back.
"""

_SESSION = """\
## A session

`closed`: the client or the target ended the connection, or the gateway was found to have stopped.
`cut`: the gateway ended it, because its time was over or somebody said so.
"""


def text() -> str:
    """Return the page in Markdown."""
    parts = [
        _HEAD,
        _REQUEST,
        _diagram(request.TRANSITIONS, RequestState.PENDING),
        _GRANT,
        _diagram(grant.TRANSITIONS, grant.GrantState.COMING),
        _SESSION,
        _diagram(session.TRANSITIONS, SessionState.OPEN),
    ]
    return "\n".join(parts)


def _diagram(transitions: Mapping[State, Mapping[Event, State]], first: State) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_name(first)}"]
    for state, events in transitions.items():
        lines += [
            f"    {_name(state)} --> {_name(after)}: {event}" for event, after in events.items()
        ]
    lines += [f"    {_name(state)} --> [*]" for state, events in transitions.items() if not events]
    return "\n".join([*lines, "```", ""])


def _name(state: StrEnum) -> str:
    # A hyphen does not belong into the name of a state in Mermaid.
    return state.value.replace("-", "_")


def main() -> int:
    """Write the page; with `--check`, only say whether it is current."""
    if "--check" in sys.argv:
        return 0 if PATH.read_text(encoding="utf-8") == text() else 1
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
