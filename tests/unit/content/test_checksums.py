import pytest

from assent.content.checksums import (
    IBAN_LENGTHS,
    is_card,
    is_iban,
    is_jwt_header,
    is_north_american,
    is_ssn,
    luhn,
    luhn_digit,
)

# Of ISO 13616's registry.
IBANS = [
    "AT611904300234573201",
    "BE68539007547034",
    "CH9300762011623852957",
    "DE89370400440532013000",
    "ES9121000418450200051332",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "IT60X0542811101000000123456",
    "MT84MALT011000012345MTLCAST001S",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "SA0380000000608010167519",
]


def test_the_last_digit_is_checked_by_luhns_rule() -> None:
    assert luhn("79927398713")
    assert [luhn(f"7992739871{digit}") for digit in "012456789"] == [False] * 9
    assert luhn_digit("7992739871") == "3"


@pytest.mark.parametrize("number", ["4111111111111111", "5555555555554444", "371449635398431"])
def test_numbers_of_issuers_are_cards(number: str) -> None:
    assert is_card(number)


@pytest.mark.parametrize(
    "number",
    ["0000000000000000", "1111111111111117", "4111111111111", "411111111111111111", "79927398713"],
)
def test_numbers_that_nobody_issues_are_no_cards(number: str) -> None:
    assert not is_card(number)


@pytest.mark.parametrize("iban", IBANS)
def test_account_numbers_of_the_registry_are_good(iban: str) -> None:
    assert len(iban) == IBAN_LENGTHS[iban[:2]]
    assert is_iban(iban)
    assert is_iban(iban.lower())
    assert not is_iban(iban[:-1])
    assert not is_iban(iban + "0")


def test_check_digits_that_cannot_be_are_refused() -> None:
    assert not is_iban("DE00370400440532013000")
    assert not is_iban("DEXX370400440532013000")
    assert not is_iban("XX89370400440532013000")


def test_numbers_that_were_never_issued_are_no_social_security_numbers() -> None:
    assert is_ssn("123456789")
    for digits in ("000123456", "666123456", "900123456", "123006789", "123450000", "078051120"):
        assert not is_ssn(digits)


def test_the_north_american_plan_has_no_service_codes() -> None:
    assert is_north_american("4155552671")
    assert not is_north_american("9115552671")
    assert not is_north_american("4159112671")
    assert not is_north_american("1155552671")


def test_a_token_has_a_header_that_names_its_algorithm() -> None:
    assert is_jwt_header("eyJhbGciOiJIUzI1NiJ9")
    assert not is_jwt_header("eyJub3QiOiJhIHRva2VuIn0")
    assert not is_jwt_header("eyJ")
    assert not is_jwt_header("eyJ" + "A" * 5000)
