"""Obligations on results, through a whole relay with a scripted target."""

from datetime import timedelta

import pytest

from assent.core.action import Statement
from assent.core.enforcement import Enforcement, Limit, MaskHow
from assent.core.frame import MarkFrame, ResultFrame, RowsFrame
from assent.core.plugins import Exceed, Held, Overrun, Permitted, RefusalKind, Refused
from assent.protocols.postgres.messages import frame
from catalogue_builder import a_catalogue, oid_of
from postgres_peers import H, S, b, copy_data, d, e, fields, p, q
from result_peers import (
    INT4_OID,
    Column,
    ResultGateway,
    ResultTarget,
    Table,
    copy_out,
    data_row,
    described,
    reads,
)

CATALOGUE = a_catalogue(
    tables={"public.people": "id email note", "public.orders": "id total"},
    views={"public.faces": "SELECT upper(email) AS email FROM public.people"},
)
PEOPLE = oid_of(CATALOGUE, "public.people")
FACES = oid_of(CATALOGUE, "public.faces")
EMAIL = "public.people.email"
MASKS = Enforcement(masks={EMAIL: MaskHow.PARTIAL})
TEXT = "select id, email from people"
READING = reads("public.people.id", EMAIL)
ROWS = [(b"1", b"bob@example.com"), (b"2", None), (b"3", b"eve@mail.example")]
SHOWN = [[b"1", b"b***@e***.com"], [b"2", None], [b"3", b"e***@m***.example"]]


def people(text: str = TEXT, columns: tuple[Column, ...] | None = None) -> ResultTarget:
    """Return a target that answers a text with some people."""
    usual = (Column("id", PEOPLE, 1, INT4_OID), Column("email", PEOPLE, 2))
    return ResultTarget(tables={text: Table(columns or usual, ROWS)})


def gateway(
    enforcement: Enforcement | None = MASKS,
    target: ResultTarget | None = None,
    text: str = TEXT,
    reading: Statement | None = READING,
    talks: bool = True,
    **options: object,
) -> ResultGateway:
    """Return a gateway before some people."""
    readings = {text: reading} if reading is not None else {}
    found = ResultGateway(enforcement, target or people(text), readings, CATALOGUE, **options)  # type: ignore[arg-type]
    found.take()
    found.talks = talks
    return found


def test_a_plain_column_is_masked_in_a_simple_query() -> None:
    shop = gateway()
    shop.send(q(TEXT))
    messages = shop.take()
    assert "".join(tag for tag, _ in messages) == "TDDDCZ"
    assert not shop.closed


@pytest.mark.parametrize("send", [q(TEXT), p(TEXT) + b() + d() + e() + S, p(TEXT) + b() + e() + S])
def test_it_is_masked_in_every_protocol(send: bytes) -> None:
    shop = gateway()
    shop.send(send)
    assert shop.rows() == SHOWN


def test_a_description_that_the_client_asked_for_is_its_own() -> None:
    for described_by_client, tags in (
        (d(), "12TDDDCZ"),
        (b"", "12DDDCZ"),
        (d() + d(), "12TTDDDCZ"),
    ):
        shop = gateway()
        shop.send(p(TEXT) + b() + described_by_client + e() + S)
        assert shop.tags() == tags


def test_a_description_that_was_answered_before_is_its_own_too() -> None:
    shop = gateway()
    shop.send(p(TEXT) + b() + d() + H)
    assert shop.tags() == "12T"
    shop.send(e() + S)
    assert shop.tags() == "DDDCZ"


def test_fetching_on_is_masked_by_the_same_plan() -> None:
    shop = gateway()
    shop.send(p(TEXT) + b() + e(rows=2) + H)
    shop.send(e(rows=2) + S)
    messages = shop.take()
    assert "".join(tag for tag, _ in messages) == "12DDsDCZ"
    assert all(b"bob" not in body for _, body in messages)
    assert shop.up.count(b"assent: what follows") == 1


def test_a_reused_permit_masks_as_well() -> None:
    shop = gateway(reused=True)
    for _ in range(3):
        for send in (q(TEXT), p(TEXT) + b() + d() + e() + S):
            shop.send(send)
            assert shop.rows() == SHOWN


