"""A start begins with what was applied, unless the operator says otherwise, which is logged."""

import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assent import app
from assent.config import Config, parse
from assent.control.planning import Content
from assent.control.sign_in import caller_as
from assent.core.evidence import Authentication
from assent.core.faults import OperatorFault

CHANGES = """
@id("changes") permit (principal in Group::"dba", action in
  [Action::"policy.change", Action::"target.change"], resource);
"""
MORE = '@id("more") forbid (principal, action == Action::"session.open", resource);'
ARCHIVE = """
[[targets]]
name = "archive"
host = "127.0.0.1"
user = "assent"
password = "env:ARCHIVE"
"""


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """What a start changes of the whole process, put back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "10.cedar").write_text(CHANGES)
    tree = {
        "server": {"listen": "127.0.0.1:0"},
        "postgres": {"listen": "127.0.0.1:0"},
        "people": [{"name": "ben", "groups": ["dba"]}],
    }
    return parse(tree, "assent.toml", tmp_path)


async def apply(gateway: app.Gateway, content: Content) -> None:
    ben = gateway.plane.directory.subject_named("ben")
    assert ben is not None
    now = gateway.plane.clock.now()
    caller = caller_as(ben, Authentication("password", now), "digest", "127.0.0.1", "api")
    applied = await gateway.plane.configuring.apply(caller, content)
    assert applied.state == "applied"


def in_force(gateway: app.Gateway) -> set[str]:
    return set(gateway.plane.configuring.sources)


async def started(gateway: app.Gateway) -> list[dict[str, Any]]:
    entries = [json.loads(one.leaf) for one in await gateway.plane.store.entries()]
    return [one["facts"] for one in entries if one["kind"] == "server.started"]


async def test_what_was_applied_outlives_the_process(config: Config) -> None:
    wanted = Content({"10.cedar": CHANGES, "20.cedar": MORE}, ARCHIVE)
    async with app.running(config) as gateway:
        await apply(gateway, wanted)
    async with app.running(config) as gateway:
        assert in_force(gateway) == {"10.cedar", "20.cedar"}
        assert gateway.plane.directory.target_named("archive") is not None
        # The folder is what it was, and nobody assented to that.
        with pytest.raises(OperatorFault, match="does not count"):
            await gateway.reload_policies()
        await apply(gateway, Content(None, ""))
    async with app.running(config) as gateway:
        assert gateway.plane.directory.target_named("archive") is None


async def test_the_way_back_to_the_folder_is_in_the_log(config: Config) -> None:
    async with app.running(config) as gateway:
        await apply(gateway, Content({"10.cedar": CHANGES, "20.cedar": MORE}, None))
        applied = await gateway.plane.store.applied_policies()
        assert applied is not None
    async with app.running(config, unsafe_policies_from_folder=True) as gateway:
        assert in_force(gateway) == {"10.cedar"}
        facts = (await started(gateway))[-1]
        assert facts["unsafe_policies_from_folder"] == applied.revision
        (config.folder / "policies" / "30.cedar").write_text(MORE)
        await gateway.reload_policies()
        assert in_force(gateway) == {"10.cedar", "30.cedar"}
    async with app.running(config) as gateway:
        assert in_force(gateway) == {"10.cedar", "20.cedar"}
        assert "unsafe_policies_from_folder" not in (await started(gateway))[-1]


async def test_every_revision_that_was_in_force_is_kept_with_its_text(config: Config) -> None:
    async with app.running(config) as gateway:
        store = gateway.plane.store
        first = (await started(gateway))[0]["policy_revision"]
        (config.folder / "policies" / "30.cedar").write_text(MORE)
        second = await gateway.reload_policies()
        for revision, files in ((first, 1), (second, 2)):
            kept = await store.policy_revision(revision)
            assert kept is not None
            assert (len(kept.sources), kept.by) == (files, None)
