"""What clients hear while they wait, and afterwards."""

from dataclasses import replace

from assent.control.held_words import refusal, restarting, waits
from assent.core.decision import ReasonRemedy, TicketRemedy
from assent.core.plugins import RefusalKind
from assent.core.request import RequestState
from builders import BEN, a_request


def test_who_waits_hears_what_is_needed_of_whom_until_when_and_where() -> None:
    told = waits(
        a_request(),
        ["assent of 1 of dba"],
        [BEN],
        to_end_it="Ctrl-C",
        public_url="https://assent.example",
    )
    assert told[0] == "needed: assent of 1 of dba (asked: ben)"
    assert "2026-03-04T12:15:00Z" in told[1]
    assert "Ctrl-C withdraws it" in told[1]
    assert told[-1] == "request req_1: https://assent.example/requests/req_1"


def test_who_must_say_why_hears_how() -> None:
    silent = a_request(remedies=(ReasonRemedy(), TicketRemedy()))
    told = "\n".join(waits(silent, (), (), to_end_it="", public_url=""))
    assert 'say why: assent reason req_1 "…"' in told
    assert "--ticket" in told
    said = replace(silent, reason="deploy", ticket="OPS-7")
    assert "say why" not in "\n".join(waits(said, (), (), to_end_it="", public_url=""))


def test_each_end_has_a_code_of_its_own() -> None:
    kinds = {
        state: refusal(a_request(state=state)).kind
        for state in (RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.EXPIRED)
    }
    assert list(kinds.values()) == [
        RefusalKind.REJECTED,
        RefusalKind.WITHDRAWN,
        RefusalKind.TIMED_OUT,
    ]
    assert refusal(a_request(state=RequestState.INTERRUPTED)).kind is RefusalKind.UNAVAILABLE


def test_a_restart_says_until_when_to_come_back_or_that_nothing_ran() -> None:
    assert "stays open until 2026-03-04T12:15:00Z" in restarting(a_request()).message
    over = restarting(a_request(state=RequestState.INTERRUPTED))
    assert "did not run" in over.message
