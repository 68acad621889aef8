"""What has been found in a command so far; `statement()` is the sum of it."""

from assent.core.action import Operation, Statement, Touch
from assent.core.resource import Resource
from assent.protocols.ssh.verbs import OPERATIONS

MOST_TOUCHES = 500
MOST_PROBLEMS = 20
LONGEST = 200
LONGEST_NAME = 4096
DANGER = (
    *("file.list", "file.read", "ssh.execute", "ssh.shell", "file.write", "file.delete"),
    *("file.administer", "ssh.agent", "ssh.forward", "ssh.listen", "ssh.elevate", "ssh.unknown"),
)
"""Verbs, from the least to the most dangerous; the last one present is the statement's kind."""


class Findings:
    """Collects touches, in order of appearance, and why it is not all of them."""

    def __init__(self) -> None:
        self._touches: dict[Touch, None] = {}
        self._problems: dict[str, None] = {}
        self._noted: list[Operation] = []

    @property
    def complete(self) -> bool:
        """Whether nothing was unknown so far."""
        return not self._problems

    @property
    def empty(self) -> bool:
        """Whether nothing was found at all."""
        return not self._touches

    @property
    def noted(self) -> int:
        """How much has been noted so far, also what was known already."""
        return len(self._noted)

    def only_read_since(self, noted: int) -> bool:
        """Whether nothing but reads was noted after so much."""
        return all(one is Operation.READ for one in self._noted[noted:])

    def touch(
        self,
        verb: str,
        kind: str,
        name: str,
        through: str = "",
        arguments: frozenset[str] = frozenset(),
        *,
        reads: bool = False,
    ) -> None:
        """Note that `verb` is done to that resource. reads: it changes nothing."""
        operation = Operation.READ if reads else OPERATIONS[verb]
        if len(name) > LONGEST_NAME:
            self.unknown(f"a name in it is longer than {LONGEST_NAME} characters", through)
            name = name[:LONGEST_NAME]
        self._noted.append(operation)
        touch = Touch(verb, operation, Resource(kind, name), frozenset(), through, "", arguments)
        if len(self._touches) < MOST_TOUCHES or touch in self._touches:
            self._touches[touch] = None
        else:
            self.unknown(f"it touches more than {MOST_TOUCHES} things", through)

    def unknown(self, problem: str, through: str = "", name: str = "*") -> None:
        """Note something that cannot be known. problem: a sentence for people."""
        self._noted.append(Operation.UNKNOWN)
        if len(self._problems) < MOST_PROBLEMS:
            self._problems[problem] = None
        unknown = Resource("Program", name)
        touch = Touch("ssh.unknown", Operation.UNKNOWN, unknown, through=through)
        if len(self._touches) < MOST_TOUCHES + MOST_PROBLEMS:
            self._touches[touch] = None

    def statement(self) -> Statement:
        """Return the reading."""
        touches = tuple(self._touches)
        verbs = {touch.verb for touch in touches}
        return Statement(
            kind=max(verbs, key=DANGER.index),
            touches=touches,
            complete=self.complete,
            reusable=self.complete and all(one.operation is Operation.READ for one in touches),
            problems=tuple(self._problems),
        )


def quoted(text: str) -> str:
    """Return outside text as a problem may show it."""
    shown = "".join(one if one.isprintable() else "?" for one in text[:80].replace("`", "'"))
    return f"`{shown}`"


def cut(text: str) -> str:
    """Return a word as a touch's arguments have it."""
    return text[:LONGEST]
