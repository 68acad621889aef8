"""Pipelines, names and portals: what is decided is what runs."""

import pytest

from assent.core.action import Phase
from assent.core.frame import MarkFrame, ResultFrame, StatementFrame
from assent.core.plugins import Answer, Authorize, Permitted, RefusalKind, Refused
from assent.protocols.postgres.extended import read_bind
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import frame
from postgres_peers import (
    COPY_DONE,
    Gateway,
    H,
    S,
    b,
    c,
    copy_data,
    d,
    e,
    fields,
    p,
    permit,
    q,
)


def is_delete(question: Authorize) -> bool:
    return any(touch.verb == "sql.delete" for touch in question.statement.touches)


def refuse_deletes_at_execute(question: Authorize) -> Answer:
    if is_delete(question) and question.phase is Phase.EXECUTE:
        return Refused(RefusalKind.DENIED, "no deletes")
    return permit(question)


def hold_deletes_at_execute(question: Authorize) -> Answer | None:
    held = is_delete(question) and question.phase is Phase.EXECUTE
    return None if held else permit(question)


def refuse_unknown(question: Authorize) -> Answer:
    if not question.statement.complete:
        return Refused(RefusalKind.DENIED, "not understood")
    return refuse_deletes_at_execute(question)


def test_a_text_is_decided_at_parse_and_again_with_its_parameters() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(p("select $1, $2, $3") + b("7", b"\x01\xff", None) + d() + e() + S)
    assert [(question.phase, question.parameters) for question in gateway.asked] == [
        (Phase.PREPARE, ()),
        (Phase.EXECUTE, ("7", "\\x01ff", None)),
    ]
    assert gateway.tags() == "12nDDDCZ"


def test_nothing_of_a_group_is_sent_before_its_execute_is_decided() -> None:
    gateway = Gateway(hold_deletes_at_execute)
    gateway.take()
    gateway.send(p("delete from t") + b() + d() + e() + S + q("select 1"))
    assert gateway.up[gateway.up_at_ready :] == b""
    gateway.answer(Permitted("ent_1"))
    assert gateway.target.ran == ["delete from t", "select 1"]
    assert gateway.tags() == "12nCZTDDDCZ"


def test_a_refused_group_of_which_nothing_was_sent_is_answered_here() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.take()
    gateway.send(p("delete from t") + b() + e() + p("select 1") + b() + e() + S + q("select 2"))
    error, *rest = gateway.take()
    assert fields(error[1])["M"] == "no deletes"
    assert "".join(tag for tag, _ in rest) == "ZTDDDCZ"
    assert gateway.target.ran == ["select 2"]


def test_a_refusal_late_in_a_pipeline_undoes_what_ran_before_it() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.take()
    group = p("select 1") + b() + e() + p("delete from t") + b() + e() + p("select 2") + S
    gateway.send(group + p("select 3") + b() + e() + S)
    messages = gateway.take()
    assert "".join(tag for tag, _ in messages) == "12DDDCEZ12DDDCZ"
    assert fields(messages[6][1])["M"] == "no deletes"
    # The target saw an error of its own, so that it rolls back as for any other.
    assert b"assent_refused_" in gateway.up
    assert gateway.target.ran == ["select 1", "select 3"]


def test_an_error_of_an_earlier_statement_is_passed_as_it_is() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.talks = True
    gateway.take()
    gateway.talks = False
    gateway.send(p("select fail") + b() + e() + p("delete from t") + b() + e() + S)
    gateway.reply(gateway.target.feed(gateway.up[gateway.up_at_ready :]))
    messages = gateway.take()
    assert "".join(tag for tag, _ in messages) == "12EZ"
    assert fields(messages[2][1])["C"] == "22012"
    gateway.talks = True
    gateway.send(q("select 1"))
    assert gateway.tags() == "TDDDCZ"


def test_after_an_error_of_the_target_nobody_is_asked_about_what_it_skips() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(p("select fail") + b() + e() + H)
    asked = len(gateway.asked)
    gateway.send(p("delete from t") + b() + e() + S)
    assert len(gateway.asked) == asked
    assert gateway.tags() == "12EZ"


