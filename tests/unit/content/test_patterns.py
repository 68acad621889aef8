import pytest

from assent.content.patterns import anywhere, own, without_edges
from assent.core.faults import OperatorFault


@pytest.mark.parametrize(
    ("pattern", "without"),
    [
        (r"^E[0-9]{6}$", r"(?:)E[0-9]{6}(?:)"),
        (r"\bE\d+\b", r"(?:)E\d+(?:)"),
        (r"\Aa\z", r"(?:)a(?:)"),
        (r"[^$]x[$^]", r"[^$]x[$^]"),
        (r"[]^$]", r"[]^$]"),
        (r"[^]$]$", r"[^]$](?:)"),
        (r"[[:alpha:]$]$", r"[[:alpha:]$](?:)"),
        (r"\$\^", r"\$\^"),
        (r"\Q^$\E$", r"\Q^$\E(?:)"),
        (r"\\b", r"\\b"),
    ],
)
def test_edges_are_taken_out_and_nothing_else(pattern: str, without: str) -> None:
    assert without_edges(pattern) == without
    own(without, "")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "is no pattern of RE2"),
        ("(?=a)", "is no pattern of RE2"),
        (r"(a)\1", "is no pattern of RE2"),
        ("\ud800", "is no pattern of RE2"),
        ("a*", "fits the empty text"),
        ("", "1 to 1000 characters"),
        ("a" * 1001, "1 to 1000 characters"),
        ("(?:a{999}){999}", "is no pattern of RE2"),
    ],
)
def test_what_is_no_pattern_is_the_operators_fault(pattern: str, why: str) -> None:
    with pytest.raises(OperatorFault, match=why) as fault:
        own(pattern, "a.toml:[[detectors]] 1")
    assert fault.value.place == "a.toml:[[detectors]] 1"


def test_letters_of_any_script_are_one_letter() -> None:
    assert own("^[äö].$", "").search("öß".encode()) is not None


def test_any_of_several_patterns_is_found_in_the_midst_of_bytes() -> None:
    found = anywhere([r"^E[0-9]{3}$", "ö"])
    assert found is not None
    assert found.search(b"\xff0E1230\xff") is not None
    assert found.search(b"\xff" + "ö".encode() + b"\xff") is not None
    assert found.search(b"\xff0F1230\xff") is None


def test_where_only_edges_matter_everything_has_to_be_looked_at() -> None:
    assert anywhere([r"\b"]) is None
