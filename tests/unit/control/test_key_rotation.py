"""A rotation that ends at any point leaves a log that somebody who trusts the old key can trust."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from assent.audit.note import UntrustedNote, open_note, parse_verifier
from assent.control.audit_actions import ROTATE, AuditActions, Order, Ordered, Work
from assent.control.key_rotation import KeyRotation
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, OperatorFault, OutsideFault
from assent.core.ids import ActionId, EntryId
from assent.core.resource import Resource
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.edges.log_keys import LogKeysOnDisk
from assent.stores import SqlStore, open_store
from builders import ANA, CARL, CountingIds, FixedClock, a_caller, a_world

ORIGIN = "assent.example/audit"


class AtOnce:
    """Permits every order, as `AuditActions` would after its decision."""

    def __init__(self, store: SqlStore, ids: CountingIds) -> None:
        self.store, self.ids = store, ids
        self.work: Work | None = None

    def carry_out(self, verb: str, work: Work) -> None:
        assert verb == ROTATE
        self.work = work

    async def order(
        self,
        by: object,
        verb: str,
        text: str,
        details: Mapping[str, str],
        *,
        reason: str,
        ticket: str = "",
    ) -> Ordered:
        assert self.work is not None
        touch = Touch(verb, Operation.ADMINISTER, Resource("System", "audit"))
        action = Action(
            id=ActionId(self.ids.mint("action")),
            subject=ANA.id,
            statement=Statement(verb, (touch,), complete=True),
            details=dict(details),
        )
        entry = EntryId(self.ids.mint("entry"))
        return Ordered("done", await self.work(Order(action, reason, entry, None, self._keep)))

    async def _keep(self, changes: Sequence[Change], entries: Sequence[Entry], _: str) -> None:
        await self.store.commit(changes, entries)


class Process:
    """One run of the server over the same folder."""

    def __init__(self, store: SqlStore, keys: LogKeysOnDisk, ids: CountingIds) -> None:
        self.store, self.keys, self.ids = store, keys, ids
        actions: object = AtOnce(store, ids)
        self.rotation = KeyRotation(
            store=store,
            actions=actions,  # type: ignore[arg-type]
            keys=keys,
            clock=FixedClock(),
            ids=ids,
        )

    async def grow(self) -> EntryId:
        entry = EntryId(self.ids.mint("entry"))
        await self.store.commit((), [Entry(entry, EntryKind.STEP_UP, FixedClock().now())])
        return entry

    async def rotate(self) -> Mapping[str, Json]:
        who: object = None
        return (await self.rotation.rotate(who, "every year")).told  # type: ignore[arg-type]


@asynccontextmanager
async def process(folder: Path, run: int = 1) -> AsyncIterator[Process]:
    ids = CountingIds()
    ids.count = run * 1_000
    keys = LogKeysOnDisk(folder, ORIGIN)
    master = FileMasterKey(Secret(b"m" * 32), ids)
    store = await open_store(folder, keys.signer, ids, FixedClock(), master)
    try:
        yield Process(store, keys, ids)
    finally:
        await store.close()


async def trusted(store: SqlStore, first: str) -> list[str]:
    """Return the keys that a verifier trusts who began with `first`; all notes must be by one."""
    keys = [parse_verifier(first)]
    rotated = [json.loads(one.leaf) for one in await store.entries(0, 1_000)]
    at = {i: one["facts"] for i, one in enumerate(rotated) if one["kind"] == "key.rotated"}
    for checkpoint in await store.checkpoints():
        open_note(checkpoint.note, keys)
        for index, facts in at.items():
            if index < checkpoint.size and facts["from"] in {key.text() for key in keys}:
                new = parse_verifier(facts["to"])
                keys += [new] if new not in keys else []
    return [key.text() for key in keys]


async def test_the_checkpoint_over_the_entry_is_by_both_keys_and_the_next_by_the_new_one(
    tmp_path: Path,
) -> None:
    async with process(tmp_path) as one:
        (old,) = one.keys.public
        await one.grow()
        await one.store.publish()
        heard: list[Sequence[str]] = []
        one.rotation.when_rotated(heard.append)
        told = await one.rotate()
        new = told["to"]
        assert (told["from"], one.rotation.public, heard) == (old, (old, new), [(old, new)])
        both = [parse_verifier(old), parse_verifier(str(new))]
        checkpoint = await one.store.checkpoint()
        assert checkpoint is not None
        assert len(open_note(checkpoint.note, both).signed_by) == 2
        await one.grow()
        later = await one.store.publish()
        assert [key.text() for key in open_note(later.note, both).signed_by] == [new]
        with pytest.raises(UntrustedNote):
            open_note(later.note, both[:1])
        assert await trusted(one.store, old) == [old, new]


async def test_nothing_left_over_means_nothing_to_do(tmp_path: Path) -> None:
    async with process(tmp_path) as one:
        before = one.keys.public
        await one.rotation.recover(await one.grow())
        assert one.keys.public == before


async def test_a_process_that_ends_before_the_entry_leaves_the_old_key(tmp_path: Path) -> None:
    async with process(tmp_path) as one:
        (old,) = one.keys.public
        await one.grow()
        await one.keys.begin()
        await one.store.publish()
    async with process(tmp_path, 2) as two:
        behind = await two.grow()
        await two.rotation.recover(behind)
        assert (two.keys.public, two.keys.following) == ((old,), None)
        await two.store.publish()
        assert await trusted(two.store, old) == [old]
        assert not (tmp_path / "audit.key.new").exists()


async def ends_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, method: str
) -> tuple[str, str]:
    """Rotate in a process that ends at that point; return the old and the new key."""

    async def end(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    async with process(folder) as one:
        (old,) = one.keys.public
        await one.grow()
        with monkeypatch.context() as patch:
            patch.setattr(one.keys if where == "keys" else one.rotation, method, end, raising=True)
            with pytest.raises(KeyboardInterrupt):
                await one.rotate()
        assert one.keys.following is not None
        return old, one.keys.following


@pytest.mark.parametrize(("where", "method"), [("rotation", "_signed_by_both"), ("keys", "finish")])
async def test_a_process_that_ends_behind_the_entry_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, method: str
) -> None:
    old, new = await ends_at(tmp_path, monkeypatch, where, method)
    async with process(tmp_path, 2) as two:
        assert two.keys.following == new
        behind = await two.grow()
        await two.store.publish()
        await two.rotation.recover(behind)
        assert (two.keys.public, two.keys.following) == ((old, new), None)
        await two.grow()
        await two.store.publish()
        assert await trusted(two.store, old) == [old, new]
    async with process(tmp_path, 3) as three:
        assert three.keys.public == (old, new)


async def test_a_process_that_ends_between_the_last_two_files_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await ends_at(tmp_path, monkeypatch, "keys", "finish")
    (tmp_path / "audit.keys").write_text(f"{old}\n")
    async with process(tmp_path, 2) as two:
        await two.rotation.recover(await two.grow())
        assert two.keys.public == (old, new)


async def test_a_commit_that_fails_takes_the_new_key_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(tmp_path) as one:
        before = one.keys.public

        async def refuse(*_: object) -> None:
            raise OutsideFault("store-unavailable", "the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(one.store, "commit", refuse)
            with pytest.raises(OutsideFault, match="full"):
                await one.rotate()
        assert (one.keys.public, one.keys.following) == (before, None)
        assert (await one.rotate())["from"] == before[0]


async def test_a_commit_whose_answer_was_lost_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(tmp_path) as one:
        real = one.store.commit

        async def late(changes: Sequence[Change], entries: Sequence[Entry]) -> None:
            await real(changes, entries)
            raise OutsideFault("store-unavailable", "it took too long")

        with monkeypatch.context() as patch:
            patch.setattr(one.store, "commit", late)
            told = await one.rotate()
        assert one.keys.public == (told["from"], told["to"])


async def test_without_a_checkpoint_by_both_keys_in_time_both_go_on_signing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.control.key_rotation.WITHIN_S", 0.05)
    async with process(tmp_path) as one:

        async def never(_: EntryId) -> None:
            return None

        with monkeypatch.context() as patch:
            patch.setattr(one.store, "entry", never)
            with pytest.raises(OutsideFault, match="both sign until a restart"):
                await one.rotate()
        assert one.keys.following is not None
        with pytest.raises(ConflictFault, match="restart to end it"):
            await one.rotate()


async def test_what_was_asked_for_an_older_key_is_not_done(tmp_path: Path) -> None:
    async with process(tmp_path) as one:
        stale = one.rotation._actions
        first = one.keys.public[-1]
        await one.rotate()
        who: object = None
        with pytest.raises(ConflictFault, match="rotated since"):
            await stale.order(who, ROTATE, "", {"from": first}, reason="")  # type: ignore[arg-type]


async def test_only_a_policy_that_names_it_lets_anybody_rotate(tmp_path: Path) -> None:
    async with a_world(tmp_path / "world", log_keys=LogKeysOnDisk(tmp_path, ORIGIN)) as world:
        with pytest.raises(ForbiddenFault, match="rotate-key"):
            await world.plane.custody.rotation.rotate(a_caller(CARL), "why")


async def test_a_server_without_the_key_rotates_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        with pytest.raises(OperatorFault, match="does not hold"):
            await world.plane.custody.rotation.rotate(a_caller(CARL), "why")
        assert isinstance(world.plane.custody.rotation._actions, AuditActions)
