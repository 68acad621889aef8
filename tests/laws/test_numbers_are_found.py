"""Every valid number is found, none with a wrong digit; a chunk that holds one is looked at."""

from hypothesis import given
from hypothesis import strategies as st

from assent.content.checksums import IBAN_LENGTHS, is_card, luhn_digit
from assent.content.detectors import LABELS, Scanner

CARDS = Scanner(["pci.card"])
IBANS = Scanner(["pii.iban"])
EVERYTHING = Scanner(LABELS)
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix, length = draw(
        st.sampled_from(
            [("4", 16), ("4", 19), ("51", 16), ("2221", 16), ("37", 15), ("36", 14), ("62", 18)]
        )
    )
    rest = length - 1 - len(prefix)
    front = prefix + draw(st.text("0123456789", min_size=rest, max_size=rest))
    return front + luhn_digit(front)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(sorted(IBAN_LENGTHS)))
    size = IBAN_LENGTHS[country] - 4
    body = draw(st.text(LETTERS, min_size=size, max_size=size))
    number = int("".join(str(int(letter, 36)) for letter in body + country + "00"))
    return f"{country}{98 - number % 97:02d}{body}"


def grouped(number: str, sign: str) -> str:
    return sign.join(number[place : place + 4] for place in range(0, len(number), 4))


def with_another_digit(number: str, place: int, shift: int) -> str:
    at = place % len(number)
    if not number[at].isdigit():
        at = next(index for index, letter in enumerate(number) if letter.isdigit())
    changed = str((int(number[at]) + shift) % 10)
    return number[:at] + changed + number[at + 1 :]


@given(cards())
def test_every_card_is_found(card: str) -> None:
    assert CARDS.spans(card.encode()) == [(0, len(card), "pci.card")]


@given(cards().filter(lambda card: len(card) == 16), st.sampled_from(" -"))
def test_every_card_in_groups_is_found(card: str, sign: str) -> None:
    text = grouped(card, sign)
    assert CARDS.spans(text.encode()) == [(0, len(text), "pci.card")]


@given(cards(), st.integers(0, 18), st.integers(1, 9))
def test_a_card_with_one_wrong_digit_is_not_found(card: str, place: int, shift: int) -> None:
    wrong = with_another_digit(card, place, shift)
    assert not is_card(wrong)
    assert CARDS.spans(wrong.encode()) == []


@given(ibans(), st.sampled_from(["", " "]))
def test_every_iban_is_found(iban: str, sign: str) -> None:
    text = grouped(iban, sign)
    assert (0, len(text), "pii.iban") in IBANS.spans(text.encode())


@given(ibans(), st.integers(0, 33), st.integers(1, 9))
def test_an_iban_with_one_wrong_digit_is_not_found(iban: str, place: int, shift: int) -> None:
    wrong = with_another_digit(iban, place, shift)
    assert IBANS.spans(wrong.encode()) == []


@given(
    st.binary(max_size=20),
    st.one_of(cards(), ibans(), st.just("a@example.com")),
    st.binary(max_size=20),
)
def test_a_chunk_that_holds_one_is_looked_at(before: bytes, value: str, after: bytes) -> None:
    assert EVERYTHING.search(before + value.encode() + after)


@given(st.binary(max_size=200))
def test_where_something_is_found_the_chunk_is_looked_at(value: bytes) -> None:
    found = EVERYTHING.spans(value)
    assert all(0 <= start < end <= len(value) for start, end, _ in found)
    assert not found or EVERYTHING.search(value)


@given(st.text("0123456789 -.+()@:/aAE\né", max_size=80))
def test_look_alikes_never_break_it(text: str) -> None:
    value = text.encode()
    found = EVERYTHING.spans(value)
    assert all(value[start:end] for start, end, _ in found)
    assert not found or EVERYTHING.search(value)
