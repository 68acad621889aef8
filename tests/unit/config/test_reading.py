"""Everything has a default or is asked for, and what is misspelled stops the start."""

import subprocess
import sys
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assent.config import (
    Config,
    DetectorConfig,
    LabelRuleConfig,
    NetworkConfig,
    PersonConfig,
    PoliciesConfig,
    PostgresConfig,
    RiskConfig,
    ServerConfig,
    TargetConfig,
    VaultConfig,
    load,
)
from assent.config.sign_in import SignInConfig, sign_in_rules
from assent.control.sign_in_rules import SignInRules
from assent.core.faults import OperatorFault
from config_builders import TARGET, parsed, refused

ROOT = Path(__file__).resolve().parents[3]
EVERYTHING: dict[str, Any] = {
    "server": {
        "data": "d",
        "listen": "0.0.0.0:1",
        "public_url": "https://assent.example",
        "proxies": ["127.0.0.1"],
        "origin": "assent.example/audit",
    },
    "postgres": {
        "listen": "[::1]:0",
        "tls": "require",
        "certificate": "c.pem",
        "key": "k.pem",
        "most_connections": 7,
        "client_certificates": "offer",
    },
    "policies": {"folder": "p", "groups": ["night-shift"]},
    "network": {
        "city": "city.mmdb",
        "country": "country.mmdb",
        "asn": "asn.mmdb",
        "anonymous": "anonymous.mmdb",
        "hosting_networks": "hosting.txt",
        "reputation": "bad.txt",
        "lists": {"tor": "tor.txt"},
        "zones": {"office": ["192.0.2.0/24"]},
    },
    "risk": {
        "medium_from": 20,
        "high_from": 50,
        "step_up_budget": "2%",
        "approval_budget": "0.5%",
    },
    "vault": {
        "address": "https://vault.example:8200",
        "token": "",
        "role_id": "file:role",
        "secret_id": "env:SECRET",
        "approle": "assent",
        "namespace": "team",
        "certificate_authority": "vault.pem",
    },
    "oidc": [{"name": "work", "issuer": "https://id.example", "client_id": "assent"}],
    "people": [
        {
            "name": "ana@example",
            "display_name": "Ana",
            "groups": ["dba"],
            "password": "env:ANA",
            "disabled": True,
            "since": "2024-05-01",
            "time_zone": "Europe/Berlin",
            "verified_by": "dora",
            "verified_on": "2026-01-31",
            "unverified": True,
            "email": "ana@example.org",
            "slack": "U024BE7LH",
            "oidc": "work:4711",
        }
    ],
    "targets": [
        {
            **TARGET,
            "broker": "vault_database",
            "vault_role": "database/shop",
            "protocol": "postgres",
            "port": 5433,
            "database": "d",
            "environment": "prod",
            "owners": ["dba"],
            "tls": "verify",
            "certificate_authority": "ca.pem",
            "labels": {"public.customers.email": ["pii"], "public.customers.mail": []},
            "search_path": ["a", "b"],
            "databases": ["archive"],
            "estimate": "writes",
            "count_exactly": True,
            "unsafe_without_catalogue": True,
            "longest_grant": "4h",
            "ssh": {},
            "http": {},
            "mcp": {},
        }
    ],
    "label_rules": [{"pattern": "(?i)e_?mail", "label": "pii.email", "table": "^public"}],
    "detectors": [{"label": "hr.employee", "pattern": "E[0-9]{6}"}],
}


def test_nothing_is_needed_to_begin_with() -> None:
    assert parsed({}) == Config(folder=Path("/etc/assent"))


