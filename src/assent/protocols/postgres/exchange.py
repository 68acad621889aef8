"""What the two sides of a session and its decisions share."""

from msgspec import Struct

from assent.core.plugins import Send, Side, Step
from assent.core.session import Epoch
from assent.protocols.postgres.copying import CopyIn
from assent.protocols.postgres.extended import Group, Running
from assent.protocols.postgres.inquiries import Inquiry
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.names import Names
from assent.protocols.postgres.parameter_types import ParameterTypes
from assent.protocols.postgres.reading import Reading
from assent.protocols.postgres.results.keeping import Keeping
from assent.protocols.postgres.settings import Settings
from assent.protocols.postgres.target_stream import TargetStream
from assent.protocols.reuse import Reuse


class Simple(Struct, gc=False):
    """A simple Query in flight. running: None for one that stands in for a refused one.

    watched: its results are looked at. stopped: nothing more of them may be seen.
    """

    running: Running | None
    watched: bool = False
    stopped: bool = False


class Poison(Struct, frozen=True, gc=False):
    """A statement that must fail stands in for a refused one; its error becomes `error`."""

    token: bytes
    error: bytes


class Exchange:
    """The state of a session.

    unit: what is in flight. copy: while the client copies in. copy_rest: the start of a
    message of the client's, left behind by a copy that the target ended. tail: bytes of a
    CopyData that the target awaits although the copy is over. unfinished: a group went up
    that no Sync has ended, so its transaction is open. read_position: where the last message
    of the target that was read ended; results are counted from there, whatever the cut.
    inquiry: statements of the gateway's own that the target is answering. knowledge: of the
    target's names. keeping: of obligations on results. obliged: something in flight is looked
    at, or has its time. names_moved_on: what is in the transaction may have changed what is
    known of names. said: notices of the gateway's own that wait for the next ReadyForQuery.
    """

    __slots__ = (
        "copy",
        "copy_rest",
        "deferred",
        "inquiry",
        "keeping",
        "knowledge",
        "limits",
        "names",
        "names_moved_on",
        "obliged",
        "poison",
        "read_position",
        "reading",
        "reuse",
        "said",
        "sequence",
        "settings",
        "status",
        "stream",
        "tail",
        "types",
        "unfinished",
        "unit",
    )

    def __init__(
        self, epoch: Epoch, settings: Settings, status: int, limits: Limits, reading: Reading
    ) -> None:
        self.limits = limits
        self.reading = reading
        self.knowledge = reading.knowledge
        self.settings = settings
        self.status = status
        self.names = Names(limits.names)
        self.keeping = Keeping(reading.knowledge, limits.names)
        self.reuse = Reuse(epoch, limits.reusable_shapes)
        self.stream = TargetStream()
        self.unit: Simple | Group | None = None
        self.copy: CopyIn | None = None
        self.copy_rest = b""
        self.tail = 0
        self.types = ParameterTypes(limits.names)
        self.poison: Poison | None = None
        self.unfinished = False
        self.deferred = b""
        self.said = b""
        self.read_position = 0
        self.sequence = 0
        self.inquiry: Inquiry | None = None
        self.names_moved_on = False
        self.obliged = False

    @property
    def group(self) -> Group | None:
        """The extended group in flight, None if it is something else or nothing."""
        return self.unit if isinstance(self.unit, Group) else None

    def types_of(self, name: bytes) -> tuple[int, ...]:
        """Return the types of a statement's parameters, none where they are not sure."""
        return self.types.of(name) if self.names.certain else ()

    @property
    def names_moved(self) -> bool:
        """Whether names mean something else than they are read as: nothing is known to look up."""
        return self.settings.names_moved and self.knowledge.catalogue is None

    @property
    def target_at_rest(self) -> bool:
        """Whether the target has nothing to do for the client, and can be asked by the gateway."""
        unit = self.unit
        idle = unit is None or (
            isinstance(unit, Group) and not (unit.went_up or unit.ready or unit.expected)
        )
        # A query in the middle of a group that no Sync has ended would commit it.
        between = not (self.unfinished or self.tail or self.deferred)
        sound = self.status in b"IT" and self.poison is None and self.copy is None
        return idle and between and sound and self.inquiry is None and self.stream.at_rest

    @property
    def at_boundary(self) -> bool:
        """Whether the client can be told something now."""
        return self.stream.at_boundary and not self.deferred

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way to the client: no result, no copy, no confirmation."""
        unit = self.unit
        if isinstance(unit, Group):
            return not (unit.expected or unit.synced or unit.copying_next or unit.next_query)
        return unit is None

    def say(self, notice: bytes, steps: list[Step]) -> None:
        """Tell the client a notice that belongs to nothing, now or before the next ReadyForQuery.

        One that would be more than `limits.buffer_bytes` together with those that wait is
        dropped: a client that is told so much while one statement runs reads none of it.
        """
        if self.is_quiet:
            self.tell_client(self.take_said() + notice, steps)
        elif len(self.said) + len(notice) <= self.limits.buffer_bytes:
            self.said += notice

    def take_said(self) -> bytes:
        """Return the notices that wait; they wait no longer."""
        said, self.said = self.said, b""
        return said

    def tell_client(self, data: bytes, steps: list[Step]) -> None:
        """Send the client a message of our own, between two of the target's."""
        if self.at_boundary:
            steps.append(Send(Side.CLIENT, data))
        else:
            self.deferred += data

    def send_ready(self, steps: list[Step]) -> None:
        """Send the target what of a group may go."""
        unit = self.unit
        if isinstance(unit, Group) and unit.ready:
            steps.append(Send(Side.TARGET, unit.take_ready()))
