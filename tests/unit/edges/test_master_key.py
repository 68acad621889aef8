"""The master key as the configuration names it: made once where it is ours, never where named."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from assent.config import Config
from assent.config.audit import AuditConfig
from assent.config.sections import VaultConfig
from assent.core.faults import OperatorFault
from assent.edges.master_key import former_key, master_key
from conformance.store_builders import CountedIds


def config(folder: Path, master: str = "", former: str = "") -> Config:
    vault = VaultConfig(address="http://127.0.0.1:1", token="env:NO_SUCH")
    audit = AuditConfig(master_key=master, former_master_key=former)
    return Config(audit=audit, vault=vault, folder=folder)


async def test_without_a_word_it_is_made_in_the_data_folder_for_its_owner(tmp_path: Path) -> None:
    done: list[Callable[[], Awaitable[None]]] = []
    first = master_key(config(tmp_path), tmp_path, CountedIds(), done.append)
    file = tmp_path / "master.key"
    assert (len(file.read_bytes()), file.stat().st_mode & 0o777) == (32, 0o600)
    assert master_key(config(tmp_path), tmp_path, CountedIds(), done.append).name == first.name
    assert former_key(config(tmp_path), tmp_path, CountedIds(), done.append) is None
    assert done == []


async def test_a_file_that_is_named_is_never_made(tmp_path: Path) -> None:
    named = config(tmp_path, "file:keys/master", "file:old")
    with pytest.raises(OperatorFault, match="is not there"):
        master_key(named, tmp_path, CountedIds(), print)
    assert not (tmp_path / "keys").exists()
    (tmp_path / "old").write_bytes(b"o" * 32)
    former = former_key(named, tmp_path, CountedIds(), print)
    assert former is not None
    assert former.name.startswith("file:")
    (tmp_path / "old").write_bytes(b"short")
    with pytest.raises(OperatorFault, match="32 bytes"):
        former_key(named, tmp_path, CountedIds(), print)


async def test_a_key_of_vault_is_asked_there_and_its_connections_are_closed(tmp_path: Path) -> None:
    done: list[Callable[[], Awaitable[None]]] = []
    named = config(tmp_path, "vault-transit:transit/assent")
    assert master_key(named, tmp_path, CountedIds(), done.append).name == (
        "vault-transit:transit/assent"
    )
    (close,) = done
    await close()
