"""Those outside who keep what the log has signed: witnesses and anchors, as `control` asks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from assent.core.entry import Checkpoint

WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Observer:
    """One of them. kind: `witness`, or the kind of an anchor.

    size, at: what it saw last and when; None for nothing yet. problem: why it saw no more since,
    empty where it did. disputed: it says that it saw another log.
    """

    name: str
    kind: str
    size: int | None = None
    at: datetime | None = None
    problem: str = ""
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness signed the checkpoint. line: verified, without its newline."""

    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HasSize:
    """The witness signed another size last, and wants a proof from there."""

    size: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """The witness knows a tree of this log that the checkpoint does not continue.

    said: its answer, as it came; at most a note long.
    """

    status: int
    said: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness takes nothing from this log now. because: for people."""

    status: int
    because: str


Answer: TypeAlias = Cosigned | HasSize | Disputed | Refused


class Witness(Protocol):
    """Signs that a checkpoint continues all those of the log that it has seen."""

    @property
    def name(self) -> str:
        """The name of its key."""
        ...

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], note: str) -> Answer:
        """Return what it says to a checkpoint that continues the tree of size `old`.

        Raises OutsideFault when it is away, slow or answers in no form that is known.
        """
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What an anchor did with a checkpoint.

    reference: where it can be found again. body: what proves it, None where nothing does.
    """

    reference: str
    body: bytes | None = None


class AnchorPlace(Protocol):
    """A place where whoever runs the log cannot take a checkpoint back."""

    @property
    def name(self) -> str:
        """As the configuration calls it."""
        ...

    @property
    def kind(self) -> str: ...

    async def keep(self, checkpoint: Checkpoint, note: str) -> Kept:
        """Keep the note there. note: with what witnesses signed. Raises OutsideFault."""
        ...


class EvidenceKeeper(Protocol):
    """Keeps what shows that somebody saw another log under the same name."""

    async def keep(self, name: str, content: bytes) -> None:
        """Keep it durably under a name of letters, digits, `.` and `-`. Raises OutsideFault."""
        ...
