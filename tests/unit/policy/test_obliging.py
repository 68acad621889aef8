from assent.core.decision import Obligation
from assent.policy.obliging import merged


def test_the_smallest_of_spans_counts_and_sizes_binds() -> None:
    some = [
        Obligation("max_duration", "2h", "a"),
        Obligation("max_duration", "90m", "b"),
        Obligation("statement_timeout", "30s", "b"),
        Obligation("statement_timeout", "1m", "a"),
        Obligation("max_rows", "1000", "a"),
        Obligation("max_rows", "999", "b"),
        Obligation("max_bytes", "1MB", "a"),
        Obligation("max_bytes", "1MiB", "b"),
    ]
    assert [(one.name, one.value, one.policy) for one in merged(some)] == [
        ("max_bytes", "1MB", "a"),
        ("max_duration", "90m", "b"),
        ("max_rows", "999", "b"),
        ("statement_timeout", "30s", "b"),
    ]


def test_masks_add_up_and_of_each_thing_what_hides_most_binds() -> None:
    some = [
        Obligation("mask", "pii: partial", "a"),
        Obligation("mask", "pii: hash", "b"),
        Obligation("mask", "secret: null", "b"),
        Obligation("mask", "secret: redact", "a"),
        Obligation("mask", "pii.email: partial", "a"),
    ]
    assert [(one.value, one.policy) for one in merged(some)] == [
        ("pii: hash", "b"),
        ("pii.email: partial", "a"),
        ("secret: null", "b"),
    ]


def test_one_permit_that_refuses_tests_is_enough() -> None:
    some = [
        Obligation("mask_inference", "allow", "a"),
        Obligation("mask_inference", "refuse", "b"),
    ]
    assert merged(some) == (some[1],)


def test_everything_that_more_asks_for_stays() -> None:
    some = (Obligation("more", "approve: 1 of dba", "b"), Obligation("more", "reason", "a"))
    assert merged(some) == some


def test_of_equals_the_first_policy_is_named() -> None:
    some = [Obligation("record", "", "b"), Obligation("record", "", "a")]
    assert merged(some) == (some[1],)


def test_of_budgets_the_smallest_of_each_amount_binds() -> None:
    some = [Obligation("budget", "writes 5, rows 10", "b"), Obligation("budget", "rows 20", "a")]
    assert merged(some) == (Obligation("budget", "writes 5, rows 10", "a"),)
    assert merged([*some, *merged(some)]) == merged(some) == merged(some[::-1])


def test_every_group_reviews_and_all_by_the_earliest_time() -> None:
    some = [
        Obligation("review", "2d: owners", "a"),
        Obligation("review", "12h: security", "b"),
        Obligation("review", "1d: security", "a"),
    ]
    assert merged(some) == (
        Obligation("review", "12h: owners", "a"),
        Obligation("review", "12h: security", "a"),
    )
    assert merged(merged(some)) == merged(some) == merged(some[::-1])
