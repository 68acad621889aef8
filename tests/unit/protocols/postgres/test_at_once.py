"""What passes in one look, and what never does."""

import struct
from datetime import timedelta
from unittest.mock import patch

import pytest

from assent.core.frame import ResultFrame, StatementFrame
from assent.core.plugins import (
    Answer,
    Authorize,
    Permitted,
    Record,
    RefusalKind,
    Refused,
    Send,
    Side,
)
from assent.protocols.postgres.at_once import AtOnce
from assent.protocols.postgres.limits import DEFAULT_LIMITS, Limits
from assent.protocols.postgres.messages import frame, ready
from assent.protocols.postgres.target_side import TargetSide
from postgres_peers import NOW, Gateway, H, S, b, c, copy_data, d, e, p, q

REFUSED = Refused(RefusalKind.DENIED, "no deletes")
KNOWN = p("select 1", "s") + b(name="s") + d() + e() + S
ROWS = frame(b"n") + frame(b"D", b"\0\1\0\0\0\1x") * 3 + frame(b"C", b"SELECT 3\0")


def reusable(question: Authorize) -> Answer:
    """Permit, for any statement of the same shape within a minute."""
    return Permitted("ent_1", "req_1", epoch=0, reuse_until=NOW + timedelta(minutes=1))


def ready_gateway(limits: Limits = DEFAULT_LIMITS) -> Gateway:
    """Return a gateway where `s` is prepared and its shape permitted in both phases."""
    gateway = Gateway(reusable, limits=limits)
    gateway.send(KNOWN + q("select 1"))
    gateway.take()
    gateway.frames.clear()
    return gateway


def passes(gateway: Gateway, chunk: bytes) -> bool:
    """Send the chunk, and return whether it was dealt with in one look."""
    outcomes = []
    passes_at_once = AtOnce.passes

    def watched(self: AtOnce, *chunk_now_steps: object) -> bool:
        outcomes.append(passes_at_once(self, *chunk_now_steps))  # type: ignore[arg-type]
        return outcomes[-1]

    with patch.object(AtOnce, "passes", watched):
        gateway.send(chunk)
    return outcomes == [True]


def answered_at_once(gateway: Gateway, chunk: bytes) -> bool:
    """Answer with the chunk, and return whether it was dealt with in one look."""
    outcomes = []
    passes_at_once = TargetSide._passes_at_once

    def watched(self: TargetSide, *chunk_now_steps: object) -> bool:
        outcomes.append(passes_at_once(self, *chunk_now_steps))  # type: ignore[arg-type]
        return outcomes[-1]

    with patch.object(TargetSide, "_passes_at_once", watched):
        gateway.reply(chunk)
    return outcomes == [True]


# What drivers send.

DRIVERS = {
    "a query": q("select 2"),
    "libpq, parameters": p("select 2") + b("7") + d() + e() + S,
    "libpq, prepared": b("7", name="s") + d() + e() + S,
    "asyncpg, prepared": b(b"\0\0\0\7", None, name="s") + e() + S,
    "a name of its own": p("select 3", "n") + b(name="n") + d() + e() + S,
    "some rows at a time": b(name="s") + d() + e(rows=10) + S,
    "result formats": frame(b"B", b"\0s\0" + struct.pack("!HHHH", 0, 0, 1, 1)) + e() + S,
    "one format for all": frame(
        b"B", b"\0s\0" + struct.pack("!HHHi1si1sH", 1, 1, 2, 1, b"a", 1, b"b", 0)
    )
    + e()
    + S,
}


@pytest.mark.parametrize("chunk", DRIVERS.values(), ids=DRIVERS)
def test_what_drivers_send_passes_at_once_when_its_shape_was_permitted(chunk: bytes) -> None:
    gateway = ready_gateway()
    asked, mark = len(gateway.asked), len(gateway.up)
    assert passes(gateway, chunk)
    assert gateway.up[mark:] == chunk
    assert len(gateway.asked) == asked
    statement, result = gateway.frames
    assert isinstance(statement, StatementFrame)
    assert isinstance(result, ResultFrame)
    assert (statement.sequence, statement.verdict, statement.entry) == (3, "reuse", "ent_1")
    assert (result.sequence, result.rows) == (3, 3)


