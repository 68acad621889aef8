"""Trust policies are read as C2SP tlog-policy says."""

import pytest

from assent_verify.notes import Key, parse_key
from assent_verify.policy import Policy, parse_policy
from unit.assent_verify.exports import KEY, SigningKey

WITNESSES = [SigningKey(f"w{number}.example", 20 + number, 4) for number in range(6)]


def a_policy(*lines: str) -> Policy:
    return parse_policy("\n".join((f"log {KEY.text}", *lines, "")))


def keys(*numbers: int) -> list[Key]:
    return [parse_key(WITNESSES[number].text) for number in numbers]


def witness(number: int, name: str) -> str:
    return f"witness {name} {WITNESSES[number].text}"


EXAMPLE = (
    "# two organisations",
    *(witness(number, f"X{number}") for number in range(3)),
    "group X-witnesses 2 X0 X1 X2",
    *(f"\t{witness(number, f'Y{number}')} https://y.example/{number} " for number in range(3, 6)),
    "group Y-witnesses any Y3 Y4 Y5",
    "group X-and-Y all X-witnesses Y-witnesses",
    "quorum X-and-Y",
)


@pytest.mark.parametrize(
    ("seen", "enough"),
    [((0, 1, 3), True), ((0, 1, 2), False), ((0, 3, 4), False), ((0, 1, 2, 5), True), ((), False)],
)
def test_the_example_of_the_specification_counts_as_it_says(
    seen: tuple[int, ...], enough: bool
) -> None:
    assert a_policy(*EXAMPLE).is_met(keys(*seen)) is enough


def test_no_quorum_asks_for_nobody() -> None:
    assert a_policy("quorum none").is_met([])


def test_a_quorum_may_be_one_witness() -> None:
    policy = a_policy(witness(0, "one"), witness(1, "two"), "quorum two")
    assert (policy.is_met(keys(0)), policy.is_met(keys(1))) == (False, True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), "one line `quorum`"),
        (("quorum none", "quorum none"), "more than one quorum"),
        (("quorum one",), "no line before it defines `one`"),
        ((f"log {KEY.text}", "quorum none"), "twice"),
        ((f"log {SigningKey('x.example', 7).text}", "quorum none"), "twice"),
        ((f"log {WITNESSES[0].text}", "quorum none"), "kind 1"),
        ((f"witness a {KEY.text}", "quorum none"), "kind 4"),
        ((witness(0, "a"), witness(0, "b"), "quorum none"), "twice"),
        ((witness(0, "a"), witness(1, "a"), "quorum none"), "is taken"),
        ((witness(0, "none"), "quorum none"), "is taken"),
        ((witness(0, "a"), "group g 2 a", "quorum g"), "threshold"),
        ((witness(0, "a"), "group g 0 a", "quorum g"), "threshold"),
        ((witness(0, "a"), "group g 01 a", "quorum g"), "threshold"),
        ((witness(0, "a"), "group g any a a", "quorum g"), "member of a group already"),
        ((witness(0, "a"), "group g any a", "group h any a", "quorum g"), "already"),
        (("group g any b", "quorum g"), "no line before it defines `b`"),
        (("group g any", "quorum g"), "expected"),
        (("witness", "quorum none"), "expected"),
        (("hello", "quorum none"), "expected"),
        (("quorum none\r",), "control"),
    ],
)
def test_a_policy_with_a_mistake_is_refused_and_the_line_is_named(
    lines: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        a_policy(*lines)