def test_a_permit_that_comes_after_the_group_failed_releases_nothing() -> None:
    gateway = Gateway(hold_deletes_at_execute)
    gateway.talks = False
    gateway.send(p("select fail") + b() + e() + p("delete from t") + b() + e() + S)
    gateway.reply(gateway.target.feed(gateway.up[gateway.up_at_ready :]))
    gateway.talks = True
    gateway.answer(Permitted("ent_1"))
    assert gateway.target.ran == ["select fail"]
    assert [frame.event for frame in gateway.frames if isinstance(frame, MarkFrame)] == ["skipped"]


# Names: what is asked about is what the target runs.


def test_a_parse_that_the_target_skipped_does_not_rename_the_unnamed_statement() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.talks = False
    # The delete stays the unnamed statement: what follows the error is skipped.
    gateway.send(p("delete from t") + S)
    gateway.reply(gateway.target.feed(gateway.up[gateway.up_at_ready :]))
    mark = len(gateway.up)
    gateway.send(p("badparse", "x") + p("select 1") + S)
    gateway.reply(gateway.target.feed(gateway.up[mark:]))
    gateway.talks = True
    gateway.send(b() + e() + S)
    assert is_delete(gateway.asked[-1])
    assert gateway.target.ran == []


def test_a_parse_refused_by_the_target_does_not_rename_its_name() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.send(p("delete from t", "s") + S + p("select 1", "s") + S + b(name="s") + e() + S)
    assert is_delete(gateway.asked[-1])
    assert gateway.target.ran == []


def test_a_closed_name_is_unknown() -> None:
    gateway = Gateway(refuse_unknown)
    gateway.send(p("select 1", "s") + S + c("s") + S + b(name="s") + e() + S)
    assert not gateway.asked[-1].statement.complete


def test_a_name_prepared_again_means_the_new_text() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.send(p("select 1", "s") + S + c("s") + p("delete from t", "s") + S)
    gateway.send(b(name="s") + e() + S)
    assert is_delete(gateway.asked[-1])
    assert gateway.target.ran == []


def test_a_name_prepared_in_sql_adds_to_what_a_bind_runs() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.send(p("select 1", "s") + S)
    gateway.send(q("deallocate s"))
    gateway.send(q("prepare s as delete from t"))
    gateway.send(b(name="s") + e() + S)
    assert is_delete(gateway.asked[-1])


@pytest.mark.parametrize("later", ["select 1", "badparse"])
def test_a_name_prepared_twice_in_sql_means_both(later: str) -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.send(q("prepare s as delete from t") + q(f"prepare s as {later}"))
    gateway.send(q("execute s"))
    assert is_delete(gateway.asked[-1])


def test_executing_a_name_that_was_never_seen_is_unknown() -> None:
    gateway = Gateway()
    gateway.send(q("execute s"))
    statement = gateway.asked[-1].statement
    assert not statement.complete
    assert "sql.unknown" in {touch.verb for touch in statement.touches}


def test_executing_in_sql_a_statement_of_the_protocol_is_that_statement() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.send(p("delete from t", "s") + S + q("execute s"))
    assert is_delete(gateway.asked[-1])


def test_names_beyond_the_bound_are_unknown() -> None:
    gateway = Gateway(limits=Limits(names=3))
    for number in range(5):
        gateway.send(p("select 1", f"s{number}") + S)
        gateway.send(q(f"prepare n{number} as select 1"))
    gateway.send(b(name="s4") + e() + S)
    assert not gateway.asked[-1].statement.complete
    gateway.send(q("execute n4"))
    assert not gateway.asked[-1].statement.complete
    gateway.send(b(name="s1") + e() + S)
    assert gateway.asked[-1].statement.touches[0].verb == "sql.read"


def test_what_is_not_understood_puts_every_name_in_doubt() -> None:
    gateway = Gateway()
    gateway.send(p("select 1", "s") + S + q("do something"))
    gateway.send(b(name="s") + e() + S)
    assert not gateway.asked[-1].statement.complete
    for _ in range(2000):
        gateway.send(q("do something"))
    gateway.send(b(name="s") + e() + S)
    assert not gateway.asked[-1].statement.complete


