"""Types are known only where nothing may have changed what they are the types of."""

import struct

import pytest

from assent.core.faults import PeerFault
from assent.protocols.postgres.parameter_types import ParameterTypes


def description(*kinds: int) -> bytes:
    return struct.pack(f"!H{len(kinds)}I", len(kinds), *kinds)


def test_what_the_target_described_is_known() -> None:
    types = ParameterTypes(10)
    types.asked(b"s")
    types.told(description(23, 25))
    assert types.of(b"s") == (23, 25)
    assert types.of(b"other") == ()


def test_answers_belong_to_their_questions_in_order() -> None:
    types = ParameterTypes(10)
    types.asked(b"a")
    types.asked(b"b")
    types.told(description(23))
    types.told(description(25))
    assert (types.of(b"a"), types.of(b"b")) == ((23,), (25,))


def test_an_attempt_to_change_a_name_forgets_its_types() -> None:
    types = ParameterTypes(10)
    types.asked(b"s")
    types.told(description(23))
    types.forget(b"s")
    assert types.of(b"s") == ()


def test_an_answer_that_a_change_has_overtaken_tells_nothing() -> None:
    types = ParameterTypes(10)
    types.asked(b"s")
    types.forget(b"s")
    types.told(description(23))
    assert types.of(b"s") == ()


def test_a_group_that_is_over_leaves_no_question_behind() -> None:
    types = ParameterTypes(10)
    types.asked(b"skipped")
    types.begin()
    types.asked(b"s")
    types.told(description(23))
    assert (types.of(b"skipped"), types.of(b"s")) == ((), (23,))


def test_too_many_questions_are_not_kept_and_nothing_is_guessed() -> None:
    types = ParameterTypes(2)
    for name in (b"a", b"b", b"c", b"d"):
        types.asked(name)
    for kind in (23, 25, 20, 21):
        types.told(description(kind))
    assert [types.of(name) for name in (b"a", b"b", b"c", b"d")] == [(), (), (), ()]


def test_only_so_many_names_are_remembered() -> None:
    types = ParameterTypes(1)
    for name in (b"a", b"b"):
        types.asked(name)
        types.told(description(23))
    assert (types.of(b"a"), types.of(b"b")) == ((23,), ())


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\1", b"\0\0\0", b"\0\1\0\0\0"])
def test_a_description_that_is_none_is_the_targets_fault(body: bytes) -> None:
    with pytest.raises(PeerFault):
        ParameterTypes(10).told(body)


def test_declared_types_are_those_of_this_group_only() -> None:
    types = ParameterTypes(10)
    types.declare(b"s", (23,))
    assert types.of(b"s") == (23,)
    types.begin()
    assert types.of(b"s") == ()
