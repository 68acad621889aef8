import pytest

from assent.core.action import Operation
from assent.policy import load
from assent.policy.policy_set import operation_of
from assent.policy.schema import NAMED_VERBS
from assent.protocols.every import PROTOCOLS
from policy_builders import policies

TEXT = """
@id("all") permit (principal, action, resource);
@id("read") permit (principal, action == Action::"sql.read", resource)
  when { context.time.hour > 1 };
@id("write") forbid (principal, action in Action::"write", resource)
  when { context.risk.score > 1 };
@id("unknown") permit (principal, action == Action::"sql.unknown", resource);
"""


def test_a_slice_holds_the_policies_that_could_match_and_the_facts_they_ask_about() -> None:
    loaded = policies(TEXT)
    reading = loaded.slice("sql.read", Operation.READ)
    writing = loaded.slice("sql.delete", Operation.WRITE)
    assert reading.permits
    assert reading.permits.ids == ("all", "read")
    assert reading.forbids is None
    assert reading.facts == {"time.hour"}
    assert writing.forbids
    assert writing.forbids.ids == ("write",)
    assert writing.facts == {"risk.score"}


def test_a_permit_for_everything_does_not_permit_the_unknown() -> None:
    unknown = policies(TEXT).slice("sql.unknown", Operation.UNKNOWN)
    assert unknown.permits
    assert unknown.permits.ids == ("unknown",)
    assert policies(TEXT).slice("sql.execute", Operation.UNKNOWN).permits is None


def test_slices_with_the_same_policies_share_one_parsed_set() -> None:
    loaded = policies(TEXT)
    one = loaded.slice("sql.insert", Operation.WRITE)
    other = loaded.slice("sql.update", Operation.WRITE)
    assert one.permits is other.permits
    assert one is loaded.slice("sql.insert", Operation.WRITE)


def test_the_engines_numbers_are_turned_into_ids() -> None:
    text = "\n".join(f'@id("p{n}") permit (principal, action, resource);' for n in range(12))
    engine = policies(text).slice("sql.read", Operation.READ).permits
    assert engine
    assert [engine.id_of(f"policy{n}") for n in (0, 2, 10, 11)] == ["p0", "p2", "p10", "p11"]
    assert engine.blame("error while evaluating policy `policy11`: it broke") == ("p11", "it broke")
    assert engine.blame("error while evaluating policy `policy12`: it broke")[0] == ""
    assert engine.blame("failed to build it") == ("", "failed to build it")


def test_a_verb_that_says_unknown_is_unknown_whatever_the_touch_says() -> None:
    assert operation_of("sql.unknown", Operation.READ) is Operation.UNKNOWN
    assert operation_of("sql.read", Operation.READ) is Operation.READ


@pytest.mark.parametrize("verb", sorted(NAMED_VERBS))
def test_what_changes_the_gateway_or_breaks_glass_is_permitted_only_by_name(verb: str) -> None:
    named = f'@id("named") permit (principal, action == Action::"{verb}", resource);'
    group = '@id("group") permit (principal, action in Action::"administer", resource);'
    wide = load({"a.cedar": TEXT, "b.cedar": group}, PROTOCOLS).slice(verb, Operation.ADMINISTER)
    sources = {"a.cedar": TEXT, "b.cedar": group, "c.cedar": named}
    narrow = load(sources, PROTOCOLS).slice(verb, Operation.ADMINISTER)
    assert wide.permits is None
    assert narrow.permits
    assert narrow.permits.ids == ("named",)
