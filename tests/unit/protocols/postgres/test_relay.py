"""The way in, refusals, holding, deadlines and the ways in which a session ends."""

import struct
from datetime import timedelta

import pytest

from assent.core.frame import MarkFrame, ResultFrame, StatementFrame
from assent.core.plugins import (
    Answer,
    Authorize,
    Cancel,
    Connect,
    Connected,
    Held,
    Identified,
    Identify,
    Permitted,
    RefusalKind,
    Refused,
    Side,
)
from assent.core.secret import Secret
from assent.protocols.postgres.messages import (
    GSSENC_REQUEST,
    LENGTH,
    SSL_REQUEST,
    frame,
    startup,
)
from postgres_peers import (
    NOW,
    SALT,
    VERIFIER,
    Gateway,
    H,
    S,
    Target,
    X,
    b,
    cut_messages,
    d,
    e,
    fields,
    p,
    permit,
    q,
)

DENIED = Refused(RefusalKind.DENIED, "deletes need an approval", "why", "ask", entry="ent_9")


def refuse_deletes(question: Authorize) -> Answer:
    return DENIED if "delete" in question.text else permit(question)


def hold_deletes(question: Authorize) -> Answer | None:
    return None if "delete" in question.text else permit(question)


def held(request: str = "req_1") -> Held:
    return Held(("held: 2 of dba", "risk 71"), NOW + timedelta(seconds=60), request)


# The way in.


def test_a_client_comes_in_and_is_ready() -> None:
    gateway = Gateway()
    assert gateway.tags() == "RRSSKZ"
    assert [type(question) for question in gateway.questions] == [Identify, Connect]
    assert gateway.questions[0] == Identify("ana", "shop", "tests")
    assert gateway.relay.target_key == (77, b"zzzz")


def test_the_client_is_given_the_gateways_own_key_to_cancel_with() -> None:
    body = dict(Gateway().take())["K"]
    assert body == struct.pack("!I", 4242) + b"abcd"


def test_the_target_is_told_user_database_encoding_and_search_path() -> None:
    gateway = Gateway()
    parts = gateway.target.parameters.split(b"\0")
    told = dict(zip(parts[0:-2:2], parts[1:-1:2], strict=False))
    assert told == {
        b"user": b"gw",
        b"database": b"shop",
        b"client_encoding": b"UTF8",
        b"application_name": b"tests",
        b"search_path": b'"public"',
    }


def test_gss_encryption_is_declined_and_tls_begins() -> None:
    gateway = Gateway(connect=False)
    gateway.send(struct.pack("!II", 8, GSSENC_REQUEST))
    gateway.send(struct.pack("!II", 8, SSL_REQUEST))
    assert gateway.client == b"NS"
    assert gateway.journal == [("tls", Side.CLIENT)]
    gateway.client = b""
    gateway.perform(gateway.relay.tls_started(Side.CLIENT, gateway.now))
    gateway.log_in()
    assert gateway.tags().endswith("Z")


@pytest.mark.parametrize("ahead", [b"x", startup({"user": "ana", "database": "shop"})])
def test_bytes_sent_ahead_of_tls_close(ahead: bytes) -> None:
    gateway = Gateway(connect=False)
    gateway.send(struct.pack("!II", 8, SSL_REQUEST) + ahead)
    assert gateway.closed
    assert gateway.client == b""
    assert gateway.questions == []


def test_a_cancellation_is_asked_about_and_closes() -> None:
    gateway = Gateway(connect=False)
    gateway.send(struct.pack("!III", 16, 80877102, 4242) + b"abcd")
    assert gateway.questions == [Cancel(4242, b"abcd")]
    assert gateway.closed


def test_a_newer_minor_version_is_answered_with_3_0() -> None:
    gateway = Gateway(connect=False)
    packet = startup({"user": "ana", "database": "shop", "_pq_.x": "1"})
    gateway.send(packet[:4] + struct.pack("!I", 196610) + packet[8:])
    tag, body = cut_messages(gateway.client)[0]
    assert (tag, body) == ("v", LENGTH.pack(196608) + LENGTH.pack(1) + b"_pq_.x\0")


