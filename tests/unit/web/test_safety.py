"""What keeps other sites out."""

import pytest
from starlette.requests import Request

from assent.core.faults import ForbiddenFault
from assent.core.secret import Secret
from assent.web.safety import check_form, check_origin, form_token, local_path, origin_of


def posted(origin: str | None) -> Request:
    headers = [] if origin is None else [(b"origin", origin.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    "path",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "evil", "", "/a\nb", "/\t/evil.test"],
)
def test_a_sign_in_never_leads_elsewhere(path: str) -> None:
    assert local_path(path) == "/"


def test_a_sign_in_leads_back_to_our_page() -> None:
    assert local_path("/requests/req_1?x=1") == "/requests/req_1?x=1"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:8470/", "http://127.0.0.1:8470"),
        ("https://Assent.Example/x", "https://assent.example"),
        ("https://assent.example:443", "https://assent.example"),
        ("http://[::1]:8470", "http://[::1]:8470"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("origin", [None, "null", "http://evil.test", "http://assent.test:81"])
def test_a_form_from_elsewhere_is_refused(origin: str | None) -> None:
    with pytest.raises(ForbiddenFault, match="foreign-origin"):
        check_origin(posted(origin), "http://assent.test")


def test_a_form_from_our_own_page_is_taken() -> None:
    check_origin(posted("http://assent.test"), "http://assent.test")


def test_a_form_of_another_sign_in_is_refused() -> None:
    mine, other = Secret("mine"), Secret("other")
    check_form(mine, form_token(mine))
    for presented in ("", form_token(other), "é"):
        with pytest.raises(ForbiddenFault, match="stale-form"):
            check_form(mine, presented)


def test_the_token_of_a_form_does_not_give_the_sign_in_away() -> None:
    assert "mine" not in form_token(Secret("mine"))
