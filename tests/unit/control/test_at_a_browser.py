"""What a command line is signed in on, and what it calls its machine."""

from assent.control.at_a_browser import LONGEST_HOST, printable


def test_what_a_machine_calls_itself_is_one_short_plain_line() -> None:
    assert printable("lap\u202etop\x1b[31m\n") == "laptop[31m"
    assert len(printable("x" * 500)) == LONGEST_HOST
