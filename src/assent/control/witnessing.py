"""Has witnesses cosign the log as it grows. A witness that is away never stops anything.

Source: C2SP tlog-witness. What a witness disputes is kept as evidence and told loudly: then the
log that it saw is not the one that is here.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from assent.control.directory import Directory
from assent.control.outbox import Outbox
from assent.core.changes import PutCosignature
from assent.core.clock import Clock
from assent.core.entry import Checkpoint, Cosignature, Entry, EntryKind
from assent.core.faults import Fault
from assent.core.ids import EntryId, Ids
from assent.core.observing import (
    WITNESS,
    Cosigned,
    Disputed,
    EvidenceKeeper,
    HasSize,
    Observer,
    Refused,
    Witness,
)
from assent.core.ports import Store
from assent.core.role import Role
from assent.core.subject import SubjectKind

EVERY = timedelta(seconds=10)
SEE_WITHIN_S = 15.0
_LONGEST_WAIT = timedelta(minutes=10)
_TRIES = 3
_AGAIN_AFTER = timedelta(minutes=1)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.]+")

_log = structlog.get_logger("witnessing")


@dataclass(slots=True)
class _Standing:
    """How one witness stands. known: the size that it signed last, as far as we know."""

    known: int = 0
    size: int | None = None
    at: datetime | None = None
    problem: str = ""
    disputed: bool = False
    failures: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Witnessing:
    """Asks each witness by itself, so that a slow one delays no other.

    every: how often. evidence: where it is kept that a witness saw another log.
    """

    def __init__(
        self,
        *,
        store: Store,
        witnesses: Sequence[Witness],
        evidence: EvidenceKeeper,
        outbox: Outbox,
        directory: Directory,
        clock: Clock,
        ids: Ids,
        every: timedelta = EVERY,
    ) -> None:
        self._store = store
        self._witnesses = witnesses
        self._evidence = evidence
        self._outbox = outbox
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._every = every
        self._standing = {witness.name: _Standing() for witness in witnesses}
        self._told: set[tuple[str, int]] = set()

    async def recover(self) -> None:
        """Take up what an earlier process had cosigned. Raises OutsideFault (the store)."""
        for cosignature in await self._store.newest_cosignatures():
            standing = self._standing.get(cosignature.witness)
            if standing is not None:
                standing.known = standing.size = cosignature.size
                standing.at = cosignature.at

    async def run(self) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for witness in self._witnesses:
                tasks.create_task(self._again_and_again(witness))

    def observers(self) -> Sequence[Observer]:
        """Return how each of them stands."""
        return [
            Observer(name, WITNESS, one.size, one.at, one.problem, one.disputed)
            for name, one in self._standing.items()
        ]

    async def once(self) -> None:
        """Ask each of them now, where there is something to ask."""
        for witness in self._witnesses:
            await self._guarded(witness)

    async def see(self, checkpoint: Checkpoint) -> Checkpoint:
        """Have all of them look at this checkpoint, or a newer one, and return which it was.

        Whoever is away for longer than `SEE_WITHIN_S` has not seen it. Raises OutsideFault (the
        store).
        """
        if not self._witnesses:
            return checkpoint
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(SEE_WITHIN_S):
                    for standing in self._standing.values():
                        # All of them sign the same: then it is enough for any quorum.
                        await turns.enter_async_context(standing.turn)
                    checkpoint = await self._store.checkpoint() or checkpoint
                    await asyncio.gather(*(self._look(one, checkpoint) for one in self._witnesses))
            except TimeoutError:
                _log.warning("witnesses-slow", size=checkpoint.size)
        return checkpoint

    async def _again_and_again(self, witness: Witness) -> None:
        while True:
            await self._guarded(witness)
            failures = self._standing[witness.name].failures
            wait = min(self._every * 2 ** min(failures, 10), max(self._every, _LONGEST_WAIT))
            await asyncio.sleep(wait.total_seconds())

    async def _guarded(self, witness: Witness) -> None:
        async with self._standing[witness.name].turn:
            await self._look(witness, None)

    async def _look(self, witness: Witness, checkpoint: Checkpoint | None) -> None:
        """Ask a witness about a checkpoint, None for the newest one."""
        standing = self._standing[witness.name]
        try:
            await self._ask(witness, standing, checkpoint or await self._store.checkpoint())
        except Fault as fault:
            standing.failures += 1
            standing.problem = fault.detail
            _log.warning("witness-failed", witness=witness.name, code=fault.code)
        except Exception:
            # A fault of ours with one witness must not stop the others, or the gateway.
            standing.failures += 1
            standing.problem = "asking it failed; look at what the server prints"
            _log.exception("witness-broke", witness=witness.name)

    async def _ask(
        self, witness: Witness, standing: _Standing, checkpoint: Checkpoint | None
    ) -> None:
        if checkpoint is None or not self._is_due(standing, checkpoint):
            return
        for _ in range(_TRIES):
            # A witness that knows nothing, or an empty log, is shown the whole as it is.
            old = min(standing.known, checkpoint.size)
            proof: Sequence[bytes] = ()
            if 0 < old < checkpoint.size:
                proof = await self._store.consistency(old, checkpoint.size)
            answer = await witness.add_checkpoint(old, proof, checkpoint.note)
            match answer:
                case Cosigned(line, at):
                    await self._keep(witness, standing, checkpoint, line, at)
                    return
                case HasSize(size) if size > checkpoint.size:
                    # Ours may have grown meanwhile, by another process too.
                    newer = await self._store.checkpoint()
                    if newer is None or newer.size < size:
                        standing.known = size
                        words = f"it has signed {size} entries, and here are {checkpoint.size}"
                        await self._dispute(witness, standing, checkpoint, words, f"{size}\n")
                        return
                    checkpoint, standing.known = newer, size
                case HasSize(size):
                    standing.known = size
                case Disputed(status, said):
                    words = f"it answers {status}: what it signed at size {old} is not in this log"
                    await self._dispute(witness, standing, checkpoint, words, said)
                    return
                case Refused(_, because):
                    standing.failures += 1
                    standing.problem = because
                    _log.warning("witness-refused", witness=witness.name, because=because)
                    return
        standing.failures += 1
        standing.problem = "it knew another size each time; does somebody else use it for this log?"

    def _is_due(self, standing: _Standing, checkpoint: Checkpoint) -> bool:
        if standing.size != checkpoint.size or standing.at is None or standing.disputed:
            return True
        # A log that stands still is signed again now and then, so that its end stays fresh.
        return self._clock.now() - standing.at >= _AGAIN_AFTER

    async def _keep(
        self,
        witness: Witness,
        standing: _Standing,
        checkpoint: Checkpoint,
        line: str,
        at: datetime,
    ) -> None:
        standing.known = checkpoint.size
        kept = Cosignature(checkpoint.size, witness.name, line, at)
        await self._store.commit((PutCosignature(kept),), ())
        standing.size, standing.at = checkpoint.size, at
        standing.problem, standing.disputed, standing.failures = "", False, 0

    async def _dispute(
        self, witness: Witness, standing: _Standing, checkpoint: Checkpoint, words: str, said: str
    ) -> None:
        """Keep what shows that the witness saw another log, and tell those who must look."""
        standing.failures += 1
        standing.problem, standing.disputed = words, True
        _log.error("log-disputed", witness=witness.name, size=checkpoint.size, known=standing.known)
        if (witness.name, standing.known) in self._told:
            return
        content = f"{checkpoint.note}\n\n\n{said}".encode()
        digest = sha256(content).hexdigest()
        name = f"dispute-{_NOT_IN_NAMES.sub('-', witness.name)[:40]}-{digest[:16]}"
        await self._evidence.keep(name, content)
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOG_DISPUTED,
            at=self._clock.now(),
            facts={
                "evidence": name,
                "digest": f"sha256:{digest}",
                "known": standing.known,
                "size": checkpoint.size,
                "witness": witness.name,
            },
        )
        people = [
            person.id
            for person in self._directory.subjects()
            if Role.SECURITY in self._directory.roles_of(person)
            and person.kind is SubjectKind.HUMAN
            and not person.disabled
        ]
        notice = self._outbox.notice(
            "log.disputed",
            to=people,
            headline=f"a witness saw another audit log: {witness.name}",
            lines=(words, f"evidence: `evidence/{name}` in the data folder"),
            link="/status",
            loud=True,
            thread=name,
        )
        await self._store.commit((notice,), (entry,))
        self._told.add((witness.name, standing.known))
