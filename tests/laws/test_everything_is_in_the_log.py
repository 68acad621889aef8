"""Whatever happens has its entry: each kind that there is is appended, and is in the format.

A day in chapters, each on a control plane of its own with a real store.
"""

import gc
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import device_worlds
from assent import app
from assent.config import parse
from assent.control.provisioning import Group
from assent.control.sign_in import Caller
from assent.control.steering import Steer
from assent.core.entry import EntryKind
from assent.core.faults import ForbiddenFault
from assent.core.frame import StatementFrame
from assent.core.label import LabelState
from assent.core.observing import Disputed
from assent.core.request import Verdict
from assent.core.review import ReviewVerdict
from assent.core.secret import Secret
from assent.edges import fingerprints
from assent.policy import load
from assent.workflow.wishes import Wish
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    DORA,
    GROUPS,
    PASSWORD,
    POLICIES,
    READ,
    SQL,
    TIM,
    World,
    a_caller,
    a_world,
    policies,
)
from emergency_world import EMERGENCY, HONOURS, broken
from program_callers import just_confirmed
from unit.control import (
    test_accounts,
    test_anchoring,
    test_configuring,
    test_device_keys,
    test_label_scans,
    test_own_account,
    test_retention,
    test_witnessing,
)
from unit.control.audit_orders import at_once

ROOT = Path(__file__).resolve().parents[2]
FORMAT = ROOT / "docs" / "specs" / "log-format.md"
DAY = timedelta(days=1)
STEP_UP = """
@id("fresh") @require("reason; step-up: 15m; approve: 1 of dba")
forbid (principal in Group::"temps", action == Action::"access.request", resource);
"""
READ_ONLY = """
@id("only-reading") @read_only
permit (principal in Group::"engineers", action == Action::"session.open", resource);
"""
NOTHING_FOR_TEMPS = '@id("none") forbid (principal in Group::"temps", action, resource);'
OPEN = '@id("open") permit (principal, action == Action::"session.open", resource);\n'


async def a_morning(world: World) -> None:
    """Ana signs in, is mistaken once, works and leaves; an auditor looks at it."""
    token, _ = await world.sign_in.login("ana", Secret(PASSWORD), "192.0.2.1")
    caller = await world.sign_in.authenticate(token, "192.0.2.1", "api")
    with suppress(ForbiddenFault):
        await world.sign_in.step_up(caller, Secret("wrong"))
    await world.sign_in.step_up(caller, Secret(PASSWORD))
    client = await world.connect()
    await world.did(client, READ)
    session = client.session.session.id
    frame = StatementFrame(1, world.clock.now(), "select 1", (), "permit", "ent_1")
    world.recorder.record(session, frame)
    await world.sessions.ending.end(client.session, "done", cut=False)
    await world.sign_in.logout(caller)
    await world.explain.explain(a_caller(CARL), session)
    await world.plane.sessions.frames(a_caller(CARL), session)
    await world.audit.export_names(a_caller(CARL))
    await world.sweep.once()


async def a_request(world: World) -> None:
    """Tim asks for access, Ben talks about it and assents, and takes it back."""
    world.policies.replace(policies(POLICIES, STEP_UP))
    request = await world.access.ask(a_caller(TIM), "shop", None, "to help", "")
    await world.comments.comment(a_caller(BEN), request.id, "with what?")
    await world.step_up(TIM)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    await world.retracting.retract(a_caller(BEN), request.id)