def test_cutting_the_bytes_of_the_target_changes_nothing() -> None:
    shop = gateway(talks=False)
    shop.send(p(TEXT) + b() + e() + S)
    answer = (
        frame(b"1")
        + frame(b"2")
        + frame(b"3")
        + described(*people().tables[TEXT].columns)
        + b"".join(data_row(*row) for row in ROWS)
        + frame(b"C", b"SELECT 3\0")
        + frame(b"Z", b"I")
    )
    for byte in answer:
        shop.reply(bytes((byte,)))
    assert not shop.closed
    messages = shop.take()
    assert "".join(tag for tag, _ in messages) == "12DDDCZ"
    results = [found for found in shop.frames if isinstance(found, ResultFrame)]
    whole = gateway(talks=False)
    whole.send(p(TEXT) + b() + e() + S)
    whole.reply(answer)
    assert whole.take() == messages
    assert [found for found in whole.frames if isinstance(found, ResultFrame)] == results


@pytest.mark.parametrize(
    ("reading", "column", "shown"),
    [
        # Computed from it: hidden whole.
        (reads(EMAIL), Column("upper"), b"***"),
        (reads(EMAIL), Column("length", type=INT4_OID), None),
        # A view's column that is computed from it.
        (reads(EMAIL), Column("email", FACES, 1), b"***"),
        # Nothing is known of flows, and it is computed.
        (reads(EMAIL, known=False), Column("upper"), b"***"),
        (reads(EMAIL, complete=False), Column("upper"), b"***"),
        (reads("public.orders.id", complete=False), Column("f"), b"***"),
        # Another number of columns than was thought.
        (reads(EMAIL, "public.people.id"), Column("upper"), b"***"),
        # The column itself, whatever is thought.
        (reads("public.orders.id"), Column("email", PEOPLE, 2), b"b***@e***.com"),
        # Of a table that nobody knows, by a statement that reads nothing masked.
        (reads("public.orders.id"), Column("x", 99, 2), b"bob@example.com"),
        (reads("public.orders.id", known=False), Column("x", 99, 2), b"bob@example.com"),
        (reads("public.orders.id", complete=False), Column("x", 99, 2), b"***"),
        # The planner's own samples.
        (reads("pg_catalog.pg_stats.most_common_vals"), Column("most_common_vals"), b"***"),
    ],
)  # fmt: skip
def test_lineage_decides_what_is_masked(
    reading: Statement, column: Column, shown: bytes | None
) -> None:
    target = ResultTarget(tables={TEXT: Table((column,), [(b"bob@example.com",)])})
    shop = gateway(target=target, reading=reading)
    shop.send(q(TEXT))
    assert shop.rows() == [[shown]]


def test_each_result_of_a_text_is_masked_by_its_own_description() -> None:
    text = "select email from people; select upper(email) from people"
    ended = frame(b"C", b"SELECT 1\0")
    raw = described(Column("email", PEOPLE, 2)) + data_row(b"bob@example.com") + ended
    raw += described(Column("upper")) + data_row(b"BOB@EXAMPLE.COM") + ended
    shop = gateway(
        target=ResultTarget(raw={text: raw}), text=text, reading=reads(EMAIL, known=False)
    )
    shop.send(q(text))
    assert shop.rows() == [[b"b***@e***.com"], [b"***"]]


def test_what_is_fetched_is_judged_as_what_was_declared() -> None:
    declare, fetch = "declare c cursor for select id, email from people", "fetch all from c"
    target = people(fetch)
    target.raw = {declare: frame(b"C", b"DECLARE CURSOR\0")}
    shop = ResultGateway(MASKS, target, {declare: READING}, CATALOGUE)
    shop.take()
    shop.send(q("begin"))
    shop.send(q(declare))
    shop.send(q(fetch))
    assert shop.rows() == SHOWN


def test_all_that_comes_from_an_unknown_cursor_is_masked() -> None:
    fetch = "fetch all from c"
    shop = ResultGateway(MASKS, people(fetch), {}, CATALOGUE)
    shop.take()
    shop.send(q(fetch))
    assert shop.rows() == [[None, b"***"], [None, None], [None, b"***"]]


