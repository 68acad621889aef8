"""Files that were torn, cut or half written, and what the next start makes of them."""

import random
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import pytest

from assent.audit.note import parse_verifier
from assent.cli import audit_export
from assent.cli.client import Client
from assent.core.faults import OperatorFault
from assent.edges import keys as key_files
from assent.edges.log_keys import LogKeysOnDisk
from assent_verify.notes import parse_key
from assent_verify.policy import of_keys
from assent_verify.report import ExitCode
from assent_verify.source import Folder
from assent_verify.verification import Asked, verify
from failing_closed.fault_works import (
    NOON,
    ORIGIN,
    an_entry,
    opened,
    prepared,
    proved,
    sound,
)
from unit.witnesses.witness_builders import AWitness, a_submission


async def grown(folder: Path, commits: int) -> list[str]:
    """Make a log, and let it grow in a write-ahead log that stays; return the ids, in order."""
    await prepared(folder)
    names = [f"ent_{number}" for number in range(250)]
    async with opened(folder, "more") as (store, _):
        for number in range(commits):
            await store.commit((), (an_entry(f"ent_more_{number}"),))
            names.append(f"ent_more_{number}")
        await store.publish()
        shutil.copytree(folder / "data", folder / "copy")
    return names


async def test_a_log_whose_newest_writes_were_torn_off_ends_between_two_commits(
    tmp_path: Path,
) -> None:
    names = await grown(tmp_path, 12)
    whole = (tmp_path / "copy" / "assent.db-wal").read_bytes()
    lengths = set()
    for cut in sorted(random.Random(6).sample(range(len(whole)), 12)):
        folder = tmp_path / f"cut {cut}"
        shutil.copytree(tmp_path / "copy", folder / "data")
        (folder / "data" / "assent.db-wal").write_bytes(whole[:cut])
        async with opened(folder, "after") as (store, _):
            found = len(await store.entries(0, 10_000))
            assert await sound(store, names[:found]) == []
            lengths.add(found)
    # It was torn in the middle of what was written, and not only before or behind.
    assert len(lengths) > 3


async def test_a_log_that_lost_its_end_is_shown_by_a_checkpoint_that_somebody_kept(
    tmp_path: Path,
) -> None:
    await grown(tmp_path, 12)
    async with opened(tmp_path, "kept") as (store, keys):
        kept = await store.publish()
        assert await proved(store, keys, tmp_path) == []
    folder = tmp_path / "cut"
    shutil.copytree(tmp_path / "copy", folder / "data")
    (folder / "data" / "assent.db-wal").unlink()
    async with opened(folder, "after") as (store, keys):
        for number in range(20):
            await store.commit((), (an_entry(f"ent_other_{number}"),))
        await proved(store, keys, folder)
        trusted = of_keys([parse_key(keys.public[0])])
    asked = Asked(trusted, NOON, kept=(("mine", kept.note),))
    assert verify(Folder(str(folder / "export")), asked).exit_code is ExitCode.TAMPERED


@pytest.mark.parametrize("name", ["audit.key", "master.key"])
@pytest.mark.parametrize("length", [0, 31])
async def test_half_a_key_is_no_key_and_is_named(tmp_path: Path, name: str, length: int) -> None:
    await prepared(tmp_path)
    path = tmp_path / "data" / name
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(OperatorFault, match=f"{name}` must hold 32 bytes; restore it"):
        async with opened(tmp_path, "after"):
            pass


async def test_half_a_following_key_stops_the_start_and_nothing_is_signed(tmp_path: Path) -> None:
    await prepared(tmp_path)
    half = tmp_path / "data" / "audit.key.new"
    half.write_bytes(b"1" * 16)
    with pytest.raises(OperatorFault, match=r"audit\.key\.new` must hold 32 bytes"):
        LogKeysOnDisk(tmp_path / "data", ORIGIN)
    half.unlink()
    assert parse_verifier(LogKeysOnDisk(tmp_path / "data", ORIGIN).public[0]).name == ORIGIN


def test_a_key_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match=r"audit\.key` cannot be made or read \(No such file"):
        key_files.key_in(tmp_path / "nowhere" / "audit.key")


@pytest.mark.parametrize("length", [0, 1, 30, -1])
def test_a_witness_whose_memory_was_cut_signs_nothing(tmp_path: Path, length: int) -> None:
    assert AWitness(tmp_path).ask(a_submission(0, 5))[0] == 200
    (memory,) = (tmp_path / "logs").iterdir()
    memory.write_bytes(memory.read_bytes()[:length] if length else b"")
    for old, size in ((0, 3), (0, 7), (5, 7)):
        with pytest.raises(OperatorFault, match="is damaged, and without it nobody knows"):
            AWitness(tmp_path).ask(a_submission(old, size, "fork" if old == 0 else "entry"))


class Killed(BaseException):
    """The command ends here."""


class Served:
    """A server whose client is killed when it has asked for so many files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.left = len(files) + 1

    def kept_open(self) -> AbstractContextManager[Callable[[str], bytes]]:
        return nullcontext(self._get)

    def _get(self, path: str) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise Killed
        return self.files[path.removeprefix("/v1/audit/export/")]


async def exported(folder: Path) -> tuple[dict[str, bytes], str]:
    """Return the files of an export, in the order in which they are named, and the log's key."""
    await grown(folder, 12)
    async with opened(folder, "export") as (store, keys):
        assert await proved(store, keys, folder) == []
        home = folder / "export"
        found = [path for path in sorted(home.rglob("*")) if path.is_file()]
        return {str(path.relative_to(home)): path.read_bytes() for path in found}, keys.public[0]


async def test_half_an_export_is_incomplete_and_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "_AT_ONCE", 1)
    monkeypatch.setattr(audit_export, "_AHEAD", 1)
    files, key = await exported(tmp_path)
    asked = Asked(of_keys([parse_key(key)]), NOON)
    for number in range(len(files)):
        folder, served = tmp_path / f"after {number}", Served(files)
        folder.mkdir()
        served.left = number
        with pytest.raises(Killed):
            audit_export._fetch_all(folder, cast(Client, served), list(files))
        (folder / "checkpoint.part").write_bytes(b"assent.ex")
        report = verify(Folder(str(folder)), asked)
        # The key is in the folder for convenience: who has it needs nothing more.
        assert report.exit_code is ExitCode.INCOMPLETE, (number, report)
        served.left = len(files)
        audit_export._fetch_all(folder, cast(Client, served), list(files))
        audit_export._take_out(folder, set(files))
        assert verify(Folder(str(folder)), asked).exit_code is ExitCode.GOOD
