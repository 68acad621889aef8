"""Configuration: everything has a default or is asked for, and nothing wrong starts."""

import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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
    budget,
    canary_every,
    column_rules,
    load,
    own_patterns,
    pace,
    parse,
    parse_day,
    recognised,
    split_address,
    time_zone,
)
from assent.control.choosing import Pace
from assent.core.faults import OperatorFault
from assent.risk.budget import Budget

ROOT = Path(__file__).resolve().parents[2]
TARGET = {"name": "shop", "host": "db", "user": "assent", "password": "env:SHOP"}
EVERYTHING: dict[str, Any] = {
    "server": {
        "data": "d",
        "listen": "0.0.0.0:1",
        "public_url": "https://assent.example",
        "origin": "assent.example/audit",
    },
    "postgres": {
        "listen": "[::1]:0",
        "tls": "require",
        "certificate": "c.pem",
        "key": "k.pem",
        "most_connections": 7,
    },
    "policies": {"folder": "p"},
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
        }
    ],
    "label_rules": [{"pattern": "(?i)e_?mail", "label": "pii.email", "table": "^public"}],
    "detectors": [{"label": "hr.employee", "pattern": "E[0-9]{6}"}],
}


def parsed(tree: dict[str, Any]) -> Config:
    return parse(tree, "assent.toml", Path("/etc/assent"))


def refused(tree: dict[str, Any]) -> str:
    with pytest.raises(OperatorFault) as caught:
        parsed(tree)
    return caught.value.detail


def test_nothing_is_needed_to_begin_with() -> None:
    assert parsed({}) == Config(folder=Path("/etc/assent"))


def test_every_key_is_read() -> None:
    config = parsed(EVERYTHING)
    for name, kind in (
        ("server", ServerConfig),
        ("postgres", PostgresConfig),
        ("policies", PoliciesConfig),
        ("risk", RiskConfig),
        ("vault", VaultConfig),
    ):
        assert set(EVERYTHING[name]) == {field.name for field in fields(kind)}
        assert getattr(config, name) == kind(**EVERYTHING[name])
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
        ({"targets": [{"name": "shop"}]}, "[[targets]] 1 shop: needs the key `host`"),
    ],
)
def test_a_value_of_another_type_says_what_is_expected(tree: dict[str, Any], words: str) -> None:
    assert words in refused(tree)


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


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"people": [{"name": "ana"}, {"name": "ana"}]}, "assent.toml:[[people]]: `ana` is there"),
        ({"targets": [TARGET, TARGET]}, "`shop` is there twice"),
        ({"postgres": {"tls": "maybe"}}, "`maybe` is none of `offer`, `require`"),
        ({"targets": [{**TARGET, "tls": "on"}]}, "is none of `disable`, `prefer`"),
        ({"targets": [{**TARGET, "protocol": "mysql"}]}, "`mysql` is none of `postgres`"),
        ({"targets": [{**TARGET, "port": 0}]}, "0 is no port"),
        ({"targets": [{**TARGET, "port": 65536}]}, "65536 is no port"),
        ({"postgres": {"most_connections": 0}}, "lets nobody in"),
        ({"postgres": {"key": "k.pem"}}, "is the key of no certificate"),
        ({"server": {"public_url": "javascript:alert(1)"}}, "must begin with `https://`"),
        ({"server": {"origin": "our log"}}, "without spaces"),
        ({"server": {"origin": "a+b"}}, "without spaces"),
        ({"server": {"origin": ""}}, "without spaces"),
        ({"people": [{"name": "a", "since": "yesterday"}]}, "a since: `yesterday` is no day"),
        ({"people": [{"name": "a", "verified_on": "2026-02-30"}]}, "is no day"),
        ({"people": [{"name": "a", "time_zone": "Europe/Atlantis"}]}, "is no time zone"),
        ({"people": [{"name": "a", "time_zone": "../../etc/passwd"}]}, "is no time zone"),
        ({"risk": {"medium_from": 60}}, "must be 0 < `medium_from` < `high_from` <= 100"),
        ({"risk": {"medium_from": 0}}, "must be 0 < `medium_from`"),
        ({"risk": {"high_from": 101}}, "`high_from` <= 100"),
        ({"risk": {"step_up_budget": "2%"}}, "needs both"),
        ({"risk": {"step_up_budget": "2", "approval_budget": "1%"}}, "`2` is no share"),
        ({"risk": {"step_up_budget": "-2%", "approval_budget": "1%"}}, "is no share"),
        ({"risk": {"step_up_budget": "1%", "approval_budget": "1%"}}, "must be 0 % <"),
        ({"risk": {"step_up_budget": "1%", "approval_budget": "0%"}}, "must be 0 % <"),
    ],
)
def test_a_value_that_cannot_work_does_not_start(tree: dict[str, Any], words: str) -> None:
    assert words in refused(tree)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 64, "a\n", "dba|platform", "\u212a"])
def test_names_are_plain(name: str) -> None:
    for tree in (
        {"people": [{"name": name}]},
        {"people": [{"name": "ana", "groups": [name]}]},
        {"targets": [{**TARGET, "name": name}]},
        {"targets": [{**TARGET, "owners": [name]}]},
    ):
        assert "must be 1 to 63 of letters" in refused(tree)


