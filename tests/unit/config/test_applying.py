"""Targets that are applied come from people: they name no file of the machine's choosing."""

from pathlib import Path

import pytest

from assent.config import Config, applicable_targets, parse
from assent.core.faults import OperatorFault

TARGET = """
[[targets]]
name = "archive"
host = "db"
user = "assent"
password = "{password}"
{more}
"""


def a_config(folder: Path) -> Config:
    shop = {
        "name": "shop", "host": "db", "user": "a", "password": "env:SHOP", "broker": "postgres_role"
    }  # fmt: skip
    return parse({"server": {"data": "data"}, "targets": [shop]}, "assent.toml", folder)


def text(password: str = "env:ARCHIVE", more: str = "") -> str:
    return TARGET.format(password=password, more=more)


def test_targets_are_read_with_the_keys_of_the_configuration(tmp_path: Path) -> None:
    more = 'environment = "prod"\nowners = ["dba"]'
    for password in ("env:ARCHIVE", "file:secrets/archive"):
        (target,) = applicable_targets(a_config(tmp_path), text(password, more))
        assert (target.name, target.environment, target.password) == ("archive", "prod", password)
    assert applicable_targets(a_config(tmp_path), "") == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (text("file:/etc/passwd"), "must lie below the configuration's folder"),
        (text("file:../secret"), "must lie below the configuration's folder"),
        (text("file:data/audit.key"), "not among its data"),
        (text("file:x/../data/audit.key"), "not among its data"),
        (text(more='certificate_authority = "/etc/ca.pem"'), "must lie below"),
        (text("hunter2"), "must be a reference"),
        (text(more='broker = "postgres_role"'), "a `broker` is named in the server's own"),
        (text(more="colour = 3"), "colour"),
        (text() + text(), "there twice"),
        ("[server]\nlisten = '0.0.0.0:1'", "server"),
        ("[[targets", "is not TOML"),
    ],
)
def test_what_may_not_be_applied_is_refused_with_its_place(
    tmp_path: Path, given: str, said: str
) -> None:
    with pytest.raises(OperatorFault, match=r"targets\.toml") as caught:
        applicable_targets(a_config(tmp_path), given)
    assert said in caught.value.detail
    assert "hunter2" not in caught.value.detail


def test_a_link_out_of_the_folder_is_followed_before_it_is_judged(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(OperatorFault, match="must lie below"):
        applicable_targets(a_config(tmp_path), text("file:link/passwd"))


def test_a_target_of_the_configuration_keeps_its_broker(tmp_path: Path) -> None:
    given = text(more='broker = "postgres_role"').replace("archive", "shop")
    (target,) = applicable_targets(a_config(tmp_path), given)
    assert target.broker == "postgres_role"
