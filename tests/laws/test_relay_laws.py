"""The laws that every relay keeps, for the PostgreSQL one.

Conversations are valid ones, damaged: cut otherwise, messages repeated, dropped or replaced.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.action import Phase
from assent.core.frame import Frame
from assent.core.plugins import Answer, Authorize, Held, Permitted, RefusalKind, Refused, Side
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import frame, startup
from postgres_peers import (
    COPY_DONE,
    NOW,
    Decide,
    Gateway,
    H,
    S,
    Target,
    b,
    c,
    copy_data,
    cut_messages,
    d,
    e,
    p,
    permit,
    q,
)

NAMES = st.sampled_from(["", "s", "r"])
PORTALS = st.sampled_from(["", "c"])
TEXTS = st.sampled_from(
    [
        "select 1",
        "select 2",
        "select fail",
        "delete from t",
        "badparse",
        "begin",
        "commit",
        "rollback",
        "prepare s as delete from t",
        "prepare r as select 1",
        "deallocate s",
        "deallocate r",
        "execute s",
        "execute r",
        "declare c cursor for delete from t",
        "declare c cursor for select 1",
        "fetch from c",
        "close c",
        "prepare s as select 1",
        "do something",
        "select 'é\\'",
    ]
)
MESSAGES = st.one_of(
    TEXTS.map(q),
    st.builds(p, TEXTS, NAMES),
    st.builds(lambda name, portal: b("1", name=name, portal=portal), NAMES, PORTALS),
    st.builds(d, PORTALS),
    st.builds(e, PORTALS, st.sampled_from([0, 1])),
    st.builds(c, NAMES),
    st.builds(lambda name: c(name, b"P"), PORTALS),
    st.just(S),
    st.just(H),
    st.builds(lambda text, name: p(text, name) + b(name=name) + d() + e() + S, TEXTS, NAMES),
    st.builds(lambda name: b(name=name) + e() + S, NAMES),
)
CONVERSATIONS = st.lists(MESSAGES, max_size=25)
COPIES = st.sampled_from(
    [
        q("copy t from stdin") + copy_data(b"x") * 40 + COPY_DONE,
        p("copy t from stdin") + b() + e() + S + copy_data(b"ab") + COPY_DONE + S,
        copy_data(b"stray"),
        COPY_DONE,
    ]
)
CUTS = st.lists(st.integers(1, 60), min_size=1, max_size=8)


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return `data` cut at these distances, over and over."""
    pieces, at, turn = [], 0, 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        pieces.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


def refuse_deletes(question: Authorize) -> Answer:
    """Refuse deletes where they would run, and whatever is not understood."""
    deletes = any(touch.verb == "sql.delete" for touch in question.statement.touches)
    if question.phase is Phase.EXECUTE and deletes:
        return Refused(RefusalKind.DENIED, "no deletes")
    # `do` is understood by nobody, and permitted: the names after it are in doubt.
    if not question.statement.complete and not question.text.startswith("do"):
        return Refused(RefusalKind.DENIED, "not understood")
    return Permitted("ent_1", epoch=0, reuse_until=NOW.replace(year=2099))


# Few names, so that they meet; a Sync after most, so that much is confirmed.
NAMING = st.one_of(
    st.builds(lambda name: p("select 1", name) + S, NAMES),
    st.builds(lambda name: p("delete from t", name) + S, NAMES),
    st.builds(lambda name: p("badparse") + p("select 1", name) + S, NAMES),
    st.builds(lambda name: p("badparse") + p("delete from t", name) + S, NAMES),
    st.builds(lambda name: c(name) + S, NAMES),
    st.builds(lambda name: b(name=name) + e() + S, NAMES),
    st.builds(lambda name: b(name=name, portal="c") + e("c", 1) + S, NAMES),
    st.just(e("c", 1) + S),
    st.builds(lambda name: b(name=name, portal="c") + S, NAMES),
    st.just(q("fetch from c")),
    st.just(q("begin")),
    TEXTS.map(q),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(NAMING, min_size=2, max_size=12))
