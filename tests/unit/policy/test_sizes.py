import pytest

from assent.policy.sizes import parse_count, parse_size


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
