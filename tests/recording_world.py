"""The outside of a recorder, in memory: its clock, its keys, and a log that may be away."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from assent.core.changes import Change
from assent.core.entry import Entry
from assent.core.faults import OutsideFault
from assent.core.frame import Frame, Recorded, ResultFrame, StatementFrame
from assent.core.ids import DataKeyId, SessionId, SubjectId
from assent.core.secret import Secret
from assent.recording.checking import Check
from assent.recording.segment import facts_from
from assent.stores.recordings import FileRecorder, open_recorder
from assent.stores.recordings.places import Place

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ONE, TWO = SessionId("ses_1"), SessionId("ses_2")
ANA = SubjectId("sub_ana")


class Keys:
    """Data keys that are made from their ids; one can be destroyed, all can be away."""

    def __init__(self) -> None:
        self.destroyed: set[DataKeyId] = set()
        self.generation = 1
        self.nonces = 0
        self.is_away = False

    async def key_for(self, subject: SubjectId | None) -> tuple[DataKeyId, Secret[bytes]]:
        if self.is_away:
            raise OutsideFault("master-key-unavailable", "the master key is away")
        name = DataKeyId(f"dek_{subject or 'nobody'}_{self.generation}")
        return name, self._key(name)

    async def open(self, key: DataKeyId) -> Secret[bytes] | None:
        return None if key in self.destroyed else self._key(key)

    def nonce(self) -> bytes:
        self.nonces += 1
        # Never the same in another process: a test's keys are always the same.
        return os.getpid().to_bytes(4, "big") + self.nonces.to_bytes(8, "big")

    def _key(self, name: DataKeyId) -> Secret[bytes]:
        return Secret(sha256(name.encode()).digest())


class RecordingWorld:
    """Where recorders run. log: what was committed."""

    def __init__(self) -> None:
        self.at = 100.0
        self.minted = 0
        self.log: list[Entry] = []
        self.is_away = False
        self.keys = Keys()

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.at

    def mint(self, kind: str) -> str:
        self.minted += 1
        return f"{kind}_{self.minted}"

    def token(self, nbytes: int = 32) -> str:
        raise AssertionError("a recorder's luck comes with its keys")

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        if self.is_away:
            raise OutsideFault("store-unavailable", "the log cannot take it")
        self.log += entries

    async def logged(self, session: SessionId) -> set[str]:
        return {str(one.facts["digest"]) for one in self.log if one.session == session}

    async def recorder(
        self, folder: Path, place: Place | None = None, most_waiting: int = 1 << 30
    ) -> FileRecorder:
        return await open_recorder(
            folder,
            self.commit,
            self.logged,
            self.keys,
            self,
            self,
            place=place,
            most_waiting=most_waiting,
            monotonic=self.monotonic,
        )

    async def problems(
        self, recorder: FileRecorder, session: SessionId, ended: Recorded | None = None
    ) -> tuple[str, ...]:
        """Return what is wrong with a recording, beside this log."""
        check = Check(session)
        logged = [facts_from(dict(one.facts)) for one in self.log if one.session == session]
        known = dict.fromkeys(logged)
        for facts in known:
            check.take(facts, await recorder.found(session, facts.number))
        stored = {facts.number for facts in await recorder.segments(session)}
        return check.finish(ended, stored - {facts.number for facts in known})


def statement(sequence: int, text: str = "select 1") -> Frame:
    return StatementFrame(sequence, NOW, text, (), "reuse", "ent_1")


def result(sequence: int) -> Frame:
    return ResultFrame(sequence, NOW, 100, 1, 30)


def abandon(recorder: FileRecorder) -> None:
    """Leave the folder as a killed process does, but for what the kernel would close."""
    recorder._journals.close(is_done=False)
    recorder._sealer.shutdown()
    recorder._syncer.shutdown()
    if recorder._shipping is not None:
        recorder._shipping.stop()


@asynccontextmanager
async def running(recorder: FileRecorder) -> AsyncIterator[None]:
    """Have its background work done until the block is left."""
    task = asyncio.ensure_future(recorder.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)