def test_no_name_runs_what_it_was_not_decided_as(messages: list[bytes]) -> None:
    gateway = Gateway(refuse_deletes)
    for message in messages:
        if not gateway.closed:
            gateway.send(message)
    assert "delete from t" not in gateway.target.ran


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(MESSAGES, COPIES), max_size=40), CUTS)
def test_nothing_runs_at_the_target_that_was_not_permitted(
    messages: list[bytes], cuts: list[int]
) -> None:
    gateway = Gateway(refuse_deletes)
    for piece in in_pieces(b"".join(messages), cuts):
        if not gateway.closed:
            gateway.send(piece)
    assert "delete from t" not in gateway.target.ran


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS)
def test_nothing_is_sent_to_the_target_while_a_first_question_is_open(
    messages: list[bytes],
) -> None:
    gateway = Gateway(lambda question: None)
    for message in messages:
        if not gateway.closed:
            gateway.send(message)
    sent = cut_up(gateway.up[gateway.up_at_ready :])
    assert not {"Q", "P", "E"} & set(sent)


def cut_up(data: bytes) -> str:
    """Return the tags of a client's messages."""
    tags, at = "", 0
    while at < len(data):
        tags += chr(data[at])
        at += 1 + int.from_bytes(data[at + 1 : at + 5], "big")
    return tags


def summary(gateway: Gateway) -> tuple[bytes, bytes, list[Frame], list[str], bool]:
    """Return all that the outside saw."""
    asked = [question.text for question in gateway.asked]
    return gateway.client, gateway.up, gateway.frames, asked, bool(gateway.closed)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(MESSAGES, COPIES), max_size=25), CUTS, CUTS, st.booleans())
def test_cutting_the_bytes_differently_changes_nothing(
    messages: list[bytes], cuts: list[int], target_cuts: list[int], refuse: bool
) -> None:
    decide = refuse_deletes if refuse else permit
    data = b"".join(messages)
    whole = in_turns(decide, [data], [10**6])
    chopped = in_turns(decide, in_pieces(data, cuts), target_cuts)
    assert summary(whole) == summary(chopped)


def in_turns(decide: Decide, pieces: list[bytes], target_cuts: list[int]) -> Gateway:
    """Let the client say everything, then the target answer, and so on until all is said.

    What the target says while the client speaks would be another conversation, not another
    cut: after an error the rest of a pipeline is dropped.
    """
    gateway = Gateway(decide)
    gateway.talks = False
    mark = len(gateway.up)
    for piece in pieces:
        if not gateway.closed:
            gateway.send(piece)
    while not gateway.closed and mark < len(gateway.up):
        sent, mark = gateway.up[mark:], len(gateway.up)
        for piece in in_pieces(gateway.target.feed(sent), target_cuts):
            if not gateway.closed:
                gateway.reply(piece)
    return gateway


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["select 1", "delete from t", "begin", "commit"]).map(q),
            st.builds(
                lambda text, name: p(text, name) + b("x", name=name) + d() + e() + c(name) + S,
                st.sampled_from(["select 1", "delete from t"]),
                NAMES,
            ),
            st.just(q("copy t from stdin") + copy_data(b"x") * 40 + COPY_DONE),
        ),
        max_size=20,
    ),
    CUTS,
)
def test_with_everything_permitted_what_arrives_is_what_was_sent(
    messages: list[bytes], cuts: list[int]
) -> None:
    gateway = Gateway()
    data = b"".join(messages)
    for piece in in_pieces(data, cuts):
        gateway.send(piece)
    assert gateway.up[gateway.up_at_ready :] == data
    direct = Target()
    direct.started = True
    gateway_client = gateway.client
    assert gateway_client.endswith(direct.feed(data))


