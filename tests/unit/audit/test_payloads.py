import pytest

from assent.audit.payloads import encode_payloads, salvage_payloads

GOOD = b'{"index":3,"payload":"YWJj"}\n'


def test_a_payload_is_one_line_of_canonical_json() -> None:
    assert encode_payloads([(3, b"abc")]) == GOOD


def test_what_was_written_is_read_back() -> None:
    payloads = {256: b"", 257: bytes(range(256)), 511: b"\n"}
    salvage = salvage_payloads(encode_payloads(payloads.items()), 256, 512)
    assert (salvage.payloads, salvage.problems) == (payloads, ())


def test_no_payloads_are_no_bytes() -> None:
    assert encode_payloads([]) == b""
    assert salvage_payloads(b"", 0, 256).problems == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD[:-1], "no newline"),
        (GOOD + GOOD, "line 2 names entry 3"),
        (GOOD.replace(b"3", b"4"), "line 1 names entry 4"),
        (b"\n" + GOOD, "line 1 is unreadable"),
        (GOOD + b"\n", "line 2 is unreadable"),
        (GOOD.replace(b":", b": ", 1), "canonical form"),
        (GOOD.replace(b"index", b"other"), "canonical form"),
        (GOOD.replace(b"3", b'"3"'), "`index`"),
        (GOOD.replace(b"3", b"true"), "`index`"),
        (GOOD.replace(b"YWJj", b"YW"), "unreadable"),
        (GOOD.replace(b"YWJj", b"YV=="), "canonical base64"),
        (b"\xff\n", "unreadable"),
        (b"[" * 200_000 + b"\n", "too deeply"),
    ],
)
def test_a_line_in_any_other_form_is_a_problem(data: bytes, words: str) -> None:
    assert words in "; ".join(salvage_payloads(data, 0, 4).problems)


def test_the_lines_beside_a_broken_one_are_read() -> None:
    data = b"broken\n" + GOOD
    assert salvage_payloads(data, 0, 4).payloads == {3: b"abc"}
