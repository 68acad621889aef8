"""Statements of the gateway's own on a client's connection."""

import pytest

from assent.core.faults import PeerFault
from assent.core.plugins import Authorize, Inquired, Permitted
from assent.protocols.postgres.inquiries import MOST_BYTES, Inquiry
from assent.protocols.postgres.messages import frame
from postgres_peers import Gateway, S, b, cut_messages, e, p, q

ROW = frame(b"D", b"\0\2\0\0\0\3abc\xff\xff\xff\xff")
DONE = frame(b"C", b"SELECT 1\0")
READY = frame(b"Z", b"T")
ERROR = frame(b"E", b"SERROR\0VERROR\0C42P01\0Mno such table\0\0")


def test_rows_are_kept_for_each_of_them_and_nothing_reaches_the_client() -> None:
    inquiry = Inquiry(7, ("EXPLAIN SELECT 1", "SELECT 2"), ord("T"))
    answers = frame(b"T", b"\0\0") + ROW + DONE + READY + DONE + READY
    assert inquiry.feed(answers + b"Z") == (b"", b"Z")
    assert inquiry.over
    assert inquiry.inquired() == Inquired(7, ((("abc", None),), ()))


def test_bytes_may_come_one_by_one() -> None:
    inquiry = Inquiry(7, ("SELECT 1",), ord("I"))
    for byte in (ROW + DONE + READY)[:-1]:
        assert inquiry.feed(bytes((byte,))) == (b"", b"")
    assert not inquiry.over
    assert inquiry.feed(READY[-1:]) == (b"", b"")
    assert inquiry.inquired().results == ((("abc", None),),)


def test_the_first_error_is_the_reason_and_the_rest_still_runs() -> None:
    inquiry = Inquiry(7, ("SELECT 1", "EXPLAIN x", "ROLLBACK"), ord("T"))
    inquiry.feed(ROW + DONE + READY + ERROR + frame(b"Z", b"E") + DONE + frame(b"Z", b"I"))
    assert inquiry.inquired() == Inquired(7, ((("abc", None),),), "42P01 no such table")
    assert inquiry.status == ord("I")


def test_notifications_still_reach_the_client() -> None:
    inquiry = Inquiry(7, ("SELECT 1",), ord("I"))
    heard = frame(b"A", b"\0\0\0\1news\0\0")
    assert inquiry.feed(heard + DONE + READY) == (heard, b"")


def test_what_is_too_much_to_be_kept_is_an_error_and_is_not_kept() -> None:
    inquiry = Inquiry(7, ("SELECT 1",), ord("I"))
    wide = frame(b"D", b"\0\1" + (MOST_BYTES // 2).to_bytes(4, "big") + b"x" * (MOST_BYTES // 2))
    inquiry.feed(wide * 3 + DONE + READY)
    assert inquiry.inquired().results == ()
    assert inquiry.inquired().error.startswith("54000")


@pytest.mark.parametrize("message", [frame(b"G", b"\0\0\0"), frame(b"R", b"\0\0\0\0")])
def test_anything_but_an_answer_is_a_fault_of_the_target(message: bytes) -> None:
    with pytest.raises(PeerFault):
        Inquiry(7, ("SELECT 1",), ord("I")).feed(message)


def asking(gateway: Gateway) -> Inquired:
    """Return what came of an inquiry while the gateway's question is open."""
    gateway.perform(gateway.relay.inquire(1, ("select * from plan",), gateway.now))
    inquired = gateway.questions[-1]
    assert isinstance(inquired, Inquired)
    return inquired


def test_a_held_statement_can_be_asked_about_and_then_runs() -> None:
    gateway = Gateway(decide=lambda _: None)
    gateway.take()
    gateway.send(q("select 1"))
    ticket = gateway.open_ticket
    inquired = asking(gateway)
    assert inquired.error == ""
    assert len(inquired.results[0]) == 3
    assert gateway.client == b""
    gateway.perform(gateway.relay.answer(ticket, Permitted("ent_1"), gateway.now))
    assert [kind for kind, _ in cut_messages(gateway.client)] == ["T", "D", "D", "D", "C", "Z"]


def test_an_extended_statement_can_be_asked_about_before_anything_of_it_was_sent() -> None:
    def decide(question: Authorize) -> Permitted | None:
        return Permitted("ent_1") if question.phase.value == "prepare" else None

    gateway = Gateway(decide=decide)
    gateway.send(p("select 1") + b() + e() + S)
    assert asking(gateway).error == ""


def test_in_the_middle_of_a_group_it_is_not_asked() -> None:
    def decide(question: Authorize) -> Permitted | None:
        return None if "delete" in question.text else Permitted("ent_1")

    gateway = Gateway(decide=decide)
    gateway.send(p("select 1") + b() + e() + p("delete from a") + b() + e() + S)
    assert "busy" in asking(gateway).error


def test_a_transaction_of_the_gateways_own_that_does_not_end_ends_the_session() -> None:
    gateway = Gateway(decide=lambda _: None, talks=False, connect=False)
    gateway.talks = True
    gateway.log_in()
    gateway.take()
    gateway.send(q("delete from orders"))
    gateway.talks = False
    gateway.perform(gateway.relay.inquire(1, ("BEGIN READ ONLY",), gateway.now))
    gateway.reply(DONE + READY)
    assert "transaction" in gateway.closed
