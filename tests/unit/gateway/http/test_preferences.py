"""What a client says: how long it stays, and why it is here."""

from datetime import timedelta

import pytest
from aiohttp.test_utils import make_mocked_request

from assent.core.faults import PeerFault
from assent.core.plugins import NO_WISHES, Wishes
from assent.gateway.http.preferences import LONGEST, OF_BROWSERS, USUAL, browses, stays, wishes


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("", USUAL),
        ("wait=3", timedelta(seconds=3)),
        ('WAIT = "3"', timedelta(seconds=3)),
        ("return=minimal, wait=3; x=1", timedelta(seconds=3)),
        ("wait=100000000000", LONGEST),
        ("wait=-1", USUAL),
        ("wait=soon", USUAL),
        ("respond-async, wait=10", timedelta(0)),
    ],
)
def test_a_client_stays_as_long_as_it_says(said: str, time: timedelta) -> None:
    assert stays(make_mocked_request("GET", "/", headers={"Prefer": said}), browses=False) == time


def test_a_page_is_shown_at_once() -> None:
    assert stays(make_mocked_request("GET", "/"), browses=True) == OF_BROWSERS


def test_what_is_wished_comes_in_headers() -> None:
    headers = {"Assent-Reason": "Straße", "Assent-Ticket": "OPS-7", "Assent-For": "600"}
    request = make_mocked_request("GET", "/", headers=headers)
    assert wishes(request) == Wishes("Straße", "OPS-7", 600)
    assert wishes(make_mocked_request("GET", "/")) is NO_WISHES


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "٣", "99999999999"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(PeerFault):
        wishes(make_mocked_request("GET", "/", headers={"Assent-For": text}))


@pytest.mark.parametrize(
    ("headers", "looks"),
    [
        ({"Sec-Fetch-Mode": "navigate"}, True),
        ({"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, False),
        ({"Accept": "text/html,*/*"}, True),
        ({"Accept": "*/*"}, False),
        ({}, False),
    ],
)
def test_a_person_looks_where_a_browser_goes_to_a_page(
    headers: dict[str, str], looks: bool
) -> None:
    assert browses(make_mocked_request("GET", "/", headers=headers)) is looks
