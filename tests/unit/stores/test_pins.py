from dataclasses import replace
from pathlib import Path

from assent.core.ids import RequestId
from assent.core.tool_pin import PutToolPin, ToolPin
from builders import NOON, SHOP, a_world


async def test_a_pin_is_kept_as_it_was_put_last_and_found_by_its_target(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        pin = ToolPin(SHOP.id, "wipe", NOON, waiting_digest="sha256:1", waiting_definition="{}")
        other = replace(pin, name="add", request=RequestId("req_1"))
        await world.store.commit((PutToolPin(pin), PutToolPin(other)), ())
        admitted = replace(pin, digest="sha256:1", definition="{}", admitted_at=NOON)
        await world.store.commit((PutToolPin(admitted),), ())
        assert await world.store.tool_pins(SHOP.id) == [other, admitted]