def test_a_cursor_is_not_known_any_more_when_its_transaction_is_over() -> None:
    declare, fetch = "declare c cursor for select id, email from people", "fetch all from c"
    target = people(fetch)
    target.raw = {declare: frame(b"C", b"DECLARE CURSOR\0")}
    shop = ResultGateway(MASKS, target, {declare: READING}, CATALOGUE)
    shop.take()
    for text in ("begin", declare, "commit", "begin"):
        shop.send(q(text))
    shop.take()
    shop.send(q(fetch))
    assert shop.rows()[0] == [None, b"***"]


def test_nothing_is_asked_of_the_target_where_no_result_is_looked_at() -> None:
    shop = gateway(Enforcement(timeout=timedelta(seconds=5)))
    shop.send(p(TEXT) + b() + e() + S)
    assert b"assent" not in shop.up
    assert shop.tags() == "12DDDCZ"


@pytest.mark.parametrize(
    ("options", "payloads", "shown"),
    [
        ("", [b"1\tbob@example.com\n", b"2\t\\N\n"], b"1\tb***@e***.com\n2\t\\N\n"),
        (
            "(format csv, header)",
            [b"id,email\n", b'1,"bob@example.com"\n'],
            b'id,email\n1,"b***@e***.com"\n',
        ),
    ],
)
def test_a_copy_is_masked(options: str, payloads: list[bytes], shown: bytes) -> None:
    text = f"copy people (id, email) to stdout {options}"
    target = ResultTarget(raw={text: copy_out(2, *payloads) + frame(b"C", b"COPY 2\0")})
    shop = gateway(target=target, text=text)
    shop.send(q(text))
    messages = shop.take()
    assert b"".join(body for tag, body in messages if tag == "d") == shown
    assert "".join(tag for tag, _ in messages if tag != "d") == "HcCZ"


def test_a_copy_whose_form_is_not_understood_is_refused_before_it_runs() -> None:
    text = "copy people (id, email) to stdout (encoding 'latin1')"
    shop = gateway(text=text)
    shop.send(q(text))
    (_, error), (tag, _) = shop.take()
    assert fields(error)["C"] == "42501"
    assert fields(error)["M"].startswith("this result cannot be masked: ")
    assert tag == "Z"
    assert text not in shop.target.ran


def test_a_copy_that_was_not_seen_coming_is_stopped() -> None:
    raw = copy_out(1, b"bob@example.com\n") + frame(b"C", b"COPY 1\0")
    shop = gateway(target=ResultTarget(raw={TEXT: raw}))
    shop.send(q(TEXT))
    assert shop.tags() == "EZ"
    assert b"bob" not in shop.client
    assert any(isinstance(question, Overrun) for question in shop.questions)


def failing(sqlstate: str, *more: bytes) -> ResultTarget:
    """Return a target whose answer is an error that quotes a value."""
    parts = [b"SERROR", b"VERROR", b"C" + sqlstate.encode(), b'Minvalid: "bob@example.com"', *more]
    return ResultTarget(raw={TEXT: frame(b"E", b"\0".join(parts) + b"\0\0")})


@pytest.mark.parametrize(
    ("sqlstate", "more", "passes"),
    [
        ("22P02", (), False),
        ("23505", (b"DKey (email)=(bob@example.com) already exists.",), False),
        ("P0001", (), False),
        ("XX000", (), False),
        ("42P01", (), False),
        ("42P01", (b"P15",), True),
        ("42P01", (b"P15", b"Wsomewhere"), False),
        ("42501", (), True),
        ("40001", (), True),
        ("57014", (), True),
    ],
)
def test_words_that_may_hold_values_are_withheld(
    sqlstate: str, more: tuple[bytes, ...], passes: bool
) -> None:
    shop = gateway(target=failing(sqlstate, *more))
    shop.send(q(TEXT))
    messages = shop.take()
    told = fields(messages[0][1])
    assert told["C"] == sqlstate
    assert ("bob" in repr(messages)) is passes
    assert ("bob" in repr(shop.frames)) is passes


def test_words_pass_where_nothing_masked_is_read() -> None:
    shop = gateway(target=failing("22P02"), reading=reads("public.orders.id"))
    shop.send(q(TEXT))
    assert "bob" in fields(shop.take()[0][1])["M"]


