"""An outsider proves the log before and after somebody was erased, and after it was pruned."""

from datetime import timedelta
from pathlib import Path

from assent.control.audit import Wanted
from assent.control.export_files import Beside
from assent_verify.notes import parse_key
from assent_verify.policy import of_keys
from assent_verify.report import Report, Status
from assent_verify.source import Folder
from assent_verify.verification import Asked, verify
from builders import ANA, CARL, READ, SIGNER, World, a_caller
from unit.control.audit_orders import at_once

DAY = timedelta(days=1)


async def exported(world: World, folder: Path, *kept: str) -> tuple[Report, dict[str, bytes]]:
    """Return what an outsider says of an export with keys, and its files."""
    caller = a_caller(CARL)
    world.audit.beside = Beside(open_key=world.store.keyring.open)
    files: dict[str, bytes] = {}
    for name in await world.audit.export_names(caller, Wanted(keys=True)):
        content = await world.audit.export_file(caller, name)
        if content is not None:
            files[name] = content
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    notes = [(f"kept {number}", note) for number, note in enumerate(kept)]
    asked = Asked(of_keys([parse_key(SIGNER.verifier_key)]), world.clock.now(), kept=notes)
    return verify(Folder(str(folder)), asked), files


def wrong(report: Report) -> dict[str, tuple[str, ...]]:
    """Return what checks found, but for that of decisions: nobody started this world's server,
    so no entry holds its policies."""
    return {
        check.name: check.details
        for check in report.checks
        if check.status not in (Status.OK, Status.SKIPPED) and check.name != "decisions"
    }


async def test_proofs_stay_good_when_somebody_is_erased(world: World, tmp_path: Path) -> None:
    client = await world.connect(ANA)
    await world.did(client, READ)
    before, files = await exported(world, tmp_path / "before")
    assert wrong(before) == {}
    kept = files["checkpoint"].decode()
    keys = files["keys.jsonl"]
    await at_once(world).plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    after, files = await exported(world, tmp_path / "after", kept)
    assert wrong(after) == {}
    assert after.size > before.size
    assert not set(keys.splitlines()) <= set(files["keys.jsonl"].splitlines())


async def test_proofs_stay_good_when_the_log_is_pruned(world: World, tmp_path: Path) -> None:
    await world.did(await world.connect(ANA), READ)
    for _ in range(300):
        await world.step_up(ANA)
    before, files = await exported(world, tmp_path / "before")
    assert wrong(before) == {}
    world.clock.advance(100 * DAY)
    for _ in range(150):
        await world.step_up(ANA)
    await world.store.publish()
    plane = at_once(world).plane
    told = await plane.retention.prune(a_caller(CARL), world.clock.now() - 50 * DAY, "old")
    assert told.told["minimum"] == 512
    await plane.retention.once()
    after, files = await exported(world, tmp_path / "after", files["checkpoint"].decode())
    assert files["minimum"] == b"512\n"
    assert wrong(after) == {}
