"""What is done to each field of a result, decided once, before the first of its rows."""

from collections.abc import Sequence

from msgspec import Struct

from assent.content.masks import of_expression, overall
from assent.core.enforcement import MaskHow
from assent.core.flows import Flows
from assent.protocols.postgres.results.fields import Field
from assent.protocols.postgres.results.in_force import MasksInForce


class Treatment(Struct, frozen=True, gc=False):
    """What is done to one field. how: None where it is shown; scanned: it is looked through."""

    field: Field
    how: MaskHow | None
    scanned: bool


Plan = tuple[Treatment, ...]


def plan_of(
    fields: Sequence[Field],
    flows: Flows | None,
    masks: MasksInForce,
    *,
    scan: bool,
    unseen: bool = False,
) -> Plan:
    """Return what is done to each field.

    flows: of the statement, None where anything may have been read. scan: text that is shown
    is looked through. unseen: nothing at all is known of where these fields come from.
    """
    outputs = flows.outputs if flows is not None else None
    if outputs is not None and len(outputs) != len(fields):
        outputs = None
    rest: MaskHow | None
    if flows is None or unseen:
        rest = masks.everything
    else:
        rest = masks.named(flows.read)
    plan = []
    for place, field in enumerate(fields):
        if unseen:
            how = _of_expression(rest)
        else:
            how = _how(field, None if outputs is None else outputs[place], masks, rest)
        plan.append(Treatment(field, how, scan and how is None and field.is_text_like))
    return tuple(plan)


def _how(
    field: Field, output: frozenset[str] | None, masks: MasksInForce, rest: MaskHow | None
) -> MaskHow | None:
    """Return how one field is masked. rest: for what may hold anything that was read."""
    plain = masks.column(field.table, field.number)
    if output is not None:
        how = masks.named(output)
        # 1. It is exactly the column that it says that it is.
        if plain is not None and output <= {plain[0]}:
            return plain[1]
        # 2. It is computed from masked ones, among others.
        if how is not None:
            return _of_expression(overall((how, *((plain[1],) if plain and plain[1] else ()))))
        return plain[1] if plain is not None else None
    # 3. Nobody knows what is in which field: only stored columns are what they say.
    return plain[1] if plain is not None else _of_expression(rest)


def _of_expression(how: MaskHow | None) -> MaskHow | None:
    return None if how is None else of_expression(how)
