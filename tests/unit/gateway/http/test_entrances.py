"""Browsers that are taken in: by a code, once, on one host, and what other sites make them do."""

import pytest
from aiohttp.test_utils import make_mocked_request

from assent.core.faults import ForbiddenFault
from assent.gateway.http.entrances import check_same_origin

OURS = "https://wiki.apps.test"
FROM_HERE = {"Origin": OURS, "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}),
        ("POST", FROM_HERE),
        ("DELETE", {"Origin": OURS}),
        ("PUT", {"Sec-Fetch-Site": "same-origin"}),
        ("GET", {"Upgrade": "websocket", "Origin": OURS}),
    ],
)
def test_what_comes_from_here_or_leads_here_passes(method: str, headers: dict[str, str]) -> None:
    check_same_origin(make_mocked_request(method, "/", headers=headers), OURS)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("POST", {"Origin": "https://evil.test"}),
        ("POST", {"Origin": "null"}),
        ("POST", {"Origin": OURS, "Sec-Fetch-Site": "cross-site"}),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),
        ("POST", {"Origin": "https://crm.apps.test", "Sec-Fetch-Site": "same-site"}),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
        ("GET", {"Origin": "https://evil.test"}),
        ("GET", {"Upgrade": "websocket"}),
        ("GET", {"Upgrade": "websocket", "Origin": "https://evil.test"}),
        ("POST", {"Origin": f"{OURS}.evil.test"}),
        ("POST", {"Origin": "http://wiki.apps.test"}),
    ],
)
def test_what_another_site_has_a_browser_send_is_refused(
    method: str, headers: dict[str, str]
) -> None:
    with pytest.raises(ForbiddenFault) as refused:
        check_same_origin(make_mocked_request(method, "/", headers=headers), OURS)
    assert refused.value.code == "foreign-origin"
