"""The keys that a start needs."""

from pathlib import Path

import pytest

from assent.app import running
from assent.config import parse
from assent.core.faults import OperatorFault


async def test_a_log_whose_key_is_gone_is_not_signed_by_another_one(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    tree = {
        "server": {"listen": "127.0.0.1:0"},
        "postgres": {"listen": "127.0.0.1:0"},
    }
    config = parse(tree, "assent.toml", tmp_path)
    async with running(config):
        pass
    key = tmp_path / "data" / "audit.key"
    before = key.read_bytes()
    key.unlink()
    with pytest.raises(OperatorFault) as caught:
        async with running(config):
            pass
    assert caught.value.code == "audit-key-missing"
    assert not key.exists()
    key.write_bytes(before)
    async with running(config) as gateway:
        assert await gateway.plane.store.entries()