@pytest.mark.parametrize(
    ("parameters", "sqlstate", "word"),
    [
        ({"replication": "database"}, "0A000", "replication"),
        ({"database": ""}, "3D000", "target"),
        ({"user": ""}, "28000", "user"),
        ({"session_preload_libraries": "x"}, "0A000", "session_preload_libraries"),
        ({"client_encoding": "SJIS"}, "0A000", "SJIS"),
        ({"options": "-c role=postgres"}, "0A000", "role"),
        ({"options": "-d 5"}, "0A000", "-d"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_by_name(
    parameters: dict[str, str], sqlstate: str, word: str
) -> None:
    gateway = Gateway(connect=False)
    gateway.log_in(parameters)
    told = fields(gateway.take()[0][1])
    assert (told["S"], told["C"]) == ("FATAL", sqlstate)
    assert word in told["M"]
    assert gateway.closed
    assert gateway.questions == []


def test_harmless_options_are_passed_on() -> None:
    gateway = Gateway(connect=False)
    gateway.log_in({"options": "-c statement_timeout=5s --lock-timeout=1s -cDateStyle=ISO,\\ MDY"})
    assert gateway.tags().endswith("Z")
    parts = gateway.target.parameters.split(b"\0")
    assert parts[parts.index(b"statement_timeout") + 1] == b"5s"
    assert parts[parts.index(b"DateStyle") + 1] == b"ISO, MDY"


@pytest.mark.parametrize(("path", "fits"), [("public", True), ("evil,public", False)])
def test_only_the_targets_own_search_path_is_taken(path: str, fits: bool) -> None:
    gateway = Gateway(connect=False)
    gateway.log_in({"search_path": path})
    assert bool(gateway.closed) is not fits
    assert bool(gateway.up) is fits


def test_a_wrong_password_says_how_to_get_a_right_one() -> None:
    gateway = Gateway(connect=False)
    gateway.log_in(password="wrong")
    told = fields(gateway.take()[-1][1])
    assert told["C"] == "28P01"
    assert "assent connect shop" in told["H"]
    assert [type(question) for question in gateway.questions] == [Identify]


def test_an_unknown_person_sees_what_a_wrong_password_shows() -> None:
    class Nobody(Gateway):
        def _ask(self, ticket: int, question: object) -> None:
            self.perform(self.relay.answer(ticket, Identified(SALT, 1, ()), self.now))

    unknown, wrong = Nobody(connect=False), Gateway(connect=False)
    unknown.log_in()
    wrong.log_in(password="wrong")
    assert unknown.take() == wrong.take()


def test_a_connection_that_waits_is_told_so_after_its_password_was_taken() -> None:
    class Waiting(Gateway):
        def connected(self) -> Connected:
            self.perform(self.relay.answer(self._ticket, held(), self.now))
            return super().connected()

        def _ask(self, ticket: int, question: object) -> None:
            self._ticket = ticket
            super()._ask(ticket, question)  # type: ignore[arg-type]

    gateway = Waiting(connect=False)
    gateway.log_in()
    assert gateway.tags() == "RRNSSKZ"


def test_a_refused_connection_is_fatal() -> None:
    class Refusing(Gateway):
        def _ask(self, ticket: int, question: object) -> None:
            answer = DENIED if isinstance(question, Connect) else Identified(SALT, 1, (VERIFIER,))
            self.perform(self.relay.answer(ticket, answer, self.now))

    gateway = Refusing(connect=False)
    gateway.log_in()
    told = fields(gateway.take()[-1][1])
    assert (told["S"], told["C"], told["H"]) == ("FATAL", "42501", "ask")
    assert gateway.closed


def target_says(*messages: bytes, tls: str = "disable") -> Gateway:
    """Return a gateway whose target was said to say these, one after the other."""

    class Scripted(Gateway):
        def connected(self) -> Connected:
            return Connected("gw", Secret("pw"), "shop", tls, ("public",), 1, b"abcd", self.epoch)

    gateway = Scripted(talks=False, connect=False)
    gateway.log_in()
    gateway.client = b""
    for message in messages:
        gateway.reply(message)
    return gateway


def test_the_targets_refusal_is_told_without_its_details() -> None:
    gateway = target_says(
        frame(b"E", b"SFATAL\0VFATAL\0C28P01\0Mpassword for gw wrong on 10.0.0.7\0\0")
    )
    told = fields(gateway.take()[0][1])
    assert told["C"] == "08001"
    assert "28P01" in told["M"]
    assert "10.0.0.7" not in str(told)
    assert gateway.closed


@pytest.mark.parametrize(("tls", "goes_on"), [("prefer", True), ("require", False)])
def test_a_target_without_tls_is_taken_only_where_that_is_allowed(tls: str, goes_on: bool) -> None:
    gateway = target_says(b"N", tls=tls)
    assert bool(gateway.closed) is not goes_on


def test_more_than_one_byte_before_tls_with_the_target_closes() -> None:
    assert target_says(b"S" + frame(b"R", bytes(4)), tls="require").closed


def test_the_password_is_not_sent_in_the_clear() -> None:
    gateway = target_says(frame(b"R", struct.pack("!I", 3)))
    assert gateway.closed
    assert b"pw" not in gateway.up


def test_an_md5_challenge_is_met() -> None:
    gateway = target_says(frame(b"R", struct.pack("!I", 5) + b"salt"), frame(b"R", bytes(4)))
    assert not gateway.closed
    assert b"md5" in gateway.up


def test_a_target_cannot_skip_its_own_proof() -> None:
    sasl = frame(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")
    gateway = target_says(sasl, frame(b"R", bytes(4)))
    assert gateway.closed


@pytest.mark.parametrize(
    "report", [("client_encoding", "SJIS"), ("standard_conforming_strings", "off")]
)
def test_a_target_that_reads_text_otherwise_is_not_served(report: tuple[str, str]) -> None:
    gateway = Gateway(target=Target(reports=[report]))
    assert gateway.closed


# Statements.


def test_a_query_is_asked_recorded_and_then_sent() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(q("select 1"))
    assert [kind for kind, _ in gateway.journal] == ["asked", "answered", "sent"]
    assert gateway.tags() == "TDDDCZ"
    first, second = gateway.frames
    assert isinstance(first, StatementFrame)
    assert (first.sequence, first.text, first.verdict, first.entry) == (
        1,
        "select 1",
        "permit",
        "ent_1",
    )
    assert isinstance(second, ResultFrame)
    assert (second.sequence, second.rows, second.error) == (1, 3, "")
    assert second.bytes > 0


def test_a_refusal_outside_of_a_transaction_never_reaches_the_target() -> None:
    gateway = Gateway(refuse_deletes)
    gateway.take()
    gateway.send(q("delete from t"))
    error, ready = gateway.take()
    told = fields(error[1])
    assert (told["C"], told["M"], told["D"], told["H"]) == (
        "42501",
        "deletes need an approval",
        "why",
        "ask",
    )
    assert ready == ("Z", b"I")
    assert gateway.up[gateway.up_at_ready :] == b""
    assert isinstance(gateway.frames[0], StatementFrame)
    assert gateway.frames[0].verdict == "refuse"


@pytest.mark.parametrize(
    ("kind", "sqlstate"),
    [
        (RefusalKind.DENIED, "42501"),
        (RefusalKind.REJECTED, "ZA001"),
        (RefusalKind.TIMED_OUT, "ZA002"),
        (RefusalKind.WITHDRAWN, "57014"),
        (RefusalKind.UNAVAILABLE, "ZA003"),
    ],
)
def test_each_refusal_has_its_sqlstate_and_names_its_request(
    kind: RefusalKind, sqlstate: str
) -> None:
    gateway = Gateway(lambda _: Refused(kind, "no", request="req_7"))
    gateway.take()
    gateway.send(q("delete from t"))
    told = fields(gateway.take()[0][1])
    assert told["C"] == sqlstate
    assert "req_7" in told["M"]


def test_a_refusal_inside_a_transaction_leaves_it_failed() -> None:
    gateway = Gateway(refuse_deletes)
    gateway.take()
    gateway.send(q("begin"))
    gateway.take()
    gateway.send(q("delete from t"))
    error, ready = gateway.take()
    assert fields(error[1])["M"] == "deletes need an approval"
    assert b"assent_refused" not in error[1]
    assert ready == ("Z", b"E")
    gateway.send(q("select 1"))
    assert fields(gateway.take()[0][1])["C"] == "25P02"
    gateway.send(q("rollback"))
    assert gateway.take()[-1] == ("Z", b"I")
    assert gateway.target.ran == ["begin", "rollback"]


def test_a_statement_that_is_not_utf8_is_refused_unasked() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(frame(b"Q", b"select '\x81\x5c'\0"))
    assert fields(gateway.take()[0][1])["C"] == "22021"
    assert gateway.asked == []


def test_a_nul_inside_of_a_query_closes() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(frame(b"Q", b"select 1\0; delete from t\0"))
    assert fields(gateway.take()[0][1])["C"] == "08P01"
    assert gateway.closed


def test_the_function_call_protocol_is_refused_and_the_session_lives() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.send(frame(b"F", bytes(10)) + q("select 1"))
    assert gateway.tags() == "EZTDDDCZ"


def test_goodbye_passes() -> None:
    gateway = Gateway()
    gateway.send(X)
    assert gateway.up.endswith(X)
    assert gateway.closed


# Holding.


def test_a_held_statement_is_told_to_the_client_and_released_on_the_same_connection() -> None:
    gateway = Gateway(hold_deletes)
    gateway.take()
    gateway.send(q("delete from t") + q("select 2"))
    gateway.answer(held())
    gateway.answer(held())
    notices = gateway.take()
    assert [tag for tag, _ in notices] == ["N", "N"]
    told = fields(notices[0][1])
    assert (told["C"], told["M"], told["D"]) == ("01ZA1", "held: 2 of dba", "risk 71")
    assert gateway.relay.buffered_bytes == len(q("select 2"))
    gateway.answer(Permitted("ent_2", "req_1"))
    assert gateway.target.ran == ["delete from t", "select 2"]
    assert gateway.tags() == "CZTDDDCZ"
    marks = [frame.event for frame in gateway.frames if isinstance(frame, MarkFrame)]
    assert marks == ["held", "released"]


def test_a_held_statement_nobody_answers_for_is_timed_out() -> None:
    gateway = Gateway(hold_deletes)
    gateway.take()
    gateway.send(q("delete from t"))
    gateway.answer(held())
    gateway.take()
    gateway.wait(61)
    assert gateway.client == b""
    gateway.wait(10)
    error, ready = gateway.take()
    assert fields(error[1])["C"] == "ZA002"
    assert "req_1" in fields(error[1])["M"]
    assert ready == ("Z", b"I")
    # A late answer must not match the next question.
    gateway.answer(Permitted("ent_2"))
    assert gateway.target.ran == []


def test_a_question_nobody_answers_is_refused() -> None:
    gateway = Gateway(hold_deletes)
    gateway.take()
    gateway.send(q("delete from t"))
    gateway.wait(31)
    assert fields(gateway.take()[0][1])["C"] == "ZA003"


def test_a_client_that_hangs_up_while_it_waits_runs_nothing() -> None:
    gateway = Gateway(hold_deletes)
    gateway.send(q("delete from t"))
    gateway.answer(held())
    gateway.perform(gateway.relay.hang_up(Side.CLIENT, gateway.now))
    assert gateway.closed
    assert gateway.relay.answer(gateway.open_ticket, Permitted("ent_1"), gateway.now) == []
    assert gateway.target.ran == []


def test_results_of_what_ran_before_are_fetched_while_a_later_one_waits() -> None:
    gateway = Gateway(hold_deletes)
    gateway.take()
    gateway.send(p("select 1") + b() + e() + p("delete from t"))
    gateway.answer(held())
    assert gateway.up.endswith(H)
    assert gateway.tags() == "12DDDCN"


# Cutting.


def test_a_cut_session_is_told_why() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.perform(gateway.relay.cut("your grant was revoked", gateway.now))
    told = fields(gateway.take()[0][1])
    assert (told["S"], told["C"], told["M"]) == ("FATAL", "57P01", "your grant was revoked")
    assert gateway.closed == "your grant was revoked"
    assert gateway.relay.feed(Side.CLIENT, q("select 1"), gateway.now) == []


def test_a_cut_in_the_middle_of_a_row_keeps_the_stream_whole() -> None:
    gateway = Gateway(talks=True)
    gateway.take()
    gateway.talks = False
    gateway.send(q("select 1"))
    gateway.reply(frame(b"D", bytes(100))[:50])
    gateway.perform(gateway.relay.cut("over", gateway.now))
    assert gateway.client == frame(b"D", bytes(100))[:50]
    assert gateway.closed


def test_a_notice_waits_for_the_end_of_the_message_that_is_passing() -> None:
    gateway = Gateway(hold_deletes)
    gateway.take()
    gateway.send(p("select 1") + b() + e() + H + p("delete from t"))
    gateway.take()
    row = frame(b"N", b"SNOTICE\0" + bytes(60))
    gateway.reply(row[:40])
    gateway.answer(held())
    assert gateway.client == row[:40]
    gateway.reply(row[40:])
    assert gateway.tags() == "NN"


def test_a_target_that_hangs_up_is_told_to_the_client() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.perform(gateway.relay.hang_up(Side.TARGET, gateway.now))
    assert fields(gateway.take()[0][1])["C"] == "08006"


def test_a_target_that_said_why_it_hangs_up_is_not_talked_over() -> None:
    gateway = Gateway()
    gateway.take()
    gateway.reply(frame(b"E", b"SFATAL\0VFATAL\0C57P01\0Mshutting down\0\0"))
    gateway.perform(gateway.relay.hang_up(Side.TARGET, gateway.now))
    assert gateway.tags() == "E"


# Reuse.


def reusable(question: Authorize) -> Answer:
    return Permitted("ent_1", epoch=0, reuse_until=NOW + timedelta(minutes=5))


def test_a_shape_that_was_permitted_passes_again_without_a_question() -> None:
    gateway = Gateway(reusable)
    for number in range(3):
        gateway.send(q(f"select {number}"))
    assert len(gateway.asked) == 1
    assert gateway.target.ran == ["select 0", "select 1", "select 2"]
    verdicts = [frame.verdict for frame in gateway.frames if isinstance(frame, StatementFrame)]
    assert verdicts == ["permit", "reuse", "reuse"]


def test_a_moved_epoch_ends_reuse() -> None:
    gateway = Gateway(reusable)
    gateway.send(q("select 1"))
    gateway.epoch.bump()
    gateway.send(q("select 2"))
    assert len(gateway.asked) == 2


def test_time_ends_reuse() -> None:
    gateway = Gateway(reusable)
    gateway.send(q("select 1"))
    gateway.wait(300)
    gateway.send(q("select 2"))
    assert len(gateway.asked) == 2


def test_what_does_more_than_read_is_asked_each_time() -> None:
    gateway = Gateway(reusable)
    gateway.send(q("delete from t where id = 1"))
    gateway.send(q("delete from t where id = 2"))
    assert len(gateway.asked) == 2


def test_reuse_in_the_extended_protocol_keeps_the_phases_apart() -> None:
    gateway = Gateway(reusable)
    group = p("select $1") + b("7") + d() + e() + S
    gateway.send(group)
    assert [question.phase for question in gateway.asked] == ["prepare", "execute"]
    before = len(gateway.up)
    gateway.journal.clear()
    gateway.send(group)
    assert len(gateway.asked) == 2
    assert gateway.up[before:] == group
    assert [kind for kind, _ in gateway.journal] == ["sent"]


def test_a_moved_search_path_makes_every_statement_unknown() -> None:
    gateway = Gateway(reusable, target=Target(reports=[("search_path", '"public"')]))
    gateway.send(q("select 1"))
    gateway.reply(frame(b"S", b"search_path\0evil\0"))
    gateway.send(q("select 2"))
    assert not gateway.asked[-1].statement.complete
    gateway.reply(frame(b"S", b'search_path\0"public"\0'))
    gateway.send(q("select 3"))
    assert gateway.asked[-1].statement.complete


class Waiting(Gateway):
    """A gateway that leaves open whether somebody may connect."""

    def connected(self) -> None:  # type: ignore[override]
        return None


def test_a_client_that_waits_to_be_let_in_hears_what_is_said() -> None:
    gateway = Waiting(connect=False)
    gateway.log_in()
    gateway.take()
    gateway.perform(gateway.relay.say(("the DBA is at lunch", "until one"), gateway.now))
    [(tag, body)] = gateway.take()
    assert tag == "N"
    assert (fields(body)["C"], fields(body)["M"]) == ("01ZA2", "the DBA is at lunch")
    assert fields(body)["D"] == "until one"


def test_what_is_said_while_the_target_is_dialled_is_heard_when_the_session_stands() -> None:
    gateway = Waiting(connect=False)
    gateway.log_in()
    gateway.take()
    gateway.talks = False
    gateway.answer(Gateway.connected(gateway))
    gateway.perform(gateway.relay.say(("your access ends soon",), gateway.now))
    assert gateway.take() == []
    gateway.reply(gateway.target.feed(gateway.up))
    tags = [tag for tag, _ in gateway.take()]
    assert tags[-2:] == ["Z", "N"]


def test_nothing_is_said_before_anybody_proved_who_they_are_or_after_the_end() -> None:
    gateway = Gateway(connect=False)
    assert gateway.relay.say(("secret",), gateway.now) == []
    over = Gateway()
    over.perform(over.relay.cut("over", over.now))
    assert over.relay.say(("secret",), over.now) == []


def test_what_was_said_is_told_before_a_cut() -> None:
    gateway = Gateway(permit)
    gateway.talks = False
    gateway.send(q("select 1"))
    gateway.perform(gateway.relay.say(("first this",), gateway.now))
    gateway.take()
    gateway.perform(gateway.relay.cut("then the end", gateway.now))
    assert [tag for tag, _ in gateway.take()] == ["N", "E"]
