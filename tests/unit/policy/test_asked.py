import json

from assent.core.canonical import canonical_bytes
from assent.core.decision import Permit
from assent.policy.asked import asked_json
from assent.policy.evaluation import evaluation
from policy_builders import NOW, action, evidence, policies, risk, touch

POLICIES = """
@id("all") permit (principal, action, resource);
@id("late") @require("reason") forbid (principal, action == Action::"sql.delete", resource)
when { context.risk.score >= 10 };
"""


def asked(*touches: object, score: int = 0) -> dict[str, object]:
    found = evaluation(policies(POLICIES), action(*touches), evidence(), risk(score), NOW)  # type: ignore[arg-type]
    kept: dict[str, object] = json.loads(canonical_bytes(asked_json(found.findings)))
    return kept


def test_each_touch_is_kept_as_it_was_asked_about_and_what_it_satisfied() -> None:
    kept = asked(touch("sql.delete"), score=12)
    assert kept["asked"] == [
        {
            "action": {"id": "sql.delete", "type": "Action"},
            "context": {"risk": {"score": 12}},
            "entities": [0, 1, 2, 3],
            "errors": [],
            "forbids": ["late"],
            "permits": ["all"],
            "principal": {"id": "ana", "type": "Human"},
            "resource": {"id": "shop/public.orders", "type": "Table"},
            "touch": 0,
        }
    ]


def test_entities_that_several_questions_share_are_kept_once() -> None:
    kept = asked(touch("sql.read"), touch("sql.read", "public.customers"))
    items = kept["asked"]
    assert isinstance(items, list)
    assert [item["entities"] for item in items] == [[0, 1, 2, 3], [0, 1, 2, 4]]
    assert isinstance(kept["entities"], list)
    assert len(kept["entities"]) == 5


def test_a_touch_that_no_policy_can_name_is_left_out() -> None:
    assert asked(touch("http.get"))["asked"] == []


def test_a_touch_whose_name_is_not_text_is_kept_with_what_was_wrong() -> None:
    items = asked(touch("sql.read", "\ud800"))["asked"]
    assert isinstance(items, list)
    assert items[0]["touch"] == 0
    assert items[0]["errors"][0][0] == ""


def test_the_decision_is_the_one_that_evaluate_gives() -> None:
    found = evaluation(policies(POLICIES), action(touch("sql.read")), evidence(), risk(0), NOW)
    assert isinstance(found.decision, Permit)
    assert found.findings[0].permits == ("all",)
