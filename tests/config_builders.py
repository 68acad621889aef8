"""Configurations for tests: trees as TOML gives them, read as a start reads them."""

from pathlib import Path
from typing import Any

import pytest

from assent.config import Config, parse
from assent.core.faults import OperatorFault

TARGET = {"name": "shop", "host": "db", "user": "assent", "password": "env:SHOP"}


def parsed(tree: dict[str, Any]) -> Config:
    return parse(tree, "assent.toml", Path("/etc/assent"))


def refused(tree: dict[str, Any]) -> str:
    with pytest.raises(OperatorFault) as caught:
        parsed(tree)
    return caught.value.detail
