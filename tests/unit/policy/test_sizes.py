import pytest

from assent.core.scope import Budget
from assent.policy.sizes import budget_text, parse_budget, parse_count, parse_size, smaller


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("4096", 4096),
        ("64kB", 64_000),
        ("2MB", 2_000_000),
        ("1GB", 10**9),
        ("1KiB", 1024),
        ("10MiB", 10 << 20),
        ("3GiB", 3 << 30),
    ],
)
def test_a_size_is_read_in_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "10 MiB", "1mb", "1TB", "1.5MB", "9" * 40, "١"])
def test_what_is_no_size_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size; write `4096`"):
        parse_size(text)


def test_a_size_beyond_any_result_is_refused() -> None:
    with pytest.raises(ValueError, match="more than any result"):
        parse_size("999999999999GiB")


@pytest.mark.parametrize("text", ["", "0", "01", "1e3", "1,000", "-5", "9" * 13, " 5"])
def test_what_is_no_count_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="is not a count; write a whole number"):
        parse_count(text)


def test_a_count_is_read() -> None:
    assert parse_count("1000") == 1000


def test_a_budget_is_read_and_written_in_one_order() -> None:
    budget = parse_budget("rows 1000, writes 5, bytes 10MiB")
    assert budget == Budget(writes=5, rows=1000, bytes=10 << 20)
    assert budget_text(budget) == "writes 5, rows 1000, bytes 10485760"
    assert parse_budget(budget_text(budget)) == budget


@pytest.mark.parametrize(
    "text", ["", "writes", "writes 0", "5 writes", "reads 5", "writes 5,", "writes 5, writes 6"]
)
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_budget(text)


def test_of_two_budgets_the_smaller_of_each_amount_is_within_both() -> None:
    one, other = Budget(writes=5, rows=10), Budget(writes=3, actions=7)
    assert smaller(one, other) == smaller(other, one) == Budget(actions=7, writes=3, rows=10)
