"""Nothing wrong starts, and whatever is wrong is named with its place."""

from pathlib import Path
from typing import Any

import pytest

from assent.config import Config, parse
from assent.core.faults import OperatorFault
from config_builders import TARGET, refused


def with_section(name: str, **keys: str) -> Config:
    return parse({name: keys}, "assent.toml", Path())


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
        ({"server": {"proxies": ["127.0.0.1", "*"]}}, "`*` is no address and no network"),
        ({"server": {"proxies": ["10.0.0.1/8"]}}, "is no address and no network"),
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


@pytest.mark.parametrize("section", ["people", "targets"])
def test_nobody_is_called_like_the_gateways_own(section: str) -> None:
    item = {"name": "assent-canary"} | ({} if section == "people" else TARGET)
    with pytest.raises(OperatorFault, match="the gateway's own"):
        parse({section: [item | {"name": "assent-canary"}]}, "assent.toml", Path())


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
