"""What clients are told on standard error."""

from assent.core.plugins import RefusalKind, Refused
from assent.gateway.ssh.words import exit_code, refusal_lines, shown


def test_every_line_says_who_speaks_and_returns_the_carriage_on_terminals() -> None:
    assert shown(["one", "two"], terminal=False) == b"assent: one\nassent: two\n"
    assert shown(["one"], terminal=True) == b"assent: one\r\n"


def test_nothing_that_a_terminal_obeys_is_shown() -> None:
    said = shown(["a\x1b]0;title\x07b\rc" + "x" * 5_000, "\x9b2J"], terminal=True)
    assert not {0x1B, 0x07, 0x9B} & set(said.replace(b"\r\n", b""))
    assert len(said) < 1_000


def test_a_refusal_says_why_what_would_help_and_its_request() -> None:
    refused = Refused(RefusalKind.DENIED, "no", "not here", "ask", request="req_1")
    assert refusal_lines(refused) == ["no", "not here", "ask", "request req_1"]
    assert refusal_lines(Refused(RefusalKind.DENIED, "see req_1", request="req_1")) == ["see req_1"]


def test_how_it_ends_says_what_kind_of_refusal_it_was() -> None:
    codes = {kind: exit_code(Refused(kind, "")) for kind in RefusalKind}
    assert codes[RefusalKind.DENIED] == codes[RefusalKind.REJECTED] == 126
    assert codes[RefusalKind.WITHDRAWN] == 130
    assert codes[RefusalKind.UNAVAILABLE] == 255
