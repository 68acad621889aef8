import pytest

from assent.core.plugins import Identify, Wishes
from assent.protocols.postgres import wishes
from postgres_peers import Gateway


def test_what_is_said_is_read() -> None:
    said = {"assent.reason": " deploy the fix ", "assent.ticket": "OPS-7", "assent.for": "30m"}
    assert wishes.read(said) == Wishes("deploy the fix", "OPS-7", 1_800)
    assert wishes.read({}) == Wishes()


@pytest.mark.parametrize("span", ["", "0m", "30", "30 m", "-5m", "31d", "1y", "１h", "99999999s"])
def test_a_span_that_is_none_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match=r"assent\.for"):
        wishes.read({"assent.for": span})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("assent.role", "admin"),
        ("assent.reason", "x" * 2_001),
        ("assent.ticket", "x" * 201),
        ("assent.reason", "two\nlines"),
    ],
)
def test_what_is_not_understood_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"assent\."):
        wishes.read({name: value})


def test_options_of_the_gateway_are_told_to_it_and_not_to_the_target() -> None:
    gateway = Gateway(connect=False)
    gateway.log_in(
        {
            "options": "-c assent.reason=fix\\ the\\ orders -c assent.for=2h -c TimeZone=UTC",
            "assent.ticket": "OPS-7",
        }
    )
    asked = next(question for question in gateway.questions if isinstance(question, Identify))
    assert asked.wishes == Wishes("fix the orders", "OPS-7", 7_200)
    assert b"TimeZone" in gateway.target.parameters
    assert b"assent." not in gateway.target.parameters


def test_a_wrong_option_of_the_gateway_ends_the_start_with_words() -> None:
    gateway = Gateway(connect=False)
    gateway.log_in({"options": "-c assent.for=soon"})
    assert gateway.closed
    assert b"C22023" in gateway.client
    assert b"`assent.for` is `soon`" in gateway.client
