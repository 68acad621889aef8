"""How long it takes to read one person's profile where very many are kept."""

import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import fmean
from time import perf_counter

from assent.audit.note import Signer
from assent.core.changes import PutProfile
from assent.core.ids import SubjectId
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.evaluation.metrics import percentile
from assent.risk.profile import Profile
from assent.stores import SqlStore, open_store
from assent.system.clock import SystemClock
from assent.system.ids import SystemIds
from benchmarks.figures import Figure, figure

_PAGE = 2_000
_LOADS = 1_000


async def loads(profiles: Sequence[bytes], count: int, rounds: int) -> list[Figure]:
    """Return the time to load a profile with `count` of them in SQLite, copies of `profiles`.

    A load is `store.profile` and `Profile.from_bytes`, of somebody drawn anew each time.
    """
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        signer = Signer("bench.example/log", Secret(b"b" * 32))
        ids = SystemIds(clock)
        master = FileMasterKey(Secret(b"m" * 32), ids)
        store = await open_store(Path(folder), signer, ids, clock, master)
        try:
            bodies = cycle(profiles)
            for start in range(0, count, _PAGE):
                page = enumerate(islice(bodies, min(_PAGE, count - start)), start)
                now = clock.now()
                puts = [PutProfile(_subject(number), body, now) for number, body in page]
                await store.commit(puts, ())
            times = [await _round(store, count, Random(number)) for number in range(rounds)]
        finally:
            await store.close()
    return [
        figure("profile_load_p50_ms", [percentile(one, 50) or 0.0 for one in times], "ms"),
        figure("profile_load_p99_ms", [percentile(one, 99) or 0.0 for one in times], "ms", "<= 2"),
        figure("profiles_in_store", [count], "profiles"),
        figure("profile_in_store_bytes", [fmean(map(len, profiles))], "bytes"),
    ]


async def _round(store: SqlStore, count: int, random: Random) -> list[float]:
    took = []
    for _ in range(_LOADS):
        subject = _subject(random.randrange(count))
        began = perf_counter()
        body = await store.profile(subject)
        if body is None:
            raise ValueError(f"the profile of `{subject}` is not in the store")
        Profile.from_bytes(body)
        took.append((perf_counter() - began) * 1e3)
    return took


def _subject(number: int) -> SubjectId:
    return SubjectId(f"sub_{number:06}")
