from datetime import timedelta

import pytest

from assent.core.decision import Obligation, ReasonRemedy
from assent.core.faults import OperatorFault
from assent.policy.loader import LARGEST_FILE, check, load, revision_of
from policy_builders import SQL

GOOD = '@id("all")\npermit (principal, action, resource);\n'


def fault_of(text: str) -> OperatorFault:
    with pytest.raises(OperatorFault) as caught:
        load({"a.cedar": text}, [SQL], frozenset({"dba"}))
    return caught.value


def forbid(*annotations: str, condition: str = "") -> str:
    tail = f"\nwhen {{ {condition} }};" if condition else ";"
    return "\n".join((*annotations, "forbid (principal, action, resource)")) + tail


def test_a_rule_has_its_place_its_annotations_and_what_they_mean() -> None:
    loaded = load(
        {
            "b.cedar": '// why\n@id("b") @max_duration("30m") @record @decide("each")\n'
            "permit (principal, action, resource);",
            "a.cedar": forbid(
                '@id("a")',
                '@require("reason")',
                '@message("say why")',
                '@hold("2h")',
                '@hold_in_transaction("5s")',
                '@description("d")',
            ),
        },
        [SQL],
    )
    guard, permit = loaded.rules
    assert (guard.id, guard.effect, guard.file, guard.line) == ("a", "forbid", "a.cedar", 1)
    assert (guard.message, guard.description) == ("say why", "d")
    assert guard.remedies == (ReasonRemedy(),)
    assert guard.hold_for == timedelta(hours=2)
    assert guard.hold_in_transaction_for == timedelta(seconds=5)
    assert (permit.id, permit.line) == ("b", 2)
    assert permit.annotations == {"id": "b", "max_duration": "30m", "record": "", "decide": "each"}
    assert permit.obligations == (
        Obligation("decide_each", "", "b"),
        Obligation("max_duration", "30m", "b"),
        Obligation("record", "", "b"),
    )


def test_no_files_and_files_of_comments_load() -> None:
    assert load({}, [SQL]).rules == ()
    assert load({"a.cedar": "// nothing yet\n"}, [SQL]).rules == ()


def test_the_revision_is_of_names_and_texts_and_of_no_order() -> None:
    one, other = {"a": "x", "b": "y"}, {"b": "y", "a": "x"}
    assert revision_of(one) == revision_of(other)
    assert revision_of(one) != revision_of({"a": "y", "b": "x"})
    assert revision_of(one) != revision_of({"ab": "xy"})
    assert revision_of({}).startswith("pol-")
    assert load({"a.cedar": GOOD}, [SQL]).revision == revision_of({"a.cedar": GOOD})


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        # What Cedar itself cannot read.
        (GOOD + "permit (\n  principal,\n  action resource);", "policy-syntax", 5, "resource"),
        (GOOD + "permit (principal, action, resource)", "policy-syntax", 3, "end of input"),
        ('@id("a")\nallow (principal, action, resource);', "policy-syntax", 2, "allow"),
        (forbid('@id("a")', condition="\nfoo(1)"), "policy-syntax", 4, "foo"),
        (forbid('@id("a")', condition="\n1 >\n"), "policy-syntax", 5, "}"),
        ('@id("a")\n@id("b")\npermit (principal, action, resource);', "policy-syntax", 1, "@id"),
        ('@id("a")\npermit (principal == ?principal, action, resource);', "policy-syntax", 1, "te"),
        ("\n\n#", "policy-syntax", 3, "#"),
        ("\ud800", "policy-syntax", 1, "UTF-8"),
        ("/" * (LARGEST_FILE + 1), "policy-size", 1, "split"),
        # What the schema does not know.
        (
            '@id("a")\npermit (principal,\naction == Action::"sql.raed", resource);',
            "policy-schema",
            3,
            "sql.raed",
        ),
        ('@id("a")\npermit (principal, action, resource is Tabel);', "policy-schema", 2, "Tabel"),
        (forbid('@id("a")', condition="\ncontext.risk.scor > 1"), "policy-schema", 4, "scor"),
        (forbid('@id("a")', condition='context.risk.score > "a"'), "policy-schema", 1, "Long"),
        # What would be skipped where a name is misspelt.
        (forbid('@id("a")', condition="context has sql && true"), "policy-fact", 3, "has"),
        # Annotations.
        ("permit (principal, action, resource);", "policy-id", 1, "@id"),
        ("@id permit (principal, action, resource);", "policy-id", 1, "id"),
        ('@id("a b") permit (principal, action, resource);', "policy-id", 1, "a b"),
        (GOOD + GOOD, "policy-id", 3, "a.cedar:1"),
        (forbid('@id("a")', '@requires("reason")'), "policy-annotation", 2, "`@require`"),
        (forbid('@id("a")', "@record"), "policy-annotation", 2, "for a permit"),
        ('@id("a") @require("reason")\n' + GOOD[11:], "policy-annotation", 1, "for a forbid"),
        (forbid('@id("a")', '@hold("15m")'), "policy-annotation", 2, "@require"),
        (forbid('@id("a")', '@require("reason")', "@message"), "policy-annotation", 3, "text"),
        ('@id("a") @max_duration("1w")\n' + GOOD[11:], "policy-annotation", 1, "`1w`"),
        ('@id("a") @max_duration\n' + GOOD[11:], "policy-annotation", 1, "duration"),
        ('@id("a") @decide("once")\n' + GOOD[11:], "policy-annotation", 1, "each"),
        ('@id("a") @record("yes")\n' + GOOD[11:], "policy-annotation", 1, "no value"),
        (forbid('@id("a")', '@require("mfa")'), "policy-requirement", 2, "`mfa`"),
        (forbid('@id("a")', "@require"), "policy-requirement", 2, "requirement"),
        (forbid('@id("a")', '@require("approve: 1 of dbas")'), "policy-requirement", 2, "`dbas`"),
    ],
)
def test_what_is_not_certainly_right_does_not_load(
    text: str, code: str, line: int, words: str
) -> None:
    fault = fault_of(text)
    assert (fault.code, fault.place) == (code, f"a.cedar:{line}")
    assert words in fault.detail


@pytest.mark.parametrize(
    "condition",
    ["(" * 30000 + "true" + ")" * 30000, "true" + " && true" * 30000, "!" * 5 + "true"],
)
def test_what_would_overflow_the_engines_stack_is_a_fault(condition: str) -> None:
    assert fault_of(forbid('@id("a")', condition=condition)).code in {
        "policy-size",
        "policy-syntax",
    }


def test_the_longest_policy_that_is_read_can_also_be_evaluated() -> None:
    condition = " && ".join(["context.risk.score >= 0"] * 200)
    assert load({"a.cedar": forbid('@id("a")', condition=condition)}, [SQL]).rules


def test_a_group_is_looked_up_only_where_the_groups_are_known() -> None:
    text = forbid('@id("a")', '@require("approve: 1 of dbas > 1 of owners")')
    assert load({"a.cedar": text}, [SQL]).rules
    assert load({"a.cedar": text}, [SQL], frozenset({"dbas"})).rules


def test_a_check_tells_everything_that_is_wrong_in_order() -> None:
    reading = check({"b.cedar": "#", "a.cedar": "x;\n" + GOOD + "y;"}, [SQL])
    assert [fault.place for fault in reading.faults] == ["a.cedar:1", "a.cedar:4", "b.cedar:1"]
    assert [rule.id for rule in reading.policies.rules] == ["all"]
