"""What a start says of a configuration that was changed while nothing ran."""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assent import app
from assent.config import Config, parse
from assent.edges import fingerprints

PERMIT = '@id("open") permit (principal, action == Action::"session.open", resource);\n'
TARGET = {"name": "shop", "host": "db", "user": "assent", "password": "env:SHOP"}


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def a_config(folder: Path, **sections: Any) -> Config:
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "10.cedar").write_text(PERMIT)
    tree = {
        "server": {"listen": "127.0.0.1:0"},
        "postgres": {"listen": "127.0.0.1:0"},
        "people": [{"name": "ana", "groups": ["dba"]}],
        "targets": [TARGET],
        **sections,
    }
    return parse(tree, "assent.toml", folder)


async def said(config: Config) -> list[dict[str, Any]]:
    """Return leaves with payloads of the entries that this start made, of what differs."""
    async with app.running(config) as gateway:
        store = gateway.plane.store
        entries = await store.entries(limit=1_000)
    told = [
        {**json.loads(one.leaf), "payload": json.loads(one.content or b"null")} for one in entries
    ]
    begun = max(place for place, one in enumerate(told) if one["kind"] == "server.started")
    kinds = ("configuration.changed", "risk-model.changed")
    return [one for one in told[begun:] if one["kind"] in kinds]


async def test_only_what_was_changed_between_two_starts_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = await said(a_config(tmp_path))
    assert (first["facts"]["first"], first["facts"]["sections"]) == (True, ["people", "targets"])
    assert await said(a_config(tmp_path)) == []
    people = [{"name": "ana", "groups": ["dba", "security"], "email": "ana@example.org"}]
    (changed,) = await said(a_config(tmp_path, people=people, risk={"high_from": 70}))
    assert changed["facts"]["sections"] == ["people", "risk"]
    assert list(changed["facts"]["people"]) == ["changed"]
    assert changed["payload"]["keys"] == [["risk.high_from", "changed"]]
    (ana,) = changed["payload"]["things"]
    assert ana["fields"] == [["groups", ["dba"], ["dba", "security"]]]
    assert "example.org" not in json.dumps(changed)
    monkeypatch.setattr(fingerprints, "of_risk_model", lambda: {"assent.risk.model": "another"})
    (model,) = await said(a_config(tmp_path, people=people, risk={"high_from": 70}))
    assert model["kind"] == "risk-model.changed"
    assert "assent.signals.pace" in model["facts"]["modules"]


def test_the_digests_are_the_same_in_every_process(tmp_path: Path) -> None:
    program = (
        "import json, sys; from pathlib import Path\n"
        "from assent.config import parse; from assent.core.secret import Secret\n"
        "from assent.edges import fingerprints\n"
        "config = parse(json.loads(sys.argv[1]), 'assent.toml', Path(sys.argv[2]))\n"
        "key = Secret(b'k' * 32)\n"
        "print(json.dumps([fingerprints.of_configuration(config, [], key),"
        " fingerprints.of_risk_model()]))\n"
    )
    tree = {
        "people": [{"name": "ana", "groups": ["dba", "eng", "ops"]}],
        "targets": [{**TARGET, "labels": {"public.t": ["pii", "secret"]}, "owners": ["a", "b"]}],
        "label_rules": [{"pattern": "(?i)mail", "label": "pii"}],
        "network": {"zones": {"office": ["192.0.2.0/24"], "home": ["198.51.100.0/24"]}},
    }
    found = {
        subprocess.run(
            [sys.executable, "-c", program, json.dumps(tree), str(tmp_path)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
    digests, model = json.loads(found.pop())
    assert {"people.ana", "targets.shop", "risk.high_from", "label_rules.1"} <= set(digests)
    assert {"assent.risk.model", "assent.signals.pace", "assent.signals"} <= set(model)
