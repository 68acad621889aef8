"""Which passwords are good enough."""

import pytest

from assent.control.password_rules import check_password
from assent.core.faults import ConflictFault
from assent.core.secret import Secret


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("elevenchars", "12 characters"),
        ("x" * 1025, "1024"),
        ("aaaaaaaaaaaaaa", "repeats"),
        ("123456789012", "repeats"),
        ("qwertyuiopas", "repeats"),
        ("Password1234", "among the first"),
        ("P@ssw0rd!2026", "among the first"),
        ("welcomeassent!!", "among the first"),
        ("password-password", "among the first"),
        ("correct horse battery staple", "among the first"),
        ("ana-lives-in-a-house", "one's name"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, words: str) -> None:
    with pytest.raises(ConflictFault, match="weak-password") as refused:
        check_password(Secret(password), "ana")
    assert words in refused.value.detail
    assert password not in refused.value.detail


@pytest.mark.parametrize(
    "password",
    ["violet otter makes tea", "x7$kQ9!mZ2#p", "четыре слова подряд", "correct1horse2wins"],
)
def test_a_good_password_is_taken(password: str) -> None:
    check_password(Secret(password), "ana")
