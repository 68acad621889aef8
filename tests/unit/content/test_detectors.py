import pytest

from assent.content.detectors import LABELS, Scanner
from assent.content.patterns import OwnPattern
from assent.core.faults import OperatorFault

EVERYTHING = Scanner(LABELS)

REAL = [
    ("pii.email", "ada@example.com"),
    ("pii.email", "bob.smith+x@mail.example.co.uk"),
    ("pii.email", "müller@exämple.de"),
    ("pii.email", "o'neil_2@xn--bcher-kva.example"),
    ("pii.phone", "+442071838750"),
    ("pii.phone", "+49 30 901820"),
    ("pii.phone", "+1 (415) 555-2671"),
    ("pii.phone", "(415) 555-2671"),
    ("pii.phone", "1-415-555-2671"),
    ("pii.iban", "DE89370400440532013000"),
    ("pii.iban", "GB82 WEST 1234 5698 7654 32"),
    ("pii.iban", "fr1420041010050500013m02606"),
    ("pii.iban", "NO93 8601 1117 947"),
    ("pii.ssn", "123-45-6789"),
    ("pii.ssn", "899 99 9999"),
    ("pii.ip", "203.0.113.9"),
    ("pii.ip", "2001:db8::1"),
    ("pii.ip", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
    ("pci.card", "4111111111111111"),
    ("pci.card", "4111 1111 1111 1111"),
    ("pci.card", "5555-5555-5555-4444"),
    ("pci.card", "378282246310005"),
    ("pci.card", "3782 822463 10005"),
    ("pci.card", "30569309025904"),
    ("pci.card", "6011111111111117"),
    ("pci.card", "2223003122003222"),
    ("secret.key", "AKIAIOSFODNN7EXAMPLE"),
    ("secret.key", "ghp_" + "a1B2" * 9),
    ("secret.key", "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
    ("secret.key", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
    ("secret.key", "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----"),
]

LOOK_ALIKES = [
    "2024-01-31 12:34:56.123456+00",
    "2024-01-31T12:34:56.123456789Z",
    "20240131123456",
    "1706704496123",
    "1706704496123456",
    "4006381333931",  # an article number, EAN-13
    "4111111111111112",
    "1234567890123456",
    "0.4111111111111111",
    "order 4000-1234",
    "INV-2024-000123",
    "9781306406157",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "de89ad43df1c0be53213b5a3ad40dd2f",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "user@host",
    "icon@2x.png",
    "git@github.com:owner/name.git",
    "@decorated.name",
    "1e+1234567890",
    "+0000",
    "a + 12345678",
    "911-555-2671",
    "415-155-2671",
    "000-12-3456",
    "666-12-3456",
    "987-65-4321",
    "123-00-6789",
    "078-05-1120",
    "123-45-67890",
    "123-45 6789",
    "127.0.0.1",
    "0.0.0.0",
    "256.1.1.1",
    "Chrome/120.0.0.0",
    "v1.2.3.4",
    "1.2.3.4.5",
    "12:34:56",
    "00:1a:2b:3c:4d:5e",
    "std::vector",
    "abc::text",
    "DE00370400440532013000",
    "ZZ89370400440532013000",
    "SKU12345678901234567890",
    "eyJub3QiOiJhIHRva2VuIn0.e30.",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "AKIA is how they begin",
    "Beatles, 4 of them, 1960 to 1970",
]


@pytest.mark.parametrize(("label", "value"), REAL)
def test_what_a_label_looks_like_is_found_whole(label: str, value: str) -> None:
    data = value.encode()
    assert (0, len(data), label) in EVERYTHING.spans(data)


@pytest.mark.parametrize(("label", "value"), REAL)
def test_it_is_found_within_prose(label: str, value: str) -> None:
    data = f"see {value}, and more".encode()
    assert (4, 4 + len(value.encode()), label) in EVERYTHING.spans(data)


@pytest.mark.parametrize(("label", "value"), REAL)
def test_a_chunk_is_worth_a_look_whatever_stands_beside_the_value(label: str, value: str) -> None:
    for before, after in ((b"", b""), (b"0", b"D"), (b"\0\0\0a", b"0\0"), (b"\xff+.", b"\xffZ9")):
        assert Scanner([label]).search(before + value.encode() + after)


@pytest.mark.parametrize("value", LOOK_ALIKES)
def test_what_only_looks_alike_is_not_found(value: str) -> None:
    for text in (value, f"see {value}, and more"):
        assert EVERYTHING.spans(text.encode()) == []


def test_a_group_behind_a_card_is_not_a_part_of_it() -> None:
    assert EVERYTHING.spans(b"4111 1111 1111 1111 123") == [(0, 19, "pci.card")]


def test_several_values_are_found_in_order() -> None:
    value = b"ada@example.com,4111111111111111;bob@example.com"
    assert EVERYTHING.spans(value) == [
        (0, 15, "pii.email"),
        (16, 32, "pci.card"),
        (33, 48, "pii.email"),
    ]


def test_one_candidate_does_not_hide_the_next_one() -> None:
    assert EVERYTHING.spans(b"1111 4111 1111 1111 1111") == [(5, 24, "pci.card")]
    assert EVERYTHING.spans(b"a@b@example.com") == [(2, 15, "pii.email")]


def test_a_private_key_is_found_with_its_body() -> None:
    whole = b"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    assert EVERYTHING.spans(b"a " + whole + b" b") == [(2, 2 + len(whole), "secret.key")]
    cut = b"-----BEGIN PRIVATE KEY-----\nabc"
    assert EVERYTHING.spans(cut) == [(0, len(cut), "secret.key")]


def test_only_the_labels_that_were_asked_for_are_looked_for() -> None:
    scanner = Scanner(["pci.card"])
    assert scanner.labels == ("pci.card",)
    assert not scanner.search(b"ada@example.com")
    assert scanner.spans(b"ada@example.com 4111111111111111") == [(16, 32, "pci.card")]


def test_nothing_is_found_for_no_labels() -> None:
    assert not Scanner([]).search(b"ada@example.com")
    assert Scanner([]).spans(b"ada@example.com") == []


def test_an_operators_own_pattern_is_found_beside_ours() -> None:
    own = [OwnPattern("hr.employee", r"\bE[0-9]{6}\b")]
    scanner = Scanner(["hr.employee", "pii.email"], own)
    assert scanner.spans(b"E123456 ada@example.com") == [
        (0, 7, "hr.employee"),
        (8, 23, "pii.email"),
    ]
    assert scanner.spans(b"XE1234567") == []


def test_an_own_pattern_with_edges_is_seen_in_a_chunk() -> None:
    scanner = Scanner(["hr.employee"], [OwnPattern("hr.employee", r"^E[0-9]{6}$")])
    assert scanner.search(b"\0\0\0\x07E1234560D")
    assert not scanner.search(b"\0\0\0\x07F1234560D")


def test_an_own_pattern_adds_to_a_label_of_ours() -> None:
    scanner = Scanner(["pii.email"], [OwnPattern("pii.email", "user-[0-9]+")])
    assert scanner.search(b"user-12")
    assert scanner.spans(b"user-12") == [(0, 7, "pii.email")]
    assert scanner.spans(b"ada@example.com") == [(0, 15, "pii.email")]


def test_a_label_that_nothing_is_known_of_is_the_operators_fault() -> None:
    with pytest.raises(OperatorFault, match="nobody says what values of `hr"):
        Scanner(["hr.salary"])


def test_an_own_pattern_that_does_not_compile_says_where_it_is() -> None:
    with pytest.raises(OperatorFault, match=r"a\.toml:\[\[detectors\]\] 1: `\(` is no pattern"):
        Scanner(["hr.a"], [OwnPattern("hr.a", "(", "a.toml:[[detectors]] 1")])