def test_a_budget_is_a_share_of_all_actions() -> None:
    assert budget(RiskConfig(), "x") is None
    found = budget(RiskConfig(step_up_budget="2 %", approval_budget="0.125%"), "x")
    assert found == Budget(medium_milli=2000, high_milli=125)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (
            {"label_rules": [{"pattern": "(", "label": "pii"}]},
            "[[label_rules]] 1 pattern: `(` is no pattern of RE2",
        ),
        (
            {"label_rules": [{"pattern": "a", "label": "pii", "table": "(?=x)"}]},
            "[[label_rules]] 1 table: `(?=x)` is no pattern",
        ),
        (
            {"detectors": [{"pattern": "a*", "label": "pii"}]},
            "[[detectors]] 1 pattern: `a*` fits the empty text",
        ),
        (
            {"detectors": [{"pattern": "a", "label": "p i"}]},
            "[[detectors]] 1 label: `p i` is no label",
        ),
        (
            {"label_rules": [{"pattern": "a", "label": "a"}] * 201},
            "[[label_rules]]: are more than 200",
        ),
        ({"label_rules": [{"pattern": "a"}]}, "[[label_rules]] 1: needs the key `label`"),
    ],
)
def test_a_rule_or_detector_that_cannot_work_says_where(tree: dict[str, Any], words: str) -> None:
    assert f"assent.toml:{words}" in refused(tree)


def test_rules_and_detectors_are_ready_to_use() -> None:
    config = parsed(EVERYTHING)
    assert column_rules(config).of("public.people", ["E_Mail"]) == {"E_Mail": {"pii.email"}}
    assert [own.label for own in own_patterns(config)] == ["hr.employee"]
    assert {"hr.employee", "pii.email", "pci.card"} <= set(recognised(config))


def test_how_fast_people_are_asked_is_ready_to_use() -> None:
    assert pace(parse({}, "f", Path())) == Pace()
    tree = {
        "approvals": {"widen_after": "90s", "remind_every": "1h"},
        "notify": {"statements": True},
    }
    assert pace(parse(tree, "f", Path())) == Pace(
        timedelta(seconds=90), timedelta(hours=1), statements=True
    )


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"approvals": {"widen_after": "soon"}}, r"\[approvals\] widen_after: .*no.* duration"),
        ({"approvals": {"remind_every": "0m"}}, r"\[approvals\] remind_every"),
        ({"on_call": [{"group": "dba"}]}, r"\[\[on_call\]\] 1: needs either"),
        ({"issue_tracker": {"url": "https://x.example"}}, r"\[issue_tracker\] secret: must be"),
        ({"notify": {"channels": ["nowhere"]}}, r"\[notify\] channels"),
    ],
)
def test_who_is_asked_and_told_is_checked_before_a_start(tree: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorFault, match=words):
        parse(tree, "f", Path())


def test_a_day_begins_in_utc_and_a_zone_has_a_name() -> None:
    assert parse_day("", "x") is None
    assert parse_day("2024-05-01", "x") == datetime(2024, 5, 1, tzinfo=UTC)
    assert time_zone("", "x") is None
    assert time_zone("Europe/Berlin", "x") == ZoneInfo("Europe/Berlin")


def test_an_address_is_host_and_port() -> None:
    assert split_address("127.0.0.1:0", "x") == ("127.0.0.1", 0)
    assert split_address("[::1]:65535", "x") == ("::1", 65535)


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:65536", "host:-1", "h:x", "h:²"])
def test_an_address_that_is_none_is_named(text: str) -> None:
    with pytest.raises(OperatorFault, match="is not `host:port`"):
        split_address(text, "assent.toml:[server] listen")
    for section in ("server", "postgres"):
        assert "host:port" in refused({section: {"listen": text}})


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


def with_section(name: str, **keys: str) -> Config:
    return parse({name: keys}, "assent.toml", Path())


@pytest.mark.parametrize(
    ("text", "every"),
    [("off", None), ("5s", timedelta(seconds=5)), ("1d", timedelta(days=1))],
)
def test_the_canary_runs_on_a_clock_or_not_at_all(text: str, every: timedelta | None) -> None:
    assert canary_every(with_section("canary", every=text).canary, "") == every


@pytest.mark.parametrize(
    ("section", "key", "text"),
    [
        ("canary", "every", "4s"),
        ("canary", "every", "2d"),
        ("canary", "every", "now and then"),
        ("reactions", "on_compromise", "ignore"),
        ("metrics", "token", "in-the-clear"),
    ],
)
def test_what_watches_over_it_is_not_misspelled(section: str, key: str, text: str) -> None:
    with pytest.raises(OperatorFault) as fault:
        with_section(section, **{key: text})
    assert f"[{section}] {key}" in str(fault.value.place)
    assert section != "metrics" or text not in str(fault.value)


@pytest.mark.parametrize("section", ["people", "targets"])
def test_nobody_is_called_like_the_gateways_own(section: str) -> None:
    item = {"name": "assent-canary"} | ({} if section == "people" else TARGET)
    with pytest.raises(OperatorFault, match="the gateway's own"):
        parse({section: [item | {"name": "assent-canary"}]}, "assent.toml", Path())
