from datetime import timedelta

import pytest

from assent.core.faults import OperatorFault
from assent.policy.annotations import Annotations
from assent.policy.fragments import split
from assent.policy.rule import Effect


def annotations(effect: Effect, **values: str | None) -> Annotations:
    text = "\n".join(f'@{name}("{value}")' for name, value in values.items())
    (fragment,), _ = split("a.cedar", f"{text}\n{effect} (principal, action, resource);")
    return Annotations(fragment, effect, values)


def test_a_permit_may_carry_obligations_and_a_forbid_requirements() -> None:
    annotations(Effect.PERMIT, id="a", description="d", max_duration="1h", record=None).check()
    annotations(Effect.FORBID, id="a", message="m", require="reason", hold="1h").check()


@pytest.mark.parametrize("name", ["mask", "Id", "advice", "require_"])
def test_an_unknown_annotation_is_named_with_those_that_are_known(name: str) -> None:
    with pytest.raises(OperatorFault, match=f"a.cedar:2: unknown annotation `@{name}`.*`@record`"):
        annotations(Effect.PERMIT, id="a", **{name: "x"}).check()


def test_a_text_that_is_too_long_for_people_is_refused() -> None:
    with pytest.raises(OperatorFault, match="1 to 1000"):
        annotations(Effect.FORBID, message="x" * 1001).text("message")


def test_what_is_not_there_is_empty() -> None:
    bare = annotations(Effect.FORBID, id="a")
    assert (bare.id(), bare.text("message"), bare.duration("hold")) == ("a", "", None)
    assert (bare.remedies(None), bare.obligations("a")) == ((), ())


def test_a_duration_is_read() -> None:
    assert annotations(Effect.FORBID, hold="2h").duration("hold") == timedelta(hours=2)