def test_every_key_is_read() -> None:
    config = parsed(EVERYTHING)
    for name, kind in (
        ("server", ServerConfig),
        ("postgres", PostgresConfig),
        ("risk", RiskConfig),
        ("vault", VaultConfig),
    ):
        assert set(EVERYTHING[name]) == {field.name for field in fields(kind)}
        # What TOML has as a list is kept as a tuple.
        keys = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in EVERYTHING[name].items()
        }
        assert getattr(config, name) == kind(**keys)
    policies = EVERYTHING["policies"]
    assert set(policies) == {field.name for field in fields(PoliciesConfig)}
    assert config.policies == PoliciesConfig("p", ("night-shift",))
    network = EVERYTHING["network"]
    assert set(network) == {field.name for field in fields(NetworkConfig)}
    zones = {"office": ("192.0.2.0/24",)}
    assert config.network == NetworkConfig(**{**network, "zones": zones})
    assert set(EVERYTHING["people"][0]) == {field.name for field in fields(PersonConfig)}
    assert set(EVERYTHING["targets"][0]) == {field.name for field in fields(TargetConfig)}
    assert config.people[0].groups == ("dba",)
    assert config.targets[0].labels == {
        "public.customers.email": ("pii",),
        "public.customers.mail": (),
    }
    assert set(EVERYTHING["label_rules"][0]) == {field.name for field in fields(LabelRuleConfig)}
    assert config.label_rules == (LabelRuleConfig("(?i)e_?mail", "pii.email", "^public"),)
    assert set(EVERYTHING["detectors"][0]) == {field.name for field in fields(DetectorConfig)}
    assert config.detectors == (DetectorConfig("hr.employee", "E[0-9]{6}"),)
    assert config.targets[0].search_path == ("a", "b")


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        ({"servr": {}}, "assent.toml: unknown key `servr`; known are"),
        ({"folder": "x"}, "unknown key `folder`"),
        ({"server": {"listn": "x"}}, "assent.toml:[server]: unknown key `listn`"),
        ({"people": [{"name": "ana", "pasword": "x"}]}, "[[people]] 1 ana: unknown key `pasword`"),
        ({"targets": [{**TARGET, "prot": 1}]}, "[[targets]] 1 shop: unknown key `prot`"),
    ],
)
def test_an_unknown_key_stops_the_start_and_is_named(tree: dict[str, Any], place: str) -> None:
    assert place in refused(tree)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"server": []}, "must be a table"),
        ({"people": {}}, "must be an array of tables"),
        ({"people": ["ana"]}, "must be a table"),
        ({"server": {"listen": 1}}, "[server] listen: must be a text"),
        ({"postgres": {"most_connections": True}}, "must be a whole number"),
        ({"postgres": {"most_connections": 1.0}}, "must be a whole number"),
        ({"people": [{"name": "a", "disabled": 1}]}, "must be true or false"),
        ({"people": [{"name": "a", "groups": "dba"}]}, "must be a list of texts"),
        ({"people": [{"name": "a", "groups": [1]}]}, "must be a list of texts"),
        ({"targets": [{**TARGET, "labels": ["x"]}]}, "must be a table"),
        ({"network": {"lists": {"tor": ["tor.txt"]}}}, "lists.tor: must be a text"),
        ({"network": {"zones": {"office": "192.0.2.0/24"}}}, "must be a list of texts"),
        ({"targets": [{**TARGET, "labels": {"x": "pii"}}]}, "must be a list of texts"),
        ({"people": [{}]}, "[[people]] 1: needs the key `name`"),
        ({"targets": [{"name": "shop"}]}, "[[targets]] shop: needs the key `host`"),
    ],
)
def test_a_value_of_another_type_says_what_is_expected(tree: dict[str, Any], words: str) -> None:
    assert words in refused(tree)


def test_a_file_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "assent.toml"
    path.write_text('[server]\nlisten = "127.0.0.1:0"\n')
    config = load(path)
    assert (config.folder, config.server.listen) == (tmp_path.resolve(), "127.0.0.1:0")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"[server\n", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"x = " + b"[" * 100_000, "is not TOML"),
        (b"#" * (1 << 20) + b"#", "is larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "assent.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OperatorFault, match=words) as caught:
        load(path)
    assert str(path) in caught.value.detail


def test_the_reference_page_is_current_and_explains_every_key() -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "write_configuration_reference.py"), "--check"],
        check=False,
    )
    assert ended.returncode == 0, "run `python tools/write_configuration_reference.py`"
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.endswith("|  |")] == []


def test_what_signing_in_asks_is_read() -> None:
    tree = {"local_passwords": False, "idle": "30m", "require_second_factor": "everybody"}
    config = parsed({"sign_in": tree})
    rules = sign_in_rules(config.sign_in, "[sign_in]")
    assert rules == SignInRules(False, timedelta(minutes=30), "everybody")
    assert sign_in_rules(SignInConfig(idle="off"), "[sign_in]").idle is None


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"idle": "1m"}, "[sign_in] idle: `1m` is neither"),
        ({"idle": "13h"}, "`off` nor 5 minutes"),
        ({"idle": "soon"}, "`soon` is neither"),
        ({"require_second_factor": "some"}, "require_second_factor: `some` is none of"),
        ({"local_passwords": "no"}, "must be true or false"),
    ],
)
def test_what_signing_in_cannot_ask_is_refused(tree: dict[str, Any], words: str) -> None:
    assert words in refused({"sign_in": tree})
