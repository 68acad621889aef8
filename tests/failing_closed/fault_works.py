"""Works on a log that a failing disk interrupts, and what must be true afterwards of each."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from assent.audit.export import export_names
from assent.audit.tree import leaf_hash, root_of
from assent.control.effects import NAME as INDEX
from assent.control.effects import Effects
from assent.control.export_files import ExportFiles, Made
from assent.control.following import Follower
from assent.control.key_rotation import KeyRotation
from assent.control.retention import ORDERED, Retention
from assent.core.changes import DestroyDataKeys, MoveCursor, PruneLog
from assent.core.entry import Entry, EntryKind
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import EntryId, SessionId, SubjectId
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.edges import keys as key_files
from assent.edges.log_keys import LogKeysOnDisk
from assent.stores import SqlStore, open_store
from assent.stores.append_only import deleting
from assent.stores.audit_tables import tiles as tiles_table
from assent.stores.recordings import FileRecorder, open_recorder
from assent.witnesses.state import read_key
from assent_verify.notes import parse_key
from assent_verify.policy import of_keys
from assent_verify.report import Status
from assent_verify.source import Folder
from assent_verify.verification import Asked, verify
from log_of_effects import ANA, LogOfEffects, touch
from recording_world import statement
from unit.witnesses.witness_builders import AWitness, a_submission

ACKNOWLEDGED = "acknowledged"
ORIGIN = "assent.example/audit"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ONE = SessionId("ses_one")
PREPARED = 250
"""Entries that stand at first: a tile is full after six more."""

Arm = Callable[[], None]


class Luck:
    """Ids and secrets that never repeat, and no chance."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0

    def mint(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._name}_{self._count}"

    def token(self, nbytes: int = 32) -> str:
        self._count += 1
        return sha256(f"{self._name} {self._count}".encode()).hexdigest()[: nbytes * 4 // 3]


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOON


NOON = NOW


@dataclass
class Run:
    """One process at work. acknowledge: says what is durable. mend: makes the disk good again."""

    folder: Path
    acknowledge: Callable[[str], None]
    mend: Callable[[], bool]

    async def commit(
        self, store: SqlStore, changes: Sequence[Any], entries: Sequence[Entry]
    ) -> None:
        """Commit and acknowledge; when it is refused, once more on a mended disk, which works."""
        try:
            await store.commit(changes, entries)
        except OutsideFault as fault:
            if fault.code != "store-unavailable":
                raise
            for entry in entries:
                assert await store.entry(entry.id) is None, "what was refused was written"
            self.mend()
            await store.commit(changes, entries)
        for entry in entries:
            self.acknowledge(entry.id)


@dataclass(frozen=True)
class Work:
    """What is interrupted. check: returns what is wrong with what was left."""

    do: Callable[[Run, Arm], Awaitable[None]]
    prepare: Callable[[Path], Awaitable[None]]
    also: Callable[[SqlStore, Path, Sequence[str]], Awaitable[list[str]]] | None = None
    first: Callable[[Path, Sequence[str]], Awaitable[list[str]]] | None = None
    has_log: bool = True

    async def check(self, folder: Path, acknowledged: Sequence[str]) -> list[str]:
        problems = [] if self.first is None else await self.first(folder, acknowledged)
        if not self.has_log:
            return problems
        async with opened(folder, "after") as (store, keys):
            problems += await sound(store, acknowledged)
            if self.also is not None:
                problems += await self.also(store, folder, acknowledged)
            before = (await store.entries(0, 10_000))[-1:]
            await store.commit((), (replace(an_entry("ent_after"), at=LATER),))
            problems += await sound(store, (*acknowledged, "ent_after"))
            if before and (await store.entries(before[0].index + 1, 10))[0].index < 1:
                problems.append("the log did not go on")
            problems += await proved(store, keys, folder)
        return problems


def an_entry(name: str, kind: EntryKind = EntryKind.STEP_UP, **more: Any) -> Entry:
    values: dict[str, Any] = {"subject": ANA, "payload": {"text": f"of {name}"}, **more}
    return Entry(EntryId(name), kind, NOW, **values)


@asynccontextmanager
async def opened(folder: Path, name: str) -> AsyncIterator[tuple[SqlStore, LogKeysOnDisk]]:
    """Open the log in a folder as the gateway does, with its keys; `name` is of the process."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    luck = Luck(name)
    keys = LogKeysOnDisk(data, ORIGIN)
    master = FileMasterKey(Secret(key_files.key_in(data / "master.key")), luck)
    store = await open_store(data, keys.signer, luck, Noon(), master)
    try:
        yield store, keys
    finally:
        await store.close()


async def prepared(folder: Path) -> None:
    """Make a log that ends shortly before a tile is full, with a checkpoint."""
    async with opened(folder, "first") as (store, keys):
        await store.commit((), [an_entry(f"ent_{number}") for number in range(PREPARED)])
        await store.publish()
        (folder / "trusted").write_text(keys.public[0])


async def nothing(folder: Path) -> None:
    """Make nothing: the work is the first start."""


# What must be true of every log, whatever happened.


async def sound(store: SqlStore, acknowledged: Sequence[str]) -> list[str]:
    """Return what is wrong: entries lost or doubled, indexes, checkpoints, tiles, payloads."""
    problems = []
    found = await store.entries(await store.minimum(), 10_000)
    names = [json.loads(each.leaf)["id"] for each in found]
    first = found[0].index if found else 0
    if [each.index for each in found] != list(range(first, first + len(found))):
        problems.append("the indexes are not dense")
    if len(set(names)) != len(names):
        problems.append("an entry stands twice")
    if lost := sorted({one for one in acknowledged if one.startswith("ent")} - set(names)):
        problems.append(f"acknowledged and lost: {lost[:5]}")
    published = await store.publish()
    hashes = [leaf_hash(each.leaf) for each in found]
    if first == 0:
        for checkpoint in await store.checkpoints():
            if checkpoint.size > len(hashes):
                problems.append(f"size {checkpoint.size} was signed, {len(hashes)} are there")
            elif checkpoint.root != root_of(hashes[: checkpoint.size]):
                problems.append(f"the checkpoint of size {checkpoint.size} has another root")
    if published.size != first + len(found):
        problems.append(f"published {published.size} of {first + len(found)}")
    for number in range(published.size // 256):
        tile = await store.hashes(0, number, 256)
        start = number * 256 - first
        if start >= 0 and tile != b"".join(hashes[start : start + 256]):
            problems.append(f"tile {number} is another")
    return problems


async def proved(store: SqlStore, keys: LogKeysOnDisk, folder: Path) -> list[str]:
    """Return what an outsider says of an export who trusts the first key of the log."""
    newest = await store.publish()
    public = "\n".join(keys.public)
    files = ExportFiles(store, public, beside_nothing(), Made(newest.size))
    names = export_names(await store.checkpoint_sizes(newest.size), await store.minimum())
    out = folder / "export"
    for name in names:
        content = await files.read(name)
        if content is not None:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
    trusted = folder / "trusted"
    first = trusted.read_text() if trusted.exists() else keys.public[0]
    report = verify(Folder(str(out)), Asked(of_keys([parse_key(first)]), LATER))
    return [
        f"check {check.name} says {check.status}: {check.details}"
        for check in report.checks
        if check.status not in (Status.OK, Status.SKIPPED)
    ]


def beside_nothing() -> Any:
    from assent.control.export_files import Beside

    return Beside()


# The works.


async def first_start(run: Run, arm: Arm) -> None:
    """Keys, database, schema, and the first entry."""
    arm()
    (run.folder / "data").mkdir(exist_ok=True)
    async with opened(run.folder, "work") as (store, _):
        await run.commit(store, (), (an_entry("ent_0"),))
        await store.publish()


async def many_producers(run: Run, arm: Arm) -> None:
    """Many commit at once, with a checkpoint every now and then; a tile is filled."""
    async with opened(run.folder, "work") as (store, _):
        arm()

        async def produce(name: str) -> None:
            for number in range(4):
                entries = [an_entry(f"ent_{name}_{number}_{at}") for at in range(2)]
                await run.commit(store, (MoveCursor(f"of {name}", number + 1),), entries)
                if number == 2:
                    with suppress(OutsideFault):
                        await store.publish()

        await asyncio.gather(*(produce(f"p{at}") for at in range(6)))
        run.mend()
        await store.publish()


async def state_with_entries(
    store: SqlStore, _folder: Path, acknowledged: Sequence[str]
) -> list[str]:
    """Return producers whose state and whose entries tell different things."""
    problems = []
    found = [json.loads(each.leaf)["id"] for each in await store.entries(0, 10_000)]
    for name in (f"p{at}" for at in range(6)):
        position = await store.cursor(f"of {name}")
        numbers = {int(one.split("_")[2]) for one in found if one.startswith(f"ent_{name}_")}
        if position != len(numbers) or len([o for o in found if o.startswith(f"ent_{name}_")]) != (
            2 * position
        ):
            problems.append(f"state {position} of {name} beside entries {sorted(numbers)}")
    return problems


async def written_back(run: Run, arm: Arm) -> None:
    """The write-ahead log is written back and cut between commits."""
    async with opened(run.folder, "work") as (store, _):
        arm()
        for number in range(4):
            await run.commit(store, (), (an_entry(f"ent_{number}_more"),))
            with suppress(Exception):
                # Whatever it raises, the log must stay sound; `destroying` takes it as it comes.
                await store._database.tidy()


async def erasing(run: Run, arm: Arm) -> None:
    """Keys are destroyed, and the entry says so, in one commit; then their copies are cut."""
    async with opened(run.folder, "work") as (store, _):
        arm()
        live = tuple(each.id for each in await store.data_keys(ANA, live_only=True))
        said = an_entry(
            "ent_redacted",
            EntryKind.PAYLOAD_REDACTED,
            subject=None,
            facts={"about": ANA, "keys": list(live), "entries": []},
            payload=None,
        )
        await run.commit(store, (DestroyDataKeys(live, NOW, ANA),), (said,))
        await run.commit(store, (), (an_entry("ent_new_key"),))


async def erased_or_not(store: SqlStore, folder: Path, _: Sequence[str]) -> list[str]:
    """Return what is half erased: readable and said to be gone, or the other way round."""
    said = await store.entry(EntryId("ent_redacted"))
    old = await store.entry(EntryId("ent_0"))
    assert old is not None
    assert old.payload is not None
    problems = []
    if (old.content is None) != (said is not None):
        problems.append(f"content {old.content!r}, and the log says {said}")
    if said is not None:
        gone = (folder / "wrapped").read_bytes()
        problems += [
            f"`{path.name}` still holds the destroyed key"
            for path in sorted((folder / "data").glob("assent.db*"))
            if gone in as_another_reads(path)
        ]
    return problems


def as_another_reads(path: Path) -> bytes:
    """Return a file's bytes as another process reads them.

    To close a file in this one would let go of the locks that SQLite has on it (fcntl(2)).
    """
    return subprocess.run(["cat", str(path)], check=True, capture_output=True).stdout


async def prepared_to_erase(folder: Path) -> None:
    await prepared(folder)
    async with opened(folder, "look") as (store, _):
        (key,) = await store.data_keys(ANA, live_only=True)
        assert key.wrapped is not None
        (folder / "wrapped").write_bytes(key.wrapped)


async def pruning(run: Run, arm: Arm) -> None:
    """What was ordered is pruned step by step; the order is in the log before."""
    async with opened(run.folder, "work") as (store, _):
        arm()
        said = an_entry("ent_pruned", EntryKind.LOG_PRUNED, facts={"minimum": 256})
        await run.commit(store, (PruneLog(0), MoveCursor(ORDERED, 256)), (said,))
        await retention(store).once()


async def prepared_to_prune(folder: Path) -> None:
    await prepared(folder)
    async with opened(folder, "more") as (store, _):
        for start in range(0, 300, 100):
            await store.commit((), [an_entry(f"ent_m{start + at}") for at in range(100)])
        await store.publish()


async def pruned_or_not(store: SqlStore, _folder: Path, _: Sequence[str]) -> list[str]:
    ordered = await store.cursor(ORDERED)
    said = await store.entry(EntryId("ent_pruned"))
    problems = [] if bool(ordered) == (said is not None) else [f"ordered {ordered}, said {said}"]
    await retention(store).once()
    if await store.minimum() != ordered:
        problems.append(f"pruned to {await store.minimum()} of {ordered} after a restart")
    return problems


def retention(store: SqlStore) -> Retention:
    class Nobody:
        def carry_out(self, _verb: str, _work: object) -> None:
            """Nobody orders anything here."""

    nobody: Any = Nobody()
    recorder: Any = None
    return Retention(store=store, recorder=recorder, actions=nobody, clock=Noon(), ids=Luck("r"))


async def backfilling(run: Run, arm: Arm) -> None:
    """A log of an older version is opened, which has no tiles."""
    arm()
    async with opened(run.folder, "work") as (store, _):
        await run.commit(store, (), (an_entry("ent_then"),))


async def prepared_without_tiles(folder: Path) -> None:
    await prepared(folder)
    async with opened(folder, "more") as (store, _):
        await store.commit((), [an_entry(f"ent_m{at}") for at in range(1_000)])
        await store.publish()

        def take_out(connection: Any) -> None:
            with deleting(connection):
                connection.execute(tiles_table.delete())

        await store._database.write(take_out)


async def rotating(run: Run, arm: Arm) -> None:
    """The key of the log is replaced."""
    async with opened(run.folder, "work") as (store, keys):
        arm()
        try:
            told = await rotation(store, keys).rotate(cast(Any, None), "every year")
        except OutsideFault:
            run.mend()
            return
        run.acknowledge(f"rotated {told.told['to']}")
        run.acknowledge(str(told.told["entry"]))


async def rotated_or_not(folder: Path, acknowledged: Sequence[str]) -> list[str]:
    """End a rotation as a start does; return what is wrong with the keys then."""
    async with opened(folder, "recovery") as (again, keys):
        problems = await sound(again, ())
        behind = an_entry("ent_behind")
        await again.commit((), (behind,))
        await rotation(again, keys).recover(behind.id)
        if keys.following is not None:
            problems.append("both keys sign after a restart")
        named = [
            json.loads(each.leaf)["facts"]["to"]
            for each in await again.entries(0, 10_000)
            if json.loads(each.leaf)["kind"] == EntryKind.KEY_ROTATED
        ]
        if named != list(keys.public[1:]):
            problems.append(f"the log names {named}, on disk are {keys.public}")
        wanted = [one.removeprefix("rotated ") for one in acknowledged if one.startswith("rot")]
        if wanted and wanted != list(keys.public[-1:]):
            problems.append(f"the rotation to {wanted} was acknowledged and is gone")
    return problems


def rotation(store: SqlStore, keys: LogKeysOnDisk) -> KeyRotation:
    from unit.control.test_key_rotation import AtOnce

    luck: Any = Luck("rotation")
    actions: Any = AtOnce(store, luck)
    return KeyRotation(store=store, actions=actions, keys=keys, clock=Noon(), ids=luck)


async def indexing(run: Run, arm: Arm) -> None:
    """The follower that makes the index of effects follows a log."""
    async with opened(run.folder, "work") as (store, _):
        arm()
        for _ in range(3):
            try:
                await follower(store).catch_up()
                return
            except OutsideFault:
                run.mend()


async def prepared_to_index(folder: Path) -> None:
    await prepared(folder)
    log = LogOfEffects()
    async with opened(folder, "more") as (store, _):
        for number in range(12):
            one = log.decided(f"a{number}", touch("sql.read", f"public.t{number % 3}"))
            await store.commit((), (*one, log.result(f"a{number}", number, "done")))


async def indexed_once(store: SqlStore, _folder: Path, _: Sequence[str]) -> list[str]:
    """Follow to the end; return what the index has too little or twice."""
    from assent.core.effect import EffectFilter

    await follower(store).catch_up()
    found = (await store.effects(EffectFilter(), limit=1_000)).effects
    rows = sorted(each.rows or 0 for each in found)
    return [] if rows == list(range(12)) else [f"effects with rows {rows}"]


def follower(store: SqlStore) -> Follower:
    port = cast(Store, store)
    return Follower(INDEX, port, Effects(port, LogOfEffects().read_segment).handle, page=7)


async def recording(run: Run, arm: Arm) -> None:
    """Statements are recorded, synced, sealed, and the session ends."""
    async with opened(run.folder, "work") as (store, _):
        recorder = await a_recorder(run.folder, store, "work")
        arm()
        recorder.open(ONE, SubjectId("sub_ana"))
        number = 0
        for turn in range(3):
            for _ in range(3):
                # One that is refused is not run, and so has no number.
                with suppress(OutsideFault):
                    recorder.record(ONE, statement(number + 1, "select 1"))
                    number += 1
            await recorder.sync()
            if not recorder._broken:
                run.acknowledge(f"frame {recorder._timelines[ONE].next_frame - 1}")
            if turn == 1:
                await recorder._try_to_seal(recorder._timelines[ONE])
        if run.mend():
            # As within a second, by itself: what is broken is mended when there is space.
            await recorder.sync()
            run.acknowledge(f"frame {recorder._timelines[ONE].next_frame - 1}")
        await recorder.stop()


async def recorded(store: SqlStore, folder: Path, acknowledged: Sequence[str]) -> list[str]:
    """Recover as a start does; return what was durable and is not in the recording now."""
    from assent.recording.checking import Check
    from assent.recording.segment import facts_from

    recorder = await a_recorder(folder, store, "after")
    try:
        await recorder.recover()
        check, known = Check(ONE), []
        for each in await store.entries(0, 10_000):
            leaf = json.loads(each.leaf)
            if leaf["kind"] == EntryKind.SESSION_SEGMENT:
                facts = facts_from(leaf["facts"])
                if facts not in known:
                    known.append(facts)
        for facts in known:
            check.take(facts, await recorder.found(ONE, facts.number))
        problems = list(check.finish(None, set()))
        frames = len(await recorder.frames(ONE))
        wanted = [int(one.split()[1]) for one in acknowledged if one.startswith("frame")]
        if wanted and frames < max(wanted):
            problems.append(f"{max(wanted)} frames were durable, {frames} are there")
        if left := [path.name for path in recorder._journals.inherited.values()]:
            problems.append(f"journals are left: {left}")
    finally:
        await recorder.stop()
    return problems


async def a_recorder(folder: Path, store: SqlStore, name: str) -> FileRecorder:
    async def logged(session: SessionId) -> set[str]:
        found = [json.loads(each.leaf) for each in await store.entries(0, 10_000)]
        return {
            one["facts"]["digest"]
            for one in found
            if one["session"] == session and one["kind"] == EntryKind.SESSION_SEGMENT
        }

    return await open_recorder(
        folder / "data" / "recordings",
        store.commit,
        logged,
        store.keyring,
        Luck(f"recorder-{name}"),
        Noon(),
        monotonic=lambda: 100.0,
    )


async def careless(run: Run, arm: Arm) -> None:
    """Commit as if the disk had it, without waiting for it: what must not be, to be found."""
    async with opened(run.folder, "work") as (store, _):
        database: Any = store._database
        raw = database._writer.raw_connection()
        raw.cursor().execute("pragma synchronous = off")
        raw.close()
        arm()
        for number in range(3):
            await run.commit(store, (), (an_entry(f"ent_{number}_more"),))


async def witnessing(run: Run, arm: Arm) -> None:
    """A witness is made, and cosigns a log that grows."""
    arm()
    witness = AWitness(run.folder / "witness")
    size = 0
    for larger in (2, 3, 7):
        try:
            status, told = witness.ask(a_submission(size, larger))
        except OSError:
            # Answered with 500: nobody has a cosignature of it.
            run.mend()
            status, told = witness.ask(a_submission(size, larger))
            if status == 409 and int(told) == larger:
                # It remembers what it did not say: then it says so, and that is safe.
                status, _ = witness.ask(a_submission(larger, larger))
        assert status == 200
        run.acknowledge(f"cosigned {larger}")
        size = larger


async def remembered(folder: Path, acknowledged: Sequence[str]) -> list[str]:
    """Return whether a witness would sign something that does not continue what it signed."""
    cosigned = [int(one.split()[1]) for one in acknowledged]
    if not cosigned and not (folder / "witness" / "evidence").is_dir():
        # Nobody has its key yet, so it may begin anew; it says that it must.
        with suppress(OperatorFault, FileNotFoundError):
            read_key(folder / "witness")
        return []
    witness = AWitness(folder / "witness")
    status, told = witness.ask(a_submission(0, 5, "fork"))
    if status == 200:
        return [f"signed a fork at size 5, after {cosigned}"] if cosigned else []
    known = int(told)
    return [] if known >= max(cosigned, default=0) else [f"remembers {known} of {cosigned}"]


WORKS = {
    "first start": Work(first_start, nothing),
    "many producers": Work(many_producers, prepared, state_with_entries),
    "writing back": Work(written_back, prepared),
    "erasing": Work(erasing, prepared_to_erase, erased_or_not),
    "pruning": Work(pruning, prepared_to_prune, pruned_or_not),
    "backfilling tiles": Work(backfilling, prepared_without_tiles),
    "rotating the key": Work(rotating, prepared, first=rotated_or_not),
    "indexing": Work(indexing, prepared_to_index, indexed_once),
    "recording": Work(recording, prepared, recorded),
    "witnessing": Work(witnessing, nothing, first=remembered, has_log=False),
}
CARELESS = {"careless": Work(careless, prepared)}
"""Works of which the layer must find out that they are wrong."""