def test_the_frame_of_what_passes_at_once_shows_its_parameters_and_comes_first() -> None:
    gateway = ready_gateway()
    gateway.talks = False
    chunk = b("é", b"\x01\xff", None, name="s") + d() + e() + S
    record, send = gateway.relay.feed(Side.CLIENT, chunk, NOW)
    assert isinstance(record, Record)
    assert isinstance(record.frame, StatementFrame)
    assert record.frame.parameters == ("é", "\\x01ff", None)
    assert send == Send(Side.TARGET, chunk)


# What is looked at message by message.

OTHERS = {
    "another shape": p("select x") + b() + e() + S,
    "a name not prepared": b(name="x") + e() + S,
    "another name than was parsed": p("select 1") + b(name="s") + e() + S,
    "a portal with a name, bound": b(name="s", portal="c") + e() + S,
    "a portal with a name, run": b(name="s") + e("c") + S,
    "a portal with a name, described": b(name="s") + d("c") + e() + S,
    "a statement described": p("select 1") + b() + frame(b"D", b"S\0") + e() + S,
    "a portal closed": b(name="s") + c("", b"P") + e() + S,
    "only Flushes": b(name="s") + H + H + S,
    "no Sync": b(name="s") + e() + H,
    "no Execute": b(name="s") + d() + S,
    "two Executes": b(name="s") + e() + e() + S,
    "two Executes, described": b(name="s") + d() + e() + e() + S,
    "two groups": (b(name="s") + e() + S) * 2,
    "two queries": q("select 1") * 2,
    "a Close in front": c("x") + b(name="s") + e() + S,
    "a Query behind": b(name="s") + e() + S + q("select 1"),
    "a copy, perhaps": p("select 'copy', 'stdin'") + b() + e() + S,
    "a value that is not UTF-8": frame(b"B", b"\0s\0" + struct.pack("!HHi1sH", 0, 1, 1, b"\xff", 0))
    + e()
    + S,
    "a text that is not ASCII": p("select 'é'") + b() + e() + S,
}


@pytest.mark.parametrize("chunk", OTHERS.values(), ids=OTHERS)
def test_what_is_unusual_never_passes_at_once(chunk: bytes) -> None:
    gateway = ready_gateway()
    gateway.send(p("select 'a', 'b'") + b() + e() + S)
    assert not passes(gateway, chunk)
    assert not gateway.closed


def test_a_statement_of_two_shapes_passes_only_where_it_was_permitted_to_run() -> None:
    gateway = Gateway(reusable)
    gateway.send(p("select 1", "s") + S)
    assert not passes(gateway, b(name="s") + e() + S)
    assert passes(gateway, b(name="s") + e() + S)


def test_a_permit_to_run_is_none_to_prepare() -> None:
    gateway = Gateway(reusable)
    gateway.send(q("select 1"))
    asked = len(gateway.asked)
    assert not passes(gateway, p("select 1") + b() + e() + S)
    assert len(gateway.asked) == asked + 1


@pytest.mark.parametrize("before", ["epoch", "time", "prepare", "do", "path"])
def test_nothing_passes_at_once_when_what_its_permit_rested_on_has_moved(before: str) -> None:
    gateway = ready_gateway()
    match before:
        case "epoch":
            gateway.epoch.bump()
        case "time":
            gateway.wait(60)
        case "prepare":
            gateway.send(q("prepare s as delete from t"))
        case "do":
            gateway.send(q("do something"))
        case _:
            for path in ("public", "other"):
                gateway.reply(frame(b"S", b"search_path\0" + path.encode() + b"\0"))
    asked = len(gateway.asked)
    assert not passes(gateway, b(name="s") + d() + e() + S)
    assert len(gateway.asked) > asked


def test_a_permit_that_comes_after_names_have_moved_is_not_used_again() -> None:
    gateway = Gateway(lambda question: None)
    gateway.send(q("select 1"))
    for path in ("public", "other"):
        gateway.reply(frame(b"S", b"search_path\0" + path.encode() + b"\0"))
    gateway.answer(Permitted("ent_1", epoch=0, reuse_until=NOW + timedelta(minutes=1)))
    asked = len(gateway.asked)
    assert not passes(gateway, q("select 1"))
    assert len(gateway.asked) == asked + 1