def test_a_portal_that_was_never_bound_is_unknown() -> None:
    gateway = Gateway()
    gateway.send(e("cursor_of_sql") + S)
    assert not gateway.asked[-1].statement.complete


def test_fetching_on_from_a_portal_is_the_same_action() -> None:
    gateway = Gateway()
    gateway.send(q("begin"))
    gateway.send(p("select 1") + b(portal="c") + e("c", 2) + S)
    asked = len(gateway.asked)
    gateway.send(e("c", 2) + S)
    gateway.send(e("c", 2) + S)
    assert len(gateway.asked) == asked
    texts = [frame.text for frame in gateway.frames if isinstance(frame, StatementFrame)]
    assert texts == ["begin", "select 1", "select 1", "select 1"]


def test_a_portal_with_a_name_is_decided_before_sql_can_fetch_from_it() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.send(q("begin"))
    gateway.send(p("delete from t", "s") + b("7", name="s", portal="c") + S)
    assert gateway.asked[-1].parameters == ("7",)
    gateway.send(q("rollback") + q("begin") + q("fetch from c"))
    assert "delete from t" not in gateway.target.ran


def test_a_query_after_a_group_that_may_have_moved_the_rules_must_be_readable() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(p("do settings") + b() + e() + q("select 'é'"))
    assert gateway.tags() == "12CEZ"
    assert gateway.target.ran == ["do settings"]


@pytest.mark.parametrize("between", ["close c", "declare c cursor for x", "do something"])
def test_a_portal_whose_name_may_have_moved_is_unknown(between: str) -> None:
    gateway = Gateway()
    gateway.send(q("begin"))
    gateway.send(p("select 1") + b(portal="c") + e("c", 2) + S)
    gateway.send(q(between))
    gateway.send(e("c", 2) + S)
    assert not gateway.asked[-1].statement.complete


def test_a_portal_moved_within_a_group_is_unknown_after_it() -> None:
    gateway = Gateway()
    gateway.send(q("begin"))
    group = p("select 1", "s") + b(name="s", portal="c") + p("close c", "k") + b(name="k") + e()
    gateway.send(group + S)
    gateway.send(e("c") + S)
    assert not gateway.asked[-1].statement.complete


def test_a_portal_ends_with_its_transaction() -> None:
    gateway = Gateway()
    gateway.send(p("select 1") + b(portal="c") + e("c", 2) + S)
    gateway.send(e("c", 2) + S)
    assert not gateway.asked[-1].statement.complete


def test_text_that_may_be_read_by_other_rules_needs_a_sync_first() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(p("do settings") + b() + e() + p("select 'é'") + b() + e() + S)
    messages = gateway.take()
    assert fields(messages[3][1])["H"] == "send a Sync in between"
    assert gateway.target.ran == ["do settings"]


def test_a_query_may_follow_a_group_without_a_sync() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(p("select 1", "s") + b(name="s") + e() + q("select 2") + q("select 3"))
    assert gateway.tags() == "12DDDCTDDDCZTDDDCZ"


def test_a_refused_query_after_a_group_without_a_sync_fails_at_the_target() -> None:
    gateway = Gateway(refuse_deletes_at_execute)
    gateway.take()
    gateway.send(p("select 1", "s") + b(name="s") + e() + q("delete from t"))
    assert gateway.asked[-1].in_transaction
    assert gateway.tags() == "12DDDCEZ"
    assert b"assent_refused_" in gateway.up


# COPY.


def test_copy_data_passes_in_the_simple_protocol() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(q("copy t from stdin") + copy_data(b"a") + copy_data(b"b") * 50 + COPY_DONE)
    gateway.send(q("select 1"))
    assert gateway.target.copied == b"a" + b"b" * 50
    assert gateway.tags() == "GCZTDDDCZ"


def test_copy_data_passes_in_the_extended_protocol() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(p("copy t from stdin") + b() + e() + S)
    assert gateway.tags() == "12G"
    gateway.send(copy_data(b"abc") + S + copy_data(b"def") + COPY_DONE + S + q("select 1"))
    assert gateway.target.copied == b"abcdef"
    assert gateway.tags() == "CZTDDDCZ"


