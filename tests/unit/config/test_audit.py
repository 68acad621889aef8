"""What `[audit]` may say, and the place of what it may not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assent.config.audit import AuditConfig, days, retention
from assent.config.reading import parse
from assent.core.faults import OperatorFault

VAULT = {"address": "https://vault.example.org:8200", "token": "env:TOKEN"}


def read(audit: dict[str, Any], **more: Any) -> AuditConfig:
    return parse({"audit": audit, **more}, "assent.toml", Path()).audit


def test_nothing_said_keeps_all_under_a_key_of_its_own() -> None:
    assert read({}) == AuditConfig()
    assert retention(AuditConfig()) is None


def test_a_retention_is_a_number_of_days() -> None:
    assert retention(read({"retention": "400d"})) == timedelta(days=400)
    for wrong in ("400", "0d", "-1d", "1y", "400 d", "1234567d"):
        with pytest.raises(OperatorFault, match=r"assent.toml:\[audit\] retention.*number of days"):
            read({"retention": wrong})
        with pytest.raises(ValueError, match="number of days"):
            days(wrong)


def test_a_master_key_is_a_file_or_a_key_of_vault() -> None:
    assert read({"master_key": "file:keys/master"}).master_key == "file:keys/master"
    transit = "vault-transit:transit/assent"
    assert read({"master_key": transit}, vault=VAULT).master_key == transit
    moved = read({"master_key": transit, "former_master_key": "file:old"}, vault=VAULT)
    assert moved.former_master_key == "file:old"
    with pytest.raises(OperatorFault, match=r"\[audit\] master_key: needs the section `\[vault\]`"):
        read({"master_key": transit})
    for wrong in ("vault-transit:assent", "vault-transit:../assent", "vault-transit:"):
        with pytest.raises(OperatorFault, match="MOUNT/KEY"):
            read({"master_key": wrong}, vault=VAULT)


def test_what_may_be_the_key_itself_is_not_repeated() -> None:
    for wrong in ("c2VjcmV0", "file:"):
        with pytest.raises(OperatorFault) as caught:
            read({"master_key": wrong})
        assert "c2VjcmV0" not in str(caught.value)
