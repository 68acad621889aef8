"""Codes that lead a browser to a target's host: for a minute, once, on that host alone."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from assent.control.entering import Entering, local, state_of
from assent.core.faults import MissingFault
from builders import CountingIds, FixedClock

STATE = "what the host gave the browser"


def made(clock: FixedClock | None = None) -> Entering:
    entering = Entering(clock or FixedClock(), CountingIds())
    entering.open_at(lambda target: "https://wiki.apps.test" if target == "wiki" else "")
    return entering


def led(entering: Entering, path: str = "/a?b=1") -> tuple[str, str]:
    """Return the code and the path that a browser is led on with."""
    address = urlsplit(entering.lead("digest", "wiki", state_of(STATE), path))
    assert (address.netloc, address.path) == ("wiki.apps.test", "/.assent/enter")
    found = parse_qs(address.query)
    return found["code"][0], found["to"][0]


def test_a_code_stands_for_a_sign_in_once() -> None:
    entering = made()
    code, path = led(entering)
    assert path == "/a?b=1"
    assert entering.take(code, "wiki", STATE) == "digest"
    assert entering.take(code, "wiki", STATE) is None


@pytest.mark.parametrize(
    ("target", "state"), [("crm", STATE), ("wiki", "another browser's"), ("wiki", "")]
)
def test_a_code_is_good_for_no_other_host_and_no_other_browser(target: str, state: str) -> None:
    entering = made()
    code, _ = led(entering)
    assert entering.take(code, target, state) is None
    assert entering.take(code, "wiki", STATE) is None


def test_a_code_lasts_for_a_minute() -> None:
    clock = FixedClock()
    entering = made(clock)
    code, _ = led(entering)
    clock.advance(timedelta(seconds=60))
    assert entering.take(code, "wiki", STATE) is None


def test_a_target_without_a_host_leads_nowhere() -> None:
    with pytest.raises(MissingFault):
        made().lead("digest", "shop", state_of(STATE), "/")


@pytest.mark.parametrize(
    "path", ["//evil.test/", "https://evil.test", "/\\evil.test", "", "x", "/a b", "/a\nb", "/ä"]
)
def test_nothing_leads_to_another_host(path: str) -> None:
    assert local(path) == "/"
