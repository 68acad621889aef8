"""What a server answers to the queries of a catalogue, query by query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Oids: TypeAlias = Sequence[int]
Words: TypeAlias = Sequence[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of each query of `queries`, in the order of its columns."""

    schemas: Sequence[tuple[str]] = ()
    relations: Sequence[tuple[int, str, str, str, str | None, int, str, bool, int]] = ()
    columns: Sequence[tuple[int, Words, Oids, Oids]] = ()
    inheritance: Sequence[tuple[int, int]] = ()
    triggers: Sequence[tuple[int, str, int, int]] = ()
    rules: Sequence[tuple[int, str, str, str | None]] = ()
    keys: Sequence[tuple[int, int, str, Oids, Oids, str, str]] = ()
    generated: Sequence[tuple[int, int, Oids]] = ()
    sequences: Sequence[tuple[int, int]] = ()
    runs: Sequence[tuple[int, int, int, bool]] = ()
    builtin_runs: Sequence[tuple[int, int, str, bool, bool]] = ()
    policy_reads: Sequence[tuple[int, int, Oids]] = ()
    types: Sequence[tuple[int, int, Oids]] = ()
    type_names: Sequence[tuple[int, str, str, int]] = ()
    type_runs: Sequence[tuple[int, int, int]] = ()
    builtin_type_runs: Sequence[tuple[int, int, str]] = ()
    routines: Sequence[
        tuple[
            int, str, str, str, int, int, bool, str, str, bool, str | None,
            Words | None, Words | None, Words | None, bool,
        ]
    ] = ()  # fmt: skip
    defaults: Sequence[tuple[int, int, int]] = ()
    builtin_defaults: Sequence[tuple[int, int, str]] = ()
    aggregates: Sequence[tuple[int, str, int, Oids]] = ()
    operators: Sequence[tuple[int, str, int]] = ()
    casts: Sequence[tuple[int, int, bool]] = ()
    event_triggers: Sequence[tuple[str, str, int]] = ()
    builtins: Sequence[tuple[int, str]] = ()
