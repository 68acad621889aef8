"""Policies and targets change by actions: decided on, assented to, and applied as planned."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from assent.control.change_actions import EXAMPLE
from assent.control.configuring import Applied
from assent.control.planning import Content
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OperatorFault
from assent.core.ids import RequestId
from assent.core.request import Request, RequestState, Verdict
from assent.core.subject import Subject
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    DORA,
    POLICIES,
    READ,
    SHOP,
    Client,
    World,
    a_caller,
    a_world,
    until,
)

CHANGES = """
@id("changes") permit (principal in Group::"dba", action in
  [Action::"policy.change", Action::"target.change"], resource);
@id("four-eyes") @require("approve: 1 of security")
forbid (principal, action in [Action::"policy.change", Action::"target.change"], resource);
"""
FREE = """
@id("changes") permit (principal in Group::"dba", action in
  [Action::"policy.change", Action::"target.change"], resource);
"""
NO_READING = (
    '@id("no-reading") @message("not today") '
    'forbid (principal, action == Action::"sql.read", resource);'
)
SHOP_APPLIED = """
[[targets]]
name = "shop"
owners = ["dba"]
databases = ["archive"]
environment = "prod"
"""
ARCHIVE = '[[targets]]\nname = "archive"\nowners = ["dba"]\n'


def files(*texts: str) -> Mapping[str, str]:
    return {f"{number:02}.cedar": text for number, text in enumerate((POLICIES, *texts))}


def content(*texts: str, targets: str | None = None) -> Content:
    return Content(files(*texts), targets)


def begun(world: World, *texts: str) -> World:
    """Return the world with these policies' files known, as a start would leave it."""
    world.configuring.begin(files(*texts), (SHOP,))
    return world


async def applied(world: World, wanted: Content, who: Subject = BEN) -> Applied:
    return await world.configuring.apply(a_caller(who), wanted, reason="to try it")


async def waiting(world: World, wanted: Content, who: Subject = BEN) -> Request:
    answer = await applied(world, wanted, who)
    assert answer.state == "waiting"
    assert answer.request is not None
    return answer.request


