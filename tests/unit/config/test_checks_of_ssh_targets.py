"""What a target that speaks SSH must say."""

from pathlib import Path
from typing import Any

import pytest

from assent.config import parse
from assent.core.faults import OperatorFault

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOvSPFcNM5gSNnVMEdg0GyHhpE9yWvbE0lXHsWYYZTtA"


def target(ssh: dict[str, Any], **more: Any) -> dict[str, Any]:
    return (
        {"name": "web1", "protocol": "ssh", "host": "web1.internal", "user": "deploy"}
        | {"ssh": {"host_keys": [KEY]} | ssh}
        | more
    )


def test_a_target_by_certificate_and_one_by_a_stored_key_are_fine() -> None:
    for described in (target({}), target({"login": "key"}, password="env:KEY")):
        parse({"targets": [described]}, "assent.toml", Path())


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (target({"host_keys": []}), "needs the server's keys"),
        (target({"host_keys": ["web1.internal " + KEY]}), "is no public key"),
        (target({"host_keys": ["ssh-rsa " + KEY.split()[1]]}), "is no public key"),
        (target({"host_keys": ["ssh-ed25519 x"]}), "is no public key"),
        (target({"login": "key"}), "needs the key `password`"),
        (target({"login": "password"}), "password"),
        (target({"lines": "some"}), "some"),
        (target({}, user=""), "needs the key `user`"),
    ],
)
def test_what_could_not_be_reached_stops_the_start(described: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        parse({"targets": [described]}, "assent.toml", Path())
    assert words in caught.value.detail
