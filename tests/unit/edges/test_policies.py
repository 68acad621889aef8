"""Policies of the folder: read as they are, or named with what to do."""

from pathlib import Path

import pytest

from assent.config import Config, parse
from assent.core.faults import OperatorFault
from assent.edges.policies import load_policies

PERMIT = '@id("open") permit (principal, action == Action::"session.open", resource);\n'


def a_config(folder: Path) -> Config:
    (folder / "policies").mkdir()
    (folder / "policies" / "10.cedar").write_text(PERMIT)
    return parse({}, "assent.toml", folder)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"permit ("])
def test_policies_that_cannot_be_read_are_named(tmp_path: Path, content: bytes) -> None:
    config = a_config(tmp_path)
    (tmp_path / "policies" / "20.cedar").write_bytes(content)
    with pytest.raises(OperatorFault, match=r"20\.cedar"):
        load_policies(config)


def test_a_missing_policy_folder_says_what_to_do(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    (tmp_path / "policies" / "10.cedar").unlink()
    (tmp_path / "policies").rmdir()
    with pytest.raises(OperatorFault, match="make it, or name another one"):
        load_policies(config)