def test_a_name_is_known_only_once_the_target_has_confirmed_it() -> None:
    gateway = ready_gateway()
    gateway.talks = False
    assert passes(gateway, p("select 2", "n") + b(name="n") + e() + S)
    gateway.reply(frame(b"E", b"SERROR\0C42P05\0Mexists\0\0") + ready(73))
    asked = len(gateway.asked)
    assert not passes(gateway, b(name="n") + e() + S)
    assert not gateway.asked[asked].statement.complete


def test_a_portal_that_passed_at_once_may_be_fetched_on_from() -> None:
    gateway = ready_gateway()
    gateway.send(q("begin"))
    # From here on what portals mean has moved once.
    gateway.send(q("close x"))
    assert passes(gateway, b(name="s") + e(rows=2) + S)
    gateway.epoch.bump()
    asked = len(gateway.asked)
    gateway.send(e(rows=2) + S)
    assert len(gateway.asked) == asked


def test_a_name_prepared_after_names_were_in_doubt_is_known() -> None:
    gateway = ready_gateway()
    gateway.send(q("do something"))
    assert passes(gateway, p("select 2", "n") + b(name="n") + e() + S)
    assert passes(gateway, b(name="n") + e() + S)


@pytest.mark.parametrize(
    "query",
    [
        frame(b"Q", b"select 12"),
        b"Q\0\0\0\x40" + b"select 1\0",
        b"Q\0\0\0\x08" + b"select 1\0",
    ],
)
def test_a_query_that_does_not_end_where_it_says_never_passes_at_once(query: bytes) -> None:
    gateway = ready_gateway()
    mark = len(gateway.up)
    assert not passes(gateway, query)
    assert gateway.up[mark:] == b""


def test_while_a_group_is_in_flight_nothing_passes_at_once() -> None:
    gateway = ready_gateway()
    gateway.talks = False
    assert passes(gateway, b(name="s") + e() + S)
    mark = len(gateway.up)
    assert not passes(gateway, b(name="s") + e() + S)
    assert gateway.up[mark:] == b""


def test_what_is_left_of_a_copy_that_the_target_ended_is_no_statement() -> None:
    gateway = ready_gateway()
    gateway.send(q("copy t from stdin"))
    query = q("select 1")
    data = copy_data(query)
    gateway.send(data[:5])
    gateway.target.copying = ""
    gateway.reply(frame(b"E", b"SERROR\0VERROR\0C22P02\0Mbad\0\0") + ready(73))
    frames = len(gateway.frames)
    assert not passes(gateway, query)
    assert len(gateway.frames) == frames


def test_a_query_over_the_limit_does_not_pass_although_its_shape_was_permitted() -> None:
    gateway = Gateway(reusable, limits=Limits(message_bytes=20))
    gateway.send(q("select 1"))
    assert not passes(gateway, q("select 123456789"))
    assert gateway.closed


def test_a_parameter_too_long_to_be_shown_is_looked_at_by_itself() -> None:
    gateway = ready_gateway(Limits(parameter_bytes=30))
    assert not passes(gateway, b("7" * 31, name="s") + e() + S)
    statement = gateway.frames[0]
    assert isinstance(statement, StatementFrame)
    assert str(statement.parameters[0]).startswith("sha256:")


# What the target answers.


def in_flight(chunk: bytes) -> Gateway:
    """Return a gateway whose target has not answered the chunk yet."""
    gateway = ready_gateway()
    gateway.talks = False
    assert passes(gateway, chunk)
    return gateway


@pytest.mark.parametrize("status", [b"I", b"T", b"E"])
def test_a_whole_answer_passes_at_once(status: bytes) -> None:
    gateway = in_flight(b(name="s") + d() + e() + S)
    answer = frame(b"2") + ROWS + frame(b"Z", status)
    gateway.now += timedelta(microseconds=1500)
    assert answered_at_once(gateway, answer)
    assert gateway.client == answer
    result = gateway.frames[-1]
    assert isinstance(result, ResultFrame)
    assert (result.rows, result.bytes, result.duration_us) == (3, len(answer) - 6, 1500)


ODD_ANSWERS = {
    "only confirmed": frame(b"2"),
    "without its rows' end": frame(b"2") + frame(b"D", b"\0\1\0\0\0\6Z\0\0\0\5I"),
    "an error": frame(b"2") + frame(b"E", b"SERROR\0C22012\0Mno\0\0") + ready(73),
    "suspended": frame(b"2") + frame(b"D", b"\0\0") + frame(b"s") + ready(73),
    "a setting": frame(b"2") + ROWS + frame(b"S", b"a\0b\0") + ready(73),
    "a notice": frame(b"2") + frame(b"N", b"\0") + ROWS + ready(73),
    "no end, though as long as one": frame(b"2") + ROWS + frame(b"N", b"I"),
    "skipped": ready(73),
}


