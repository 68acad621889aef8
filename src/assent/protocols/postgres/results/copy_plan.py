"""What is done to each column of a COPY to the client: it is not described as a result is."""

from msgspec import Struct

from assent.content.masks import OTHER, ValueKind, of_expression
from assent.core.enforcement import MaskHow
from assent.core.flows import Flows
from assent.protocols.postgres.results.copy_options import CopyOptions
from assent.protocols.postgres.results.fields import value_kind
from assent.protocols.postgres.results.in_force import MasksInForce


class CopyColumn(Struct, frozen=True, gc=False):
    """How one column is masked, None where it is shown. type: its oid, 0 where not known."""

    name: str
    how: MaskHow | None
    type: int
    kind: ValueKind


def copy_plan(
    options: CopyOptions, count: int, flows: Flows | None, masks: MasksInForce
) -> tuple[CopyColumn, ...]:
    """Return what is done to each of so many columns.

    Those of a query are masked as expressions: of which type they are is not said anywhere.
    """
    outputs = flows.outputs if flows is not None else None
    if outputs is None or len(outputs) != count:
        how = masks.everything if flows is None else masks.named(flows.read)
        hidden = None if how is None else of_expression(how)
        return tuple(CopyColumn(f"column {n + 1}", hidden, 0, OTHER) for n in range(count))
    return tuple(_column(options, place, output, masks) for place, output in enumerate(outputs))


def _column(
    options: CopyOptions, place: int, output: frozenset[str], masks: MasksInForce
) -> CopyColumn:
    how = masks.named(output)
    if options.table is not None and len(output) == 1:
        (name,) = output
        oid = masks.stored_type(name, options.table)
        if oid:
            return CopyColumn(name, how, oid, value_kind(oid, binary=options.form == "binary"))
    return CopyColumn(f"column {place + 1}", None if how is None else of_expression(how), 0, OTHER)