async def test_what_needs_assent_is_in_force_once_it_is_given(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        begun(world, CHANGES)
        client = await world.connect()
        request = await waiting(world, content(CHANGES, NO_READING))
        assert (await world.did(client, READ)).entry
        assert "+ policy `no-reading` is added" in request.action.text
        await world.requests.answer(a_caller(CARL), request.id, Verdict.APPROVE, "fine")
        assert (await world.stored(request.id)).state is RequestState.COMPLETED
        kept = await world.store.applied_policies()
        assert kept is not None
        assert (kept.revision, kept.by) == (world.policies.current.revision, BEN.id)
        assert kept.sources == content(CHANGES, NO_READING).policies
        refused = await world.ask(client, READ)
        assert "not today" in str(refused)
        assert "configuration.applied" in world.journal


async def test_what_policies_permit_is_applied_at_once(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        answer = await applied(begun(world, FREE), content(FREE, NO_READING))
        assert answer.state == "applied"
        assert world.policies.current.rule("no-reading").message == "not today"
        assert (await applied(world, content(FREE, NO_READING))).state == "unchanged"


async def test_without_a_policy_for_it_it_is_refused_with_an_example(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        with pytest.raises(ForbiddenFault, match=r"no policy permits `policy\.change`") as caught:
            await applied(begun(world), content(FREE))
        assert EXAMPLE in caught.value.detail
        assert world.policies.current.revision == world.policies.current.revision


async def test_whoever_may_not_is_refused_whatever_they_send(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        with pytest.raises(ForbiddenFault):
            await applied(begun(world, CHANGES), content(CHANGES, NO_READING), ANA)
        with pytest.raises(ForbiddenFault):
            await world.configuring.plan(a_caller(ANA), content(CHANGES, NO_READING))


async def test_nothing_that_a_stranger_sends_is_kept(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        with pytest.raises(ForbiddenFault):
            await applied(begun(world, CHANGES), content("// by-a-stranger"), ANA)
        with pytest.raises(ForbiddenFault):
            # Not even read: what is wrong with it is nobody's business who may not apply it.
            await world.configuring.plan(a_caller(ANA), content("permit ("))
        log = await world.log()
        assert "policy.change" in log
        assert "by-a-stranger" not in log


async def test_changing_targets_alone_does_not_pin_the_policies(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        begun(world, FREE)
        answer = await applied(world, content(FREE, targets=ARCHIVE))
        assert [one.kind for one in answer.plan.differences] == ["target"]
        assert await world.store.applied_policies() is None


async def test_a_plan_says_what_applying_would_lead_to_and_logs_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        before = list(begun(world, CHANGES).journal)
        foreseen = await world.configuring.plan(a_caller(BEN), content(CHANGES, NO_READING))
        assert (foreseen.leads_to, foreseen.words) == ("asks", ("assent of 1 of security",))
        assert foreseen.plan.text.endswith(content(CHANGES, NO_READING).digest())
        nothing = await world.configuring.plan(a_caller(BEN), content(CHANGES))
        assert (nothing.leads_to, nothing.plan.differences) == ("nothing", ())
        refused = await world.configuring.plan(a_caller(CARL), content(CHANGES, NO_READING))
        assert refused.leads_to == "refused"
        assert world.journal == before


async def test_what_would_leave_nobody_able_to_change_it_back_is_refused(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        begun(world, FREE)
        impossible = FREE + (
            '@id("never") @require("approve: 9 of security")\n'
            'forbid (principal, action == Action::"policy.change", resource);'
        )
        for wanted in (content(), content(impossible), Content({}, None)):
            with pytest.raises(ConflictFault, match="--unsafe-lock-out"):
                await applied(world, wanted)
        answer = await world.configuring.apply(a_caller(BEN), content(), unsafe_lock_out=True)
        assert answer.state == "applied"


async def test_what_does_not_load_is_refused_with_file_and_line(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        before = begun(world, FREE).policies.current
        for broken in ("permit (", '@id("a") permit (principal, action, resource) when { x };'):
            with pytest.raises(OperatorFault, match=r"02\.cedar:1"):
                await applied(world, content(FREE, broken))
        assert world.policies.current is before


async def test_an_assent_to_an_outdated_plan_applies_nothing_and_asks_anew(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        begun(world, CHANGES)
        first = await waiting(world, content(CHANGES, NO_READING))
        other = NO_READING.replace("no-reading", "other").replace("sql.read", "sql.insert")
        second = await waiting(world, content(CHANGES, other), DORA)
        await world.requests.answer(a_caller(CARL), second.id, Verdict.APPROVE, "")
        await world.requests.answer(a_caller(CARL), first.id, Verdict.APPROVE, "")
        settled = await world.stored(first.id)
        assert settled.state is RequestState.REJECTED
        assert "what is in force was changed" in settled.outcome
        assert {rule.id for rule in world.policies.current.rules} >= {"other"}
        assert "no-reading" not in {rule.id for rule in world.policies.current.rules}
        (again,) = [place.request for place in world.waiting]
        assert again.id in settled.outcome
        assert "- policy `other` is removed" in again.action.text
        await world.requests.answer(a_caller(CARL), again.id, Verdict.APPROVE, "")
        assert "no-reading" in {rule.id for rule in world.policies.current.rules}


async def test_what_was_assented_to_is_bound_to_all_of_the_content(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        request = await waiting(begun(world, CHANGES), content(CHANGES, NO_READING))
        commented = content(CHANGES, NO_READING + "// a word")
        other = await waiting(world, commented)
        assert request.action.details["content_digest"] in request.action.text
        assert request.action.details["content_digest"] != other.action.details["content_digest"]
        assert request.action_digest != other.action_digest


async def test_the_requester_does_not_assent_to_their_own_change(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES.replace('Group::"dba"', 'Group::"security"')) as world:
        texts = CHANGES.replace('Group::"dba"', 'Group::"security"')
        begun(world, texts)
        with pytest.raises(ConflictFault, match=r"lock-out|nobody could"):
            await applied(world, content(texts, NO_READING), CARL)


async def test_what_was_assented_to_before_a_stop_is_applied_by_the_next_start(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        begun(world, CHANGES)
        request = await waiting(world, content(CHANGES, NO_READING))
        # The log takes nothing more from the moment on in which it would be applied.
        world.store.refused_kinds.add("configuration.applied")
        with pytest.raises(Exception, match="store"):
            await world.requests.answer(a_caller(CARL), request.id, Verdict.APPROVE, "")
        assert "no-reading" not in {rule.id for rule in world.policies.current.rules}
        world.store.refused_kinds.clear()
        await world.waiting.carry_out()
        assert "no-reading" in {rule.id for rule in world.policies.current.rules}
        assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_a_target_is_added_changed_and_taken_away(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        begun(world, FREE)
        added = await applied(world, Content(None, ARCHIVE))
        assert "+ target `archive` is added" in added.plan.text
        archive = world.directory.target_named("archive")
        assert archive is not None
        assert (archive.applied, archive.owners) == (True, frozenset({"dba"}))
        changed = await applied(world, Content(None, ARCHIVE + 'environment = "prod"\n'))
        assert "+environment = prod" in changed.plan.text
        again = world.directory.target_named("archive")
        assert again is not None
        assert (again.id, again.environment) == (archive.id, "prod")
        gone = await applied(world, Content(None, ""))
        assert "- target `archive` is removed" in gone.plan.text
        assert world.directory.target_named("archive") is None
        assert world.directory.target_named("shop") is not None
        assert world.directory.target(archive.id).retired
        back = await applied(world, Content(None, ARCHIVE))
        assert back.state == "applied"
        returned = world.directory.target_named("archive")
        assert returned is not None
        assert returned.id == archive.id


async def test_sessions_on_a_target_that_is_taken_away_are_cut(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        begun(world, FREE)
        await applied(world, Content(None, SHOP_APPLIED))
        client: Client = await world.connect()
        await applied(world, Content(None, ""))
        await until(lambda: client.cuts)
        assert "taken away" in client.cuts[0]
        with pytest.raises(MissingFault):
            await world.access.ask(a_caller(ANA), "shop", None, "", "")


async def test_those_who_oversee_read_policies_of_any_revision(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        begun(world, FREE)
        await applied(world, content(FREE, NO_READING))
        now, sources, targets = world.configuring.in_force(a_caller(CARL))
        assert sources == content(FREE, NO_READING).policies
        assert [target.name for target in targets] == ["shop"]
        kept = await world.configuring.revision(a_caller(CARL), now.revision)
        assert kept.sources == sources
        with pytest.raises(MissingFault):
            await world.configuring.revision(a_caller(CARL), "pol-none")
        for caller in (a_caller(ANA), a_caller(BEN)):
            with pytest.raises(ForbiddenFault):
                world.configuring.in_force(caller)
            with pytest.raises(ForbiddenFault):
                await world.configuring.revision(caller, now.revision)


async def test_nothing_and_too_much_are_refused(tmp_path: Path) -> None:
    async with a_world(tmp_path, FREE) as world:
        begun(world, FREE)
        for wanted in (Content(None, None), Content({"a.cedar": "/" * 800_000}, None)):
            with pytest.raises(ConflictFault):
                await applied(world, wanted)


async def test_a_change_is_explained_as_every_action_is(tmp_path: Path) -> None:
    async with a_world(tmp_path, CHANGES) as world:
        request = await waiting(begun(world, CHANGES), content(CHANGES, NO_READING))
        told = await world.explain.explain(a_caller(BEN), RequestId(request.id))
        assert told["why"]
        assert DELETE_ALL.text  # the other road is tried in test_explain
