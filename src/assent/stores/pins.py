"""Pins of tools: their table, how they are kept, and what the store answers of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, PrimaryKeyConstraint, String, Table, Text, select

from assent.core.ids import TargetId
from assent.core.tool_pin import PutToolPin, ToolPin
from assent.stores.fetching import MOST_ROWS, Fetching
from assent.stores.statements import replace
from assent.stores.tables import metadata
from assent.stores.types import UtcDateTime

tool_pins = Table(
    "tool_pins",
    metadata,
    Column("target_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("target_id", "name", name="one_row_a_tool"),
)


def apply(connection: Connection, change: PutToolPin) -> None:
    """Write one."""
    pin = change.pin
    body = msgspec.json.encode(pin).decode()
    row = {"target_id": pin.target, "name": pin.name, "seen_at": pin.seen_at, "body": body}
    replace(connection, tool_pins, row)


class PinReading(Fetching):
    """The part of the Store port's reading half about tools."""

    async def tool_pins(self, target: TargetId) -> Sequence[ToolPin]:
        """Return what is known of the tools of a target, by name; at most 10,000."""
        wanted = select(tool_pins).where(tool_pins.c.target_id == target)
        return await self._all(wanted.order_by(tool_pins.c.name).limit(MOST_ROWS), _pin_of)


def _pin_of(row: Mapping[str, Any]) -> ToolPin:
    return msgspec.json.decode(row["body"], type=ToolPin)