async def a_held_statement(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    await world.requests.answer(a_caller(DORA), await world.held(client), Verdict.APPROVE, "")
    await asking


async def access_that_ends(world: World) -> None:
    """A clock starts at the first use; Carl revokes that access, and another one runs out."""
    ten = timedelta(minutes=10)
    first = await world.access.ask(a_caller(ANA), "shop", ten, "", "", Wish(first_use=True))
    world.clock.advance(timedelta(hours=3))
    await world.connect()
    assert first.grant is not None
    await world.grants.revoke(a_caller(CARL), first.grant, "enough")
    await world.access.ask(a_caller(ANA), "shop", ten, "", "")
    world.clock.advance(DAY)
    await world.sweep.once()


async def a_downgrade(world: World) -> None:
    """From one moment on a session may only read."""
    await world.connect()
    plugin = replace(SQL, honours=SQL.honours | {"read_only"})
    texts = {"00.cedar": POLICIES, "01.cedar": READ_ONLY}
    world.policies.replace(load(texts, [plugin], GROUPS))
    await world.continuous.settle()


async def somebody_who_watches(world: World) -> None:
    """Carl looks on, and stops what he sees."""
    session = (await world.connect()).session.session.id
    await world.plane.live_watch.begin(a_caller(CARL), session)
    await world.plane.steering.steer(a_caller(CARL), session, Steer.PAUSE, "what is that?")


async def an_emergency(world: World) -> None:
    """Ana breaks the glass; Carl finds that it was not justified."""
    world.policies.replace(policies(POLICIES, EMERGENCY))
    taken = await broken(world, a_caller(ANA))
    review = taken.reviews[0].id
    await world.plane.reviews.close(
        a_caller(CARL), review, ReviewVerdict.NOT_JUSTIFIED, "it could have waited"
    )


async def what_is_ones_own(world: World) -> None:
    """Ben is away, has a credential and a device, and is forgotten."""
    await world.absences.away(a_caller(BEN), world.clock.now() + DAY)
    await world.plane.credentials.mint(a_caller(BEN), "shop", None, 1)
    await world.plane.credentials.revoke(a_caller(BEN), "shop")
    caller: Caller = await test_device_keys.stepped_up(world)
    key = await device_worlds.admitted(world, caller)
    await device_worlds.report(world, caller, key)
    await world.plane.device_keys.revoke(caller, key.id)
    await world.risk.forget(a_caller(CARL), "ben")


async def a_program(world: World) -> None:
    """Ben makes a token for a program of his, and ends it."""
    ben = await just_confirmed(world)
    _, token = await world.plane.programs.tokens.mint(ben, "nightly")
    await world.plane.programs.tokens.revoke(ben, token.id)


async def newcomers(world: World) -> None:
    """An administrator invites Nora, who adds an app for codes and removes it again."""
    root = await test_accounts.administrator(world)
    nora = await test_accounts.joined(world, root)
    await test_own_account.with_codes(world, nora)
    await world.plane.local_people.own.remove_generator(nora)
    await world.plane.local_people.accounts.disable(a_caller(root), "nora")


async def groups(world: World) -> None:
    """An identity provider puts a group here."""
    await world.plane.provisioning.put_group("group-1", Group("eng"), "{}", None)


async def labels(world: World) -> None:
    bench = test_label_scans.Bench(world)
    await bench.ended(test_label_scans.FakeSampler(test_label_scans.EMAIL))
    name = "public.customers.contact"
    await bench.labels.decide(a_caller(BEN), "shop", name, "pii.email", LabelState.APPROVED)


async def a_change_of_policies(world: World) -> None:
    free = test_configuring.FREE
    world.policies.replace(policies(POLICIES, free))
    test_configuring.begun(world, free)
    await test_configuring.applied(world, test_configuring.content(free, NOTHING_FOR_TEMPS))


async def keeping_the_log(world: World) -> None:
    """Security holds, lifts, and erases what is kept of Ana; what is old is pruned."""
    holds, carl = at_once(world).plane.legal_holds, a_caller(CARL)
    placed = await holds.place(carl, "ana", "a case")
    await holds.lift(carl, str(placed.told["hold"]), "it is over")
    await world.did(await world.connect(), READ)
    await world.plane.redaction.erase(carl, "ana", "she asked")
    old = test_retention.entries(world, 1_100)
    await world.store.commit((), old)
    world.clock.advance(365 * DAY)
    await world.store.commit((), test_retention.entries(world, 300))
    await world.store.publish()
    await world.plane.retention.prune(carl, world.clock.now() - 30 * DAY, "a year")


async def those_outside(world: World, folder: Path) -> None:
    """A place keeps a checkpoint, and a witness saw another log."""
    await test_anchoring.grow(world)
    await test_anchoring.anchoring(world, test_anchoring.ListPlace()).once()
    witness = test_witnessing.ScriptedWitness([Disputed(422, "proof does not fit")])
    await test_witnessing.grow(world, 3)
    await test_witnessing.witnessing(folder, world, witness).once()


DAY_IN_CHAPTERS: dict[Callable[[World], Awaitable[None]], str] = {
    a_morning: "login login.refused step-up logout attempt decision request.settled grant.issued"
    " credential.minted session.opened result session.ended log.read recording.read audit.exported",
    a_request: "request.opened request.commented remedy.met approval request.changed"
    " approval.withdrawn grant.revoked",
    a_held_statement: "request.opened approval remedy.met request.changed",
    access_that_ends: "grant.changed grant.revoked grant.expired",
    a_downgrade: "session.standing",
    somebody_who_watches: "session.watched session.steered",
    an_emergency: "review.opened review.closed security.event",
    what_is_ones_own: "absence credential.ended device.enrolled device.admitted device.reported"
    " device.revoked profile.forgotten",
    a_program: "token.minted token.revoked",
    newcomers: "person.added person.invited person.changed authenticator.added"
    " authenticator.removed",
    groups: "group.changed",
    labels: "labels.scanned label.suggested label.decided",
    a_change_of_policies: "configuration.applied",
    keeping_the_log: "legal-hold.placed legal-hold.lifted payload.redacted log.pruned",
}
OUTSIDE = "anchor.recorded log.disputed"
STARTS = "server.started server.stopped policy.changed configuration.changed risk-model.changed"
BY_OTHER_TESTS = {
    EntryKind.KEY_ROTATED: "tests/unit/control/test_key_rotation.py",
    EntryKind.SESSION_SEGMENT: "tests/unit/stores/recordings/test_recorder.py",
}


@pytest.mark.parametrize("chapter", DAY_IN_CHAPTERS, ids=lambda chapter: chapter.__name__)
async def test_each_chapter_of_a_day_is_in_the_log(
    tmp_path: Path, chapter: Callable[[World], Awaitable[None]]
) -> None:
    async with a_world(tmp_path, honours=HONOURS | {"read_only"}) as world:
        await chapter(world)
        assert set(DAY_IN_CHAPTERS[chapter].split()) - set(world.journal) == set()


async def test_what_those_outside_say_is_in_the_log(tmp_path: Path) -> None:
    async with a_world(tmp_path / "store") as world:
        await those_outside(world, tmp_path)
        assert set(OUTSIDE.split()) - set(world.journal) == set()


@pytest.fixture
def _process_as_before() -> Iterator[None]:
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.mark.usefixtures("_process_as_before")
async def test_what_a_start_finds_and_a_stop_leaves_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "10.cedar").write_text(OPEN)
    tree: dict[str, Any] = {
        "server": {"listen": "127.0.0.1:0"},
        "postgres": {"listen": "127.0.0.1:0"},
        "people": [{"name": "ana", "groups": ["dba"]}],
    }
    async with app.running(parse(tree, "assent.toml", tmp_path)):
        pass
    monkeypatch.setattr(fingerprints, "of_risk_model", lambda: {"assent.risk.model": "another"})
    tree["risk"] = {"high_from": 70}
    async with app.running(parse(tree, "assent.toml", tmp_path)) as gateway:
        (folder / "10.cedar").write_text(OPEN.replace('"open"', '"opens"'))
        await gateway.reload_policies()
        found = await gateway.plane.store.entries(limit=1_000)
    log = b"".join(one.leaf for one in found).decode()
    assert [kind for kind in STARTS.split() if f'"kind":"{kind}"' not in log] == []


def test_every_kind_is_seen_in_some_chapter() -> None:
    told = {kind for said in DAY_IN_CHAPTERS.values() for kind in said.split()}
    told |= {*OUTSIDE.split(), *STARTS.split(), *(kind.value for kind in BY_OTHER_TESTS)}
    assert told == {kind.value for kind in EntryKind}
    for kind, path in BY_OTHER_TESTS.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        assert kind.value in text or f"EntryKind.{kind.name}" in text, path


def test_the_format_describes_every_kind_and_no_other() -> None:
    text = FORMAT.read_text(encoding="utf-8").partition("### All kinds")[2].partition("\n### ")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    described = [kind for row in rows for kind in re.findall(r"`([^`]+)`", row)]
    assert sorted(described) == sorted(kind.value for kind in EntryKind)
