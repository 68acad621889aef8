"""Durable appends on SQLite: by 64 producers through the store, and the same bytes without it."""

import asyncio
import gc
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from assent.app import SWITCH_INTERVAL_S
from assent.audit.note import Signer
from assent.core.changes import PutToken
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, SubjectId, TokenId
from assent.core.secret import Secret
from assent.core.token import Token, TokenKind
from assent.credentials.master_keys import FileMasterKey
from assent.stores import SqlStore, open_store
from assent.stores.database import FILE_NAME
from assent.system.clock import SystemClock
from assent.system.ids import SystemIds

PRODUCERS = 64
_EACH = 250
_PEOPLE = 16
_LASTS = timedelta(hours=8)
_TABLES = ("tokens", "entries", "payloads")


async def through_the_store(folder: Path) -> tuple[float, float]:
    """Return durable appends a second, and the 99th percentile of a commit in milliseconds.

    Each is a commit of its own, as a sign-in is: a token is put, and an entry with a payload
    is appended. The store is left in `folder`.
    """
    clock = SystemClock()
    ids = SystemIds(clock)
    signer = Signer("bench.example/log", Secret(b"b" * 32))
    master = FileMasterKey(Secret(b"m" * 32), ids)
    acks_s: list[float] = []
    with _as_the_gateway_does():
        store = await open_store(folder, signer, ids, clock, master)
        for person in range(_PEOPLE):  # Data keys are made once, not with each append.
            await store.commit((), (_entry(ids, clock, person),))
        began = time.perf_counter()
        producers = (_produce(store, ids, clock, each, acks_s) for each in range(PRODUCERS))
        await asyncio.gather(*producers)
        took_s = time.perf_counter() - began
        await store.close()
    return len(acks_s) / took_s, statistics.quantiles(acks_s, n=100)[98] * 1e3


def by_sqlite_alone(folder: Path) -> float:
    """Return how many of the same rows a second SQLite takes, one of each table at a time.

    64 of each in a transaction. Nothing is encoded, sealed, hashed or checked: what is left
    is SQLite and the disk. folder: where `through_the_store` left its store.
    """
    with closing(sqlite3.connect(folder / FILE_NAME)) as read:
        schema = "select sql from sqlite_master where tbl_name = ? and type in ('table', 'index')"
        made = [sql for table in _TABLES for (sql,) in read.execute(schema, (table,)) if sql]
        kept = [read.execute(f"select * from {table}").fetchall() for table in _TABLES]
    with closing(sqlite3.connect(folder / "alone.db", isolation_level=None)) as write:
        write.executescript("pragma journal_mode = wal; pragma synchronous = full;")
        write.executescript(";".join(made))
        began = time.perf_counter()
        for start in range(0, len(kept[0]), PRODUCERS):
            write.execute("begin immediate")
            for table, rows in zip(_TABLES, kept, strict=True):
                places = ",".join("?" * len(rows[0]))
                part = rows[start : start + PRODUCERS]
                write.executemany(f"insert into {table} values ({places})", part)
            write.execute("commit")
        return len(kept[0]) / (time.perf_counter() - began)


async def _produce(
    store: SqlStore, ids: SystemIds, clock: SystemClock, producer: int, acks_s: list[float]
) -> None:
    subject = SubjectId(f"sub_{producer % _PEOPLE}")
    for _ in range(_EACH):
        now = clock.now()
        token = PutToken(
            Token(
                id=TokenId(ids.mint("token")),
                digest=ids.token(),
                subject=subject,
                kind=TokenKind.API,
                method="password",
                issued_at=now,
                expires_at=now + _LASTS,
            )
        )
        entry = _entry(ids, clock, producer)
        began = time.perf_counter()
        await store.commit((token,), (entry,))
        acks_s.append(time.perf_counter() - began)


def _entry(ids: SystemIds, clock: SystemClock, producer: int) -> Entry:
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.LOGIN,
        at=clock.now(),
        subject=SubjectId(f"sub_{producer % _PEOPLE}"),
        facts={"method": "password", "address": "192.0.2.0/24", "expires_s": 28_800},
        payload={"address": "192.0.2.17", "agent": "Mozilla/5.0 (X11; Linux x86_64)" * 4},
    )


@contextmanager
def _as_the_gateway_does() -> Iterator[None]:
    """Set threads and the garbage collector as the gateway does (`assent.app`)."""
    before = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        sys.setswitchinterval(before[0])
        gc.unfreeze()
        gc.set_threshold(*before[1])
