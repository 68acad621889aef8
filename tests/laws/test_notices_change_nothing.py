"""Notices on a live connection: whenever one is said, the rest of the stream is the same."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assent.core.plugins import Answer, Authorize, Permitted, RefusalKind, Refused, Side
from assent.protocols.postgres import refusals
from assent.protocols.postgres.messages import frame
from postgres_peers import (
    COPY_DONE,
    Gateway,
    H,
    S,
    b,
    copy_data,
    cut_messages,
    d,
    e,
    fields,
    p,
    permit,
    q,
)

UNITS = st.one_of(
    st.sampled_from(
        ["select 1", "select fail", "delete from t", "begin", "commit", "rollback", "do something"]
    ).map(q),
    st.sampled_from(
        [
            p("select 1") + b() + d() + e() + S,
            p("select 1", "s") + H + b(name="s") + e() + S,
            p("badparse") + b() + e() + S,
            p("select 1") + b() + e() + H,
            e() + H,
            S,
            p("select 1") + b() + e() + p("delete from t") + b() + e() + S,
            q("copy t from stdin") + copy_data(b"x") * 5 + COPY_DONE,
            p("copy t from stdin") + b() + e() + S + copy_data(b"ab") + COPY_DONE + S,
        ]
    ),
)
SPOKEN = st.lists(st.integers(0, 60), max_size=12)
CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


def refused(question: Authorize) -> Answer:
    """Refuse what deletes."""
    if "delete" in question.text:
        return Refused(RefusalKind.DENIED, "no deletes")
    return Permitted("ent_1", epoch=0)


def talk(
    units: list[bytes], cuts: list[int], spoken: list[int], *, refusing: bool
) -> tuple[Gateway, int]:
    """Have a conversation, unit by unit, in pieces; before the n-th piece something is said.

    Return it with how often something was said.
    """
    gateway = Gateway(refused if refusing else permit)
    gateway.talks = False
    mark, turn, said = len(gateway.up), 0, 0

    def tick() -> None:
        nonlocal turn, said
        for _ in range(spoken.count(turn)):
            gateway.perform(gateway.relay.say((f"said {said}", "more"), gateway.now))
            said += 1
        turn += 1

    for unit in units:
        for side, data in ((Side.CLIENT, unit), (Side.TARGET, b"")):
            while not gateway.closed:
                if side is Side.TARGET:
                    sent, mark = gateway.up[mark:], len(gateway.up)
                    data = gateway.target.feed(sent)
                    if not data:
                        break
                at = number = 0
                while at < len(data) and not gateway.closed:
                    size = cuts[number % len(cuts)]
                    tick()
                    gateway.perform(gateway.relay.feed(side, data[at : at + size], gateway.now))
                    at, number = at + size, number + 1
                if side is Side.CLIENT:
                    break
    return gateway, said


def without_notices(data: bytes) -> tuple[bytes, list[str]]:
    """Return a client's stream without what was said, and what was said."""
    rest, said = b"", []
    for tag, body in cut_messages(data):
        if tag == "N" and fields(body)["C"] == refusals.TOLD:
            said.append(fields(body)["M"])
        else:
            rest += frame(tag.encode(), body)
    return rest, said


@settings(max_examples=300, deadline=None)
@given(st.lists(UNITS, max_size=8), CUTS, SPOKEN, st.booleans())
def test_a_stream_without_the_notices_is_what_it_would_have_been(
    units: list[bytes], cuts: list[int], spoken: list[int], refusing: bool
) -> None:
    quiet, _ = talk(units, cuts, [], refusing=refusing)
    told, _ = talk(units, cuts, spoken, refusing=refusing)
    rest, said = without_notices(told.client)
    assert rest == quiet.client
    assert told.up == quiet.up
    assert told.frames == quiet.frames
    assert said == [f"said {number}" for number in range(len(said))]


@settings(max_examples=300, deadline=None)
@given(st.lists(UNITS, max_size=8), CUTS, SPOKEN)
def test_what_was_said_is_heard_before_the_client_is_asked_for_more(
    units: list[bytes], cuts: list[int], spoken: list[int]
) -> None:
    gateway, number = talk(units, cuts, spoken, refusing=True)
    gateway.talks = True
    assume(not gateway.closed)
    gateway.perform(gateway.relay.say(("the last",), gateway.now))
    before = gateway.client.count(b"Z\0\0\0\5")
    gateway.send(S)
    # Unless it still copies, or has ended, it is asked for more now.
    assume(gateway.client.count(b"Z\0\0\0\5") > before)
    said = without_notices(gateway.client)[1]
    assert said == [*(f"said {each}" for each in range(number)), "the last"]
    # What waits for a ReadyForQuery came before it: nothing is left once it is there.
    assert gateway.relay.say((), gateway.now) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(UNITS, min_size=1, max_size=4), CUTS, st.integers(0, 25))
def test_nothing_is_said_in_the_middle_of_a_result(
    units: list[bytes], cuts: list[int], when: int
) -> None:
    gateway, _ = talk(units, cuts, [when], refusing=False)
    tags = "".join(
        "!" if tag == "N" and fields(body)["C"] == refusals.TOLD else tag
        for tag, body in cut_messages(gateway.client)
    )
    for between in ("T!", "D!", "G!"):
        assert between not in tags
