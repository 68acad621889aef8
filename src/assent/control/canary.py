"""The canary's side of the control plane: who it is, its grants, and what became of its rounds."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.control.directory import Directory
from assent.control.grants import Grants
from assent.control.own_target import CANARY
from assent.control.revocation import CANARY as SOURCE
from assent.control.revocation import WITHIN, Revocations
from assent.control.verifiers import Verifiers
from assent.core.changes import PutCredential, PutGrant, PutSubject, PutTarget
from assent.core.clock import Clock
from assent.core.grant import Grant
from assent.core.ids import CredentialId, GrantId, Ids, SubjectId, TargetId
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Credential
from assent.core.subject import Subject, SubjectKind

LASTS_FOR = timedelta(seconds=30)
_KEPT = 120


@dataclass(frozen=True, slots=True)
class Round:
    """One round. seconds: from the revocation to the end of the connection, None for never.

    problem: what went wrong, empty for nothing.
    """

    at: datetime
    seconds: float | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What one round begins with: a grant, and a password for one session under it."""

    grant: Grant
    password: Secret[str]


class Canary:
    """Grants itself its own target for a moment, takes that away again, and keeps the times.

    every: how often it should, None for never.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        grants: Grants,
        verifiers: Verifiers,
        revocations: Revocations,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._grants = grants
        self._verifiers = verifiers
        self._revocations = revocations
        self._clock = clock
        self._ids = ids
        self._subject: Subject | None = None
        self._target: Target | None = None
        self._rounds: deque[Round] = deque(maxlen=_KEPT)
        self.every: timedelta | None = None
        # Held while a round is under way: an export should not end in the middle of one.
        self.under_way = asyncio.Lock()
        self.failures = 0
        self.count = 0

    @property
    def rounds(self) -> Sequence[Round]:
        """The last rounds, the oldest first."""
        return tuple(self._rounds)

    @property
    def last(self) -> Round | None:
        """The last round, None before the first one."""
        return self._rounds[-1] if self._rounds else None

    @property
    def is_well(self) -> bool:
        """Whether the last round ended in time, and was not too long ago."""
        if self.every is None or self.last is None or self.last.problem:
            return False
        return self._clock.now() - self.last.at <= 2 * self.every + timedelta(seconds=30)

    async def begin(self, host: str, port: int, every: timedelta | None) -> None:
        """Make its subject and its target known; disabled where it is never to run."""
        self.every = every
        known = {one.name: one.id for one in await self._store.subjects()}
        reached = {one.name: one.id for one in await self._store.targets()}
        self._subject = Subject(
            known.get(CANARY) or SubjectId(self._ids.mint("subject")),
            CANARY,
            SubjectKind.WORKLOAD,
            "the gateway's canary",
            disabled=every is None,
        )
        self._target = Target(
            reached.get(CANARY) or TargetId(self._ids.mint("target")),
            CANARY,
            "postgres",
            host,
            port,
            database=CANARY,
            user=CANARY,
            credential="none",
            environment=CANARY,
            tls="disable",
            estimate="off",
            without_catalogue=True,
        )
        await self._store.commit((PutSubject(self._subject), PutTarget(self._target)), ())
        self._directory.keep(self._subject, self._target)

    async def give(self) -> Given:
        """Return a new grant with a password for one session. Raises OutsideFault.

        It is in the log when it is taken away: so that a round needs few entries.
        """
        if self._subject is None or self._target is None:
            raise RuntimeError("the canary was not begun")
        now = self._clock.now()
        grant = Grant(
            GrantId(self._ids.mint("grant")),
            self._subject.id,
            self._target.id,
            now,
            now + LASTS_FOR,
            reason="to measure how fast a revocation is",
        )
        password = Secret(self._ids.token(24))
        verifier = self._verifiers.make(CANARY, password)
        credential = Credential(
            CredentialId(self._ids.mint("credential")),
            self._subject.id,
            self._target.id,
            grant.id,
            verifier.stored_key.hex(),
            verifier.server_key.hex(),
            expires_at=grant.ends_at,
        )
        await self._store.commit((PutGrant(grant), PutCredential(credential)), ())
        self._grants.take_up(grant)
        return Given(grant, password)

    async def take(self, given: Given) -> None:
        """Revoke it, as anybody's would be. Raises OutsideFault where that cannot be kept."""
        await self._grants.revoke_by_system(given.grant.id, "the canary's round is over")

    def measured(self, seconds: float) -> Round:
        """Keep how long it took from the revocation to the end of the connection."""
        self._revocations.took(SOURCE, seconds)
        late = seconds > WITHIN.total_seconds()
        problem = f"the session was cut only {seconds:.2f} s after its grant" if late else ""
        return self._keep(Round(self._clock.now(), seconds, problem))

    def failed(self, problem: str) -> Round:
        """Keep that a round could not be done, or that the session was not cut at all."""
        return self._keep(Round(self._clock.now(), None, problem))

    def _keep(self, one: Round) -> Round:
        self._rounds.append(one)
        self.count += 1
        self.failures += bool(one.problem)
        return one