def test_a_notice_that_may_hold_values_is_withheld() -> None:
    raw = frame(b"N", b"SNOTICE\0VNOTICE\0C00000\0Mbob@example.com\0\0")
    raw += frame(b"C", b"SELECT 0\0")
    shop = gateway(target=ResultTarget(raw={TEXT: raw}))
    shop.send(q(TEXT))
    assert shop.client.count(b"bob") == 0
    assert shop.tags() == "NCZ"


# Limits.

LIMITED = Enforcement(limits=(Limit("max_rows", 2, "few"),))
HELD = Held(("2 rows reached: assent needed for more",), None, "req_1")  # type: ignore[arg-type]


@pytest.mark.parametrize("send", [q(TEXT), p(TEXT) + b() + e() + S])
def test_what_fits_passes_and_the_rest_waits(send: bytes) -> None:
    shop = gateway(LIMITED)
    shop.send(send)
    assert shop.rows() == [list(row) for row in ROWS[:2]]
    assert shop.relay.target_waits
    assert shop.relay.wake_at is not None
    question = shop.questions[-1]
    assert isinstance(question, Exceed)
    assert (question.limit, question.most, question.passed_rows) == ("max_rows", 2, 2)
    shop.answer(Permitted("ent_2"))
    assert shop.rows() == [list(ROWS[2])]
    assert not shop.relay.target_waits
    shop.send(q("select 1"))
    assert not shop.closed


def test_a_result_of_exactly_the_limit_needs_nobody() -> None:
    shop = gateway(Enforcement(limits=(Limit("max_rows", 3, "few"),)))
    shop.send(q(TEXT))
    assert shop.tags() == "TDDDCZ"


def test_who_waits_for_more_is_told_so() -> None:
    shop = gateway(LIMITED)
    shop.send(q(TEXT))
    shop.take()
    shop.answer(Held(HELD.lines, shop.now + timedelta(minutes=5), "req_1"))
    ((tag, body),) = shop.take()
    assert tag == "N"
    assert "2 rows reached" in fields(body)["M"]
    assert MarkFrame in {type(found) for found in shop.frames}


@pytest.mark.parametrize("send", [q(TEXT), p(TEXT) + b() + e() + S])
def test_refused_the_rest_is_never_seen_and_nothing_is_shown_as_done(send: bytes) -> None:
    shop = gateway(LIMITED)
    shop.send(send)
    shop.take()
    shop.answer(Refused(RefusalKind.REJECTED, "no more of it", entry="ent_3"))
    messages = shop.take()
    assert "".join(tag for tag, _ in messages) == "EZ"
    assert fields(messages[0][1])["C"] == "ZA001"
    assert isinstance(shop.questions[-1], Overrun)
    results = [found for found in shop.frames if isinstance(found, ResultFrame)]
    assert results[-1].error == "ZA001 no more of it"
    shop.send(q(TEXT))
    assert not shop.closed


def test_the_target_is_cancelled_and_its_error_is_not_seen() -> None:
    shop = gateway(LIMITED, talks=False)
    shop.send(q(TEXT))
    shop.reply(described(*people().tables[TEXT].columns) + data_row(*ROWS[0]) * 3)
    shop.take()
    shop.answer(Refused(RefusalKind.REJECTED, "no more of it"))
    assert shop.tags() == "E"
    shop.reply(data_row(*ROWS[0])[:9])
    shop.reply(data_row(*ROWS[0])[9:] + frame(b"E", b"SERROR\0C57014\0Mcanceling\0\0"))
    assert not shop.client
    shop.reply(frame(b"Z", b"E"))
    assert shop.tags() == "Z"


def test_a_transaction_that_went_on_is_failed_for_the_client_was_told_so() -> None:
    shop = gateway(LIMITED)
    shop.send(q("begin"))
    shop.send(q(TEXT))
    shop.take()
    shop.answer(Refused(RefusalKind.REJECTED, "no more of it"))
    messages = shop.take()
    assert [(tag, body) for tag, body in messages if tag != "E"] == [("Z", b"E")]
    assert len(messages) == 2


