import pytest

from assent.policy.fragments import DEEPEST, MOST_TOKENS, split

TEXT = """// a comment; with "signs" {
@id("a;b") // not the end;
permit (principal, action, resource);

@id("b")
forbid (principal, action, resource)
when { "a \\" ; b" == "c" };
"""


def test_a_file_is_cut_after_each_semicolon_outside_of_strings_and_brackets() -> None:
    fragments, faults = split("a.cedar", TEXT)
    assert faults == []
    assert [fragment.line for fragment in fragments] == [2, 5]
    assert fragments[1].text.endswith('"c" };')


def test_what_follows_the_last_semicolon_is_a_fragment_of_its_own() -> None:
    fragments, _ = split("a.cedar", TEXT + "permit (")
    assert fragments[-1].text == "permit ("


def test_a_file_of_comments_has_no_fragments() -> None:
    assert split("a.cedar", "// nothing\n\n") == ([], [])


def test_an_annotation_is_found_on_its_line() -> None:
    fragments, _ = split(
        "a.cedar", '@id("a")\n@message("b")\npermit (principal, action, resource);'
    )
    assert fragments[0].annotation_line("message") == 2
    assert fragments[0].annotation_line("hold") == 1
    assert fragments[0].place(2) == "a.cedar:2"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("permit\n#", "a.cedar:2"),
        ('permit "open\n', "a.cedar:1"),
        ("permit)\n", "a.cedar:1"),
        ("\n\n" + "(" * (DEEPEST + 1), "a.cedar:3"),
        ("a " * (MOST_TOKENS + 1), "a.cedar:1"),
    ],
)
def test_what_cannot_be_cut_is_a_fault_with_its_line(text: str, place: str) -> None:
    _, faults = split("a.cedar", text)
    assert [fault.place for fault in faults] == [place]


def test_the_policies_before_a_broken_one_are_still_returned() -> None:
    fragments, faults = split("a.cedar", "permit (principal, action, resource);\n#")
    assert (len(fragments), len(faults)) == (1, 1)


def test_the_first_bad_line_is_where_no_continuation_helps() -> None:
    fragments, _ = split("a.cedar", "one\ntwo\nthree\nfour;")
    assert fragments[0].first_bad_line(lambda text: "three" not in text) == 3
