"""A change as an action: what it touches, and what its digest binds."""

from dataclasses import replace

from assent.control.change_actions import change_action, outlook_action, refused
from assent.control.planning import Content, Difference, Plan
from assent.control.wanting import Wanted
from assent.core.decision import Deny
from builders import BEN, CountingIds, policies


def wanted(*kinds: str, content: Content | None = None) -> Wanted:
    content = content or Content({"a.cedar": ""}, None)
    differences = tuple(Difference(kind, "x", "added", "", "new") for kind in kinds)
    plan = Plan(differences, "sha256:base", content.digest(), "pol-1", "pol-2", "the plan")
    return Wanted(content, plan, policies(), {}, ())


def touched(found: Wanted) -> list[str]:
    action = change_action(CountingIds(), BEN.id, found, unsafe=False)
    assert action.statement.complete
    return [f"{one.verb} {one.resource.kind} {one.resource.name}" for one in action.touches]


def test_it_touches_what_it_changes_and_nothing_else() -> None:
    policy, target = "policy.change System policies", "target.change System targets"
    assert touched(wanted("policy")) == [policy]
    assert touched(wanted("file")) == [policy]
    assert touched(wanted("target")) == [target]
    assert touched(wanted("target", "policy")) == [policy, target]
    assert touched(wanted()) == [policy]


def test_its_digest_binds_the_plan_the_content_and_what_it_was_made_from() -> None:
    def digest(found: Wanted, *, unsafe: bool = False) -> str:
        return change_action(CountingIds(), BEN.id, found, unsafe=unsafe).digest()

    usual = wanted("policy")
    others = {
        digest(wanted("policy", content=Content({"a.cedar": "//"}, None))),
        digest(replace(usual, plan=replace(usual.plan, base="sha256:other"))),
        digest(replace(usual, plan=replace(usual.plan, text="another plan"))),
        digest(usual, unsafe=True),
    }
    assert len(others) == 4
    assert digest(usual) == digest(wanted("policy"))
    assert digest(usual) not in others


def test_what_may_lock_everybody_out_is_told_to_those_who_are_asked() -> None:
    action = change_action(CountingIds(), BEN.id, wanted("policy"), unsafe=True)
    assert action.text.startswith("UNSAFE: nobody may be able to change policies after this")


def test_an_outlook_holds_nothing_of_what_was_sent_but_its_digest() -> None:
    content = Content({"a.cedar": "// private"}, "# private")
    action = outlook_action(CountingIds(), BEN.id, content)
    assert [one.verb for one in action.touches] == ["policy.change", "target.change"]
    assert "private" not in f"{action.text}{action.details}"
    assert action.details["content_digest"] == content.digest()
    only_targets = outlook_action(CountingIds(), BEN.id, Content(None, ""))
    assert [one.verb for one in only_targets.touches] == ["target.change"]


def test_an_example_is_shown_only_where_no_policy_says_who_may() -> None:
    nobody = refused(Deny("r", "no-permit", ("no policy permits it",)), " (see x)")
    assert '@id("changes.permit")' in nobody.detail
    assert nobody.detail.endswith(" (see x)")
    assert "@id" not in refused(Deny("r", "forbidden", ("not now",)), "").detail
