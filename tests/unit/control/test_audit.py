"""The auditors' door: an export is an entry, and outsiders can verify it."""

import asyncio
from pathlib import Path

import pytest

from assent.core.faults import ForbiddenFault, MissingFault
from builders import ANA, CARL, READ, SIGNER, World, a_caller


async def test_a_log_without_a_checkpoint_says_so(world: World) -> None:
    with pytest.raises(MissingFault, match="no checkpoint"):
        await world.audit.checkpoint(a_caller(ANA))


async def test_only_those_who_oversee_export_and_each_export_is_logged(world: World) -> None:
    for call in (
        world.audit.export_names(a_caller(ANA)),
        world.audit.export_file(a_caller(ANA), "checkpoint"),
    ):
        with pytest.raises(ForbiddenFault):
            await call
    await world.audit.export_names(a_caller(CARL))
    assert world.journal == ["audit.exported"]


async def test_an_export_is_whole_and_stays_as_it_was_while_the_log_grows(
    world: World, tmp_path: Path
) -> None:
    client = await world.connect()
    for _ in range(150):
        await world.ask(client, READ)
    caller = a_caller(CARL)
    names = await world.audit.export_names(caller)
    size = (await world.audit.checkpoint(caller)).size
    assert size > 256
    await world.ask(client, READ)
    await world.store.publish()
    files = {name: await world.audit.export_file(caller, name) for name in names}
    assert all(content is not None for content in files.values())
    assert files["checkpoint"].splitlines()[1] == str(size).encode()  # type: ignore[union-attr]
    assert SIGNER.verifier_key.encode() + b"\n" in files.values()


@pytest.mark.parametrize("path", ["", "../secret", "tile/0/999", "/etc/passwd", "tile/0/000.p/0"])
async def test_paths_that_are_not_of_the_export_are_not_there(world: World, path: str) -> None:
    await world.audit.export_names(a_caller(CARL))
    assert await world.audit.export_file(a_caller(CARL), path) is None


async def test_an_export_waits_until_the_gateways_own_session_is_over(world: World) -> None:
    async with world.canary.under_way:
        export = asyncio.ensure_future(world.audit.export_names(a_caller(CARL)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not export.done()
    assert await export