@pytest.mark.parametrize("answer", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_any_other_answer_is_looked_at_one_by_one(answer: bytes) -> None:
    gateway = in_flight(b(name="s") + d() + e() + S)
    assert not answered_at_once(gateway, answer)
    assert not gateway.closed
    assert gateway.client == answer


WRONG_ANSWERS = {
    "not what was asked for": frame(b"1") + ROWS + ready(73),
    "nothing confirmed": ROWS + ready(73),
    "two commands": frame(b"2") + ROWS + frame(b"C", b"SELECT 1\0") + ready(73),
    "an unknown status": frame(b"2") + ROWS + frame(b"Z", b"?"),
    "a length of nothing": frame(b"2") + b"D\0\0\0\1" + frame(b"C", b"S\0") + ready(73),
    "something unknown": frame(b"2") + frame(b"W", b"\0\0\0") + ROWS + ready(73),
}


@pytest.mark.parametrize("answer", WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_ends_the_session_as_it_does_otherwise(answer: bytes) -> None:
    gateway = in_flight(b(name="s") + d() + e() + S)
    assert not answered_at_once(gateway, answer)
    assert gateway.closed


@pytest.mark.parametrize("first", [frame(b"2") + frame(b"1"), frame(b"1") * 2, frame(b"1")])
def test_what_confirms_something_else_than_was_sent_ends_the_session(first: bytes) -> None:
    gateway = in_flight(p("select 2") + b() + d() + e() + S)
    assert not answered_at_once(gateway, first + ROWS + ready(73))
    assert gateway.closed


@pytest.mark.parametrize("before", [b"D\0\0\0\x45", b"D\0\0", b"D\0\0\0\x48\0\0\0"])
def test_what_only_looks_like_an_answer_inside_of_a_row_is_none(before: bytes) -> None:
    gateway = in_flight(q("select 1"))
    gateway.reply(before)
    assert not answered_at_once(gateway, ROWS + ready(73))
    assert not any(isinstance(frame, ResultFrame) for frame in gateway.frames)


def test_a_query_that_ends_a_group_without_a_sync_ends_its_transaction() -> None:
    gateway = Gateway(lambda question: REFUSED if "delete" in question.text else reusable(question))
    gateway.send(p("select 1", "s") + S + b(name="s") + e() + q("select 1"))
    gateway.take()
    gateway.send(q("delete from t"))
    assert gateway.tags() == "EZ"
    assert b"assent_refused_" not in gateway.up


def test_an_answer_to_what_no_sync_has_ended_is_looked_at_one_by_one() -> None:
    gateway = ready_gateway()
    gateway.talks = False
    gateway.send(b(name="s") + d() + e() + H)
    assert not answered_at_once(gateway, frame(b"2") + ROWS + ready(73))
    assert gateway.closed


def test_an_answer_to_two_statements_is_looked_at_one_by_one() -> None:
    gateway = ready_gateway()
    gateway.talks = False
    gateway.send(b(name="s") + e() + b(name="s") + e() + S)
    assert not answered_at_once(gateway, (frame(b"2") + ROWS) * 2 + ready(73))
    assert not gateway.closed


def test_a_copy_that_the_client_has_not_ended_cannot_be_over() -> None:
    gateway = ready_gateway()
    gateway.send(q("copy t from stdin"))
    assert not answered_at_once(gateway, frame(b"C", b"COPY 1\0") + ready(73))
    assert gateway.closed


def test_many_rows_pass_at_once_and_a_large_answer_one_by_one() -> None:
    gateway = in_flight(b(name="s") + d() + e() + S)
    rows = frame(b"D", b"\0\1\0\0\0\1x") * 300 + frame(b"D", b"\0\1\0\0\0\2xy") * 2
    assert answered_at_once(gateway, frame(b"2") + rows + ROWS + ready(73))
    gateway.talks = True
    gateway = in_flight(b(name="s") + d() + e() + S)
    assert not answered_at_once(gateway, frame(b"2") + rows * 60 + ROWS + ready(73))
    assert not gateway.closed