@settings(max_examples=150, deadline=None)
@given(CONVERSATIONS, st.data())
def test_any_bytes_end_in_steps(messages: list[bytes], data: st.DataObject) -> None:
    gateway = Gateway(refuse_deletes)
    limit = Limits()
    stream = bytearray(b"".join(messages))
    for _ in range(data.draw(st.integers(0, 3))):
        if stream:
            at = data.draw(st.integers(0, len(stream) - 1))
            stream[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    for piece in in_pieces(bytes(stream), data.draw(CUTS)):
        side = data.draw(st.sampled_from([Side.CLIENT, Side.CLIENT, Side.CLIENT, Side.TARGET]))
        noise = data.draw(st.binary(max_size=12)) if side is Side.TARGET else piece
        if gateway.closed:
            assert gateway.relay.feed(side, noise, gateway.now) == []
        else:
            gateway.perform(gateway.relay.feed(side, noise, gateway.now))
        assert gateway.relay.kept_bytes <= limit.message_bytes + 5 * limit.buffer_bytes


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), CUTS, st.booleans())
def test_any_first_bytes_end_in_steps(noise: bytes, cuts: list[int], valid: bool) -> None:
    gateway = Gateway(connect=False)
    start = startup({"user": "ana", "database": "shop"}) if valid else b""
    for piece in in_pieces(start + noise, cuts):
        if not gateway.closed:
            gateway.send(piece)
            assert gateway.relay.wake_at is not None or gateway.closed


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS, st.integers(1, 2000))
def test_what_is_kept_is_bounded(messages: list[bytes], repeat: int) -> None:
    limits = Limits(message_bytes=2000, buffer_bytes=1000, small_bytes=500)
    gateway = Gateway(lambda question: None, limits=limits)
    data = b"".join(messages)
    for _ in range(min(repeat, 1 + 40_000 // (len(data) + 1))):
        for piece in in_pieces(data, [97]):
            if not gateway.closed:
                gateway.send(piece)
                assert gateway.relay.kept_bytes <= 2000 + 5 * 1000
                assert gateway.relay.buffered_bytes <= gateway.relay.kept_bytes


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=100), CUTS)
def test_nothing_sent_before_tls_is_read_after_it(ahead: bytes, cuts: list[int]) -> None:
    gateway = Gateway(connect=False)
    request = b"\0\0\0\x08\x04\xd2\x16\x2f"
    gateway.send(request + ahead)
    assert gateway.closed
    assert gateway.questions == []
    later = Gateway(connect=False)
    later.send(request)
    later.send(ahead)
    assert later.closed
    assert later.questions == []


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS, CUTS, st.booleans())
def test_every_open_question_has_a_deadline_and_an_end(
    messages: list[bytes], cuts: list[int], hold: bool
) -> None:
    gateway = Gateway(lambda question: None)
    for piece in in_pieces(b"".join(messages), cuts):
        if not gateway.closed:
            gateway.send(piece)
    for _ in range(2000):
        if gateway.closed or not gateway.relay.buffered_bytes:
            break
        assert gateway.relay.wake_at is not None
        if hold:
            gateway.answer(Held(("held",), gateway.now, "req_1"))
        gateway.wait((gateway.relay.wake_at - gateway.now).total_seconds())
    else:
        raise AssertionError("it waits for ever")
    assert gateway.target.ran == []


@settings(max_examples=150, deadline=None)
@given(CONVERSATIONS, CUTS)
def test_a_refusal_leaves_the_next_message_in_sync(messages: list[bytes], cuts: list[int]) -> None:
    gateway = Gateway(refuse_deletes)
    for piece in in_pieces(b"".join(messages), cuts):
        if not gateway.closed:
            gateway.send(piece)
    if gateway.closed:
        cut_messages(gateway.client)
        return
    gateway.send(S)
    gateway.take()
    gateway.send(q("delete from t"))
    assert gateway.tags() == "EZ"
    gateway.send(q("rollback"))
    assert gateway.tags() == "CZ"
    gateway.send(q("select 1"))
    assert gateway.tags() == "TDDDCZ"


def test_the_damage_generators_produce_pipelines_that_run() -> None:
    gateway = Gateway(permit)
    gateway.send(p("delete from t", "s") + b(name="s") + e() + S + q("execute s"))
    assert gateway.target.ran == ["delete from t", "delete from t"]
    assert frame(b"S") == S