def test_nobody_answering_is_a_refusal() -> None:
    shop = gateway(LIMITED)
    shop.send(q(TEXT))
    shop.take()
    shop.wait(31)
    assert shop.tags() == "EZ"


def test_rows_are_counted_over_all_fetches_of_a_portal() -> None:
    shop = gateway(LIMITED)
    shop.send(p(TEXT) + b() + e(rows=1) + e(rows=1) + e(rows=1) + S)
    assert shop.tags() == "12DsDs"
    assert isinstance(shop.questions[-1], Exceed)


def test_bytes_are_counted_in_whole_rows() -> None:
    one = len(data_row(*ROWS[0]))
    shop = gateway(Enforcement(limits=(Limit("max_bytes", one + 1, "small"),)))
    shop.send(q(TEXT))
    assert len(shop.rows()) == 1
    question = shop.questions[-1]
    assert isinstance(question, Exceed)
    assert question.passed_bytes == one


# Time.


def test_what_runs_for_too_long_is_cancelled_and_says_why() -> None:
    shop = gateway(Enforcement(timeout=timedelta(seconds=5)), talks=False)
    shop.send(q(TEXT))
    assert shop.relay.wake_at == shop.now + timedelta(seconds=5)
    shop.wait(5)
    assert isinstance(shop.questions[-1], Overrun)
    assert shop.relay.wake_at is None
    shop.reply(frame(b"E", b"SERROR\0VERROR\0C57014\0Mcanceling statement\0\0") + frame(b"Z", b"I"))
    (_, body), _ = shop.take()
    assert fields(body)["M"] == "took longer than the 5 s that policy allows"


# Recording.


def test_what_passes_is_recorded_as_it_was_shown() -> None:
    shop = gateway(Enforcement(masks={EMAIL: MaskHow.REDACT}, record_results=True))
    shop.send(q(TEXT))
    (found,) = [one for one in shop.frames if isinstance(one, RowsFrame)]
    assert found.columns == ("id", "email")
    assert found.rows == (("1", "***"), ("2", None), ("3", "***"))


def test_rows_before_their_description_end_the_conversation() -> None:
    shop = gateway(talks=False)
    shop.send(q(TEXT))
    shop.reply(data_row(b"bob@example.com"))
    assert shop.closed
    assert b"bob" not in shop.client


def test_a_row_too_large_to_be_looked_at_ends_the_conversation() -> None:
    shop = gateway(talks=False)
    shop.send(q(TEXT))
    head = b"D" + (17 * 1024 * 1024).to_bytes(4) + b"\0\2"
    shop.reply(described(*people().tables[TEXT].columns) + head + b"\0\0\0\1x")
    assert "more than can be looked at" in shop.closed


def test_copying_in_is_not_hindered() -> None:
    text = "copy people from stdin"
    shop = gateway(target=ResultTarget(), text=text, reading=None)
    shop.send(q(text))
    shop.send(copy_data(b"1\tx\n") + frame(b"c"))
    assert shop.tags() == "GCZ"
    assert shop.target.copied == b"1\tx\n"


@pytest.mark.parametrize("how", [MaskHow.PARTIAL, MaskHow.REDACT, MaskHow.NULL])
@pytest.mark.parametrize("masks", [{}, {EMAIL: MaskHow.PARTIAL}])
def test_text_without_a_label_is_looked_through(masks: dict[str, MaskHow], how: MaskHow) -> None:
    columns = (Column("email", PEOPLE, 2), Column("note", PEOPLE, 3), Column("id", PEOPLE, 1, 23))
    rows = [(b"bob@example.com", b"write to eve@mail.example soon", b"1"), (None, b"nothing", b"2")]
    shop = gateway(
        Enforcement(masks=masks, scan={"pii.email": how}),
        ResultTarget(tables={TEXT: Table(columns, rows)}),
        reading=reads(EMAIL, "public.people.note", "public.people.id"),
    )
    shop.send(q(TEXT))
    hidden = None if how is MaskHow.NULL else b"***"
    note = None if how is MaskHow.NULL else b"write to *** soon"
    email = b"b***@e***.com" if masks else hidden
    assert shop.rows() == [[email, note, b"1"], [None, b"nothing", b"2"]]
