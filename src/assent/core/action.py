"""What is attempted: one Action with all that it touches.

Everything anybody wants to do is an Action: a statement, but also asking for access,
approving a request or changing a policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from assent.core.canonical import Json, canonical_bytes
from assent.core.flows import Flows
from assent.core.ids import ActionId, SessionId, SubjectId, TargetId
from assent.core.resource import Resource


class Operation(StrEnum):
    """What a touch does to its resource. UNKNOWN is permitted only by a policy that names it."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"
    ADMINISTER = "administer"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """PREPARE asks about a text before its parameters are known; nothing runs then."""

    PREPARE = "prepare"
    EXECUTE = "execute"


@dataclass(frozen=True, slots=True)
class Touch:
    """One verb on one resource.

    columns: names of columns, or of fields of a message, read or written; `*` for all, empty for
    none.
    through: the view, function, trigger, rule or key by which it happens, such as
    `view public.totals`; empty where the text itself names the resource. part_of: the name of
    what it is a part of, or the whole of, such as a partition's table: who may do it to that may
    do it here, unless something says otherwise. arguments: what it is done with, where a policy
    may want to know: the words of a command, or `path=value` of the fields of a call, each cut to
    200 characters.
    """

    verb: str
    operation: Operation
    resource: Resource
    columns: frozenset[str] = frozenset()
    through: str = ""
    part_of: str = ""
    arguments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Statement:
    """What a text in some language says, understood: the reading that decisions rest on.

    kind: the dominant verb, for people. touches: all of them, deduplicated, in order of
    appearance. complete: whether every part was understood; otherwise one touch is UNKNOWN.
    has_where: false when some update or delete in it has no WHERE at all.
    reusable: only reads, and no literal in it changes what it touches: its decision may be
    reused for the same shape. problems: why it is not complete, for people. flows: where the
    values of columns go, None where that is not known: then anything read may go anywhere.
    cursor: the cursor that it declares or fetches from, empty for none. unresolved: full names
    of what the target is not known to have. defines: full name of a view, table or function that
    it makes or changes → what whoever uses it does; of kind `sql.create` where using it in any
    way does just that. renames: pairs of full names of relations, `table.column`, functions and
    schemas: what is done to the first is done to the second. paths: what it sets search_path
    to, None where that cannot be told. types: full names of types that it makes values
    of, but for the server's own.
    """

    kind: str
    touches: tuple[Touch, ...]
    complete: bool
    has_where: bool = True
    reusable: bool = False
    functions: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    prepares: Mapping[str, "Statement"] = field(default_factory=dict)
    executes: frozenset[str] = frozenset()
    flows: Flows | None = None
    cursor: str = ""
    unresolved: frozenset[str] = frozenset()
    defines: Mapping[str, "Statement"] = field(default_factory=dict)
    renames: frozenset[tuple[str, str]] = frozenset()
    paths: tuple[tuple[str, ...] | None, ...] = ()
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Action:
    """One attempt, with everything a decision is bound to.

    statement: what it does, understood; for asking for access, one touch on the target.
    text: what the client sent, verbatim. parameters: as text, None for NULL, in order.
    in_transaction: locks may be held while it waits. details: what else is asked for, such
    as `for_s` of an access request. salt: unpredictable, so that the digest of a short text
    in the log cannot be guessed.
    """

    id: ActionId
    subject: SubjectId
    statement: Statement
    target: TargetId | None = None
    session: SessionId | None = None
    text: str = ""
    parameters: tuple[str | None, ...] = ()
    phase: Phase = Phase.EXECUTE
    in_transaction: bool = False
    details: Mapping[str, str] = field(default_factory=dict)
    salt: str = ""

    @property
    def verb(self) -> str:
        """The dominant verb, as people would name the action."""
        return self.statement.kind

    @property
    def touches(self) -> tuple[Touch, ...]:
        """All that it touches; every touch must pass."""
        return self.statement.touches

    def digest(self) -> str:
        """Return `sha256:` and hex over what an approval is bound to.

        Bound: verb, text, parameters, subject, target, session, details and salt, and not
        the reading of it: the same text is the same action whatever our parser says of it.
        """
        bound: dict[str, Json] = {
            "details": dict(self.details),
            "parameters": list(self.parameters),
            "salt": self.salt,
            "session": self.session,
            "subject": self.subject,
            "target": self.target,
            "text": self.text,
            "verb": self.verb,
        }
        return "sha256:" + sha256(canonical_bytes(bound)).hexdigest()