def test_a_copy_after_another_statement_of_its_pipeline_still_waits_for_the_target() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.talks = False
    gateway.send(p("select 1") + b() + e() + p("copy t from stdin") + b() + e() + S)
    for byte in gateway.target.feed(gateway.up[gateway.up_at_ready :]):
        gateway.reply(bytes([byte]))
    assert gateway.tags() == "12DDDC12G"
    gateway.talks = True
    gateway.send(copy_data(b"abc") + COPY_DONE + S)
    assert gateway.tags() == "CZ"


def test_nothing_but_copy_data_has_a_place_in_a_copy() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(q("copy t from stdin"))
    gateway.send(q("delete from t"))
    assert gateway.closed
    assert gateway.target.ran == ["copy t from stdin"]


def test_a_copy_the_target_ends_early_leaves_the_stream_in_sync() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(q("copy t from stdin"))
    data = copy_data(b"x" * 100)
    gateway.send(data[:50])
    gateway.target.copying = ""
    gateway.reply(frame(b"E", b"SERROR\0VERROR\0C22P02\0Mbad\0\0") + frame(b"Z", b"I"))
    # The rest of the message that the target awaits, then what it drops, then what counts.
    gateway.send(data[50:] + copy_data(b"y") + COPY_DONE + q("select 1"))
    assert data in gateway.up
    assert copy_data(b"y") not in gateway.up
    assert gateway.tags() == "GEZTDDDCZ"


def test_data_of_no_copy_is_dropped() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(copy_data(b"x") + COPY_DONE + q("select 1"))
    assert b"x" not in gateway.up[gateway.up_at_ready :].replace(q("select 1"), b"")
    assert gateway.tags() == "TDDDCZ"


# The record, and bounds.


def test_each_execute_of_a_pipeline_has_its_result() -> None:
    gateway = Gateway()
    gateway.send(p("select 1") + b() + e() + p("select fail") + b() + e() + S)
    results = [frame for frame in gateway.frames if isinstance(frame, ResultFrame)]
    assert [(result.sequence, result.rows, result.error) for result in results] == [
        (1, 3, ""),
        (2, -1, "22012 division by zero"),
    ]


def test_a_long_parameter_is_bound_by_its_digest() -> None:
    message = b("x" * 100, "short")
    _, _, shown = read_bind(message[5:], 50)
    first, second = shown()
    assert first is not None
    assert first.startswith("sha256:")
    assert second is not None


def test_a_message_over_the_limit_ends_the_session() -> None:
    gateway = Gateway(limits=Limits(message_bytes=1000))
    gateway.take()
    gateway.send(frame(b"Q", b"x" * 2000)[:5])
    assert fields(gateway.take()[0][1])["C"] == "54000"
    assert gateway.closed


@pytest.mark.parametrize(
    "message",
    [
        frame(b"P", b"s\0select"),
        frame(b"P", b"s\0select\0\0\5"),
        frame(b"B", b"\0\0\0\0\0\1"),
        frame(b"B", b"\0\0\0\0\0\1\xff\xff\xff\xf0\0\0"),
        frame(b"E", b"x\0"),
        frame(b"D", b"Xs\0"),
        frame(b"C", b"Ss"),
        frame(b"S", b"x"),
        b"Q\0\0\0\3",
        b"y\0\0\0\4",
        b"p\0\0\0\4",
        b"Q\xff\xff\xff\xff",
    ],
)
def test_a_malformed_message_ends_the_session_with_a_protocol_error(message: bytes) -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(message)
    assert gateway.closed
    assert gateway.tags() == "E"


@pytest.mark.parametrize(
    "message",
    [
        frame(b"1"),
        frame(b"Z", b"I"),
        frame(b"Z", b"?"),
        frame(b"C", b"SELECT 1\0"),
        frame(b"G", b"\0\0\0"),
        frame(b"W", b"\0\0\0"),
        frame(b"K", bytes(8)),
        frame(b"R", bytes(4)),
        frame(b"S", b"x"),
        b"D\0\0\0\1",
    ],
)
def test_a_target_out_of_step_ends_the_session(message: bytes) -> None:
    gateway = Gateway()
    gateway.take()
    gateway.reply(message)
    assert gateway.closed
    assert gateway.tags() == "E"
