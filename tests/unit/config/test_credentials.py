"""A password that cannot be read, or a broker that could let nobody in, stops the start."""

from typing import Any

import pytest

from config_builders import TARGET, parsed, refused

VAULT = {"address": "https://vault.example:8200", "token": "env:TOKEN"}


@pytest.mark.parametrize(
    ("target", "vault", "words"),
    [
        ({"broker": "magic"}, VAULT, "`magic` is none of `static`, `postgres_role`"),
        ({"password": "s3cret"}, VAULT, "[[targets]] shop password: must be a reference"),
        ({"password": "vault:secret/shop#x"}, VAULT, "is not `MOUNT/data/PATH#FIELD`"),
        ({"password": "vault:secret/data/../x#x"}, VAULT, "is not `MOUNT/data/PATH#FIELD`"),
        ({"password": "vault:secret/data/shop"}, VAULT, "is not `MOUNT/data/PATH#FIELD`"),
        ({"password": "vault:secret/data/shop#x"}, {}, "shop password: needs the section"),
        ({"broker": "vault_database"}, VAULT, "`` is not `MOUNT/ROLE`"),
        ({"broker": "vault_database", "vault_role": "database/shop"}, {}, "shop broker: needs"),
        ({"vault_role": "database/shop"}, VAULT, "means nothing without"),
        (
            {"broker": "postgres_role", "unsafe_without_catalogue": True},
            VAULT,
            "not with `unsafe_without_catalogue`",
        ),
        ({}, {"token": "env:TOKEN"}, "[vault] address: `` is no address"),
        ({}, {**VAULT, "address": "vault.example"}, "is no address"),
        ({}, {**VAULT, "address": "http://vault.example"}, "in the clear; write `https://`"),
        ({}, {**VAULT, "token": ""}, "needs either `token` or both"),
        ({}, {**VAULT, "role_id": "env:ROLE"}, "needs either `token` or both"),
        ({}, {**VAULT, "role_id": "env:ROLE", "secret_id": "env:S"}, "needs either"),
        ({}, {**VAULT, "token": "s3cret"}, "[vault] token: must be a reference"),
        ({}, {**VAULT, "approle": "a/../b"}, "[vault] approle"),
    ],
)
def test_a_broker_that_cannot_work_does_not_start(
    target: dict[str, Any], vault: dict[str, Any], words: str
) -> None:
    said = refused({"vault": vault, "targets": [{**TARGET, **target}]})
    assert words in said
    assert "s3cret" not in said


def test_a_vault_on_this_machine_may_be_spoken_to_in_the_clear() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        vault = {**VAULT, "address": f"http://{host}:8200"}
        password = "vault:secret/data/team/shop#password"
        config = parsed({"vault": vault, "targets": [{**TARGET, "password": password}]})
        assert config.targets[0].password == password
