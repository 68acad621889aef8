"""What user names of SSH clients say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.gateway.ssh.names import Named, named


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("ana", Named("ana")),
        ("ana:web1", Named("ana", "web1")),
        ("ana:deploy@web1", Named("ana", "web1", "deploy")),
        ("ana@example.com:deploy@web1", Named("ana@example.com", "web1", "deploy")),
        ("ana@example.com", Named("ana@example.com")),
    ],
)
def test_a_user_name_says_who_where_and_as_whom(user: str, says: Named) -> None:
    assert named(user) == says


@pytest.mark.parametrize("user", ["", ":", ":web1", "ana:", "ana:@web1", "ana:x@", "a" * 301])
def test_a_user_name_that_says_half_of_it_says_nothing(user: str) -> None:
    assert named(user) is None


@given(st.text(max_size=400))
def test_no_user_name_is_too_strange(user: str) -> None:
    says = named(user)
    assert says is None or says.person
