"""The hot path is only a short cut: it leads to what the messages one by one lead to."""

import struct
from collections.abc import Sequence
from datetime import timedelta
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.action import Phase
from assent.core.frame import Frame
from assent.core.plugins import Answer, Authorize, Permitted, RefusalKind, Refused, Step
from assent.protocols.postgres.at_once import AtOnce
from assent.protocols.postgres.limits import DEFAULT_LIMITS, Limits
from assent.protocols.postgres.messages import frame
from assent.protocols.postgres.target_side import TargetSide
from postgres_peers import NOW, Gateway, H, S, c, cut_messages, d, e, p, q

NAMES = st.sampled_from(["", "s", "r"])
TEXTS = st.sampled_from(
    [
        "select 1",
        "select 2",
        "select 'a', 'b'",
        "select 'copy', 'stdin'",
        "select fail",
        "select 'é'",
        "delete from t",
        "badparse",
    ]
)
QUERIES = st.sampled_from(
    [
        "select 1",
        "select 'copy', 'stdin'",
        "begin",
        "commit",
        "rollback",
        "prepare s as delete from t",
        "prepare r as select 1",
        "deallocate s",
        "execute s",
        "close c",
        "do something",
    ]
)
VALUES = st.one_of(st.none(), st.sampled_from([b"7", b"", b"\xff", "é".encode(), b"x" * 70]))
FORMATS = st.lists(st.sampled_from([0, 0, 1, 256]), max_size=3)


def bind(
    name: str, portal: str, formats: Sequence[int], values: Sequence[bytes | None], results: int
) -> bytes:
    """Return a Bind with all that it can have, whether it fits together or not."""
    body = portal.encode() + b"\0" + name.encode() + b"\0"
    body += struct.pack(f"!H{len(formats)}H", len(formats), *formats)
    body += struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1 if value is None else len(value)) + (value or b"")
    return frame(b"B", body + struct.pack("!H", results) + b"\0\1" * results)


def group(
    text: str | None,
    name: str,
    bound_name: str | None,
    portal: str,
    formats: Sequence[int],
    values: Sequence[bytes | None],
    results: int,
    describe: bytes,
    rows: int,
) -> bytes:
    """Return a group as drivers send it. bound_name: None for the name that was parsed."""
    parsed = b"" if text is None else p(text, name)
    bound = bind(name if bound_name is None else bound_name, portal, formats, values, results)
    return parsed + bound + describe + e(portal, rows) + S


GROUPS = st.builds(
    group,
    st.one_of(st.none(), TEXTS),
    NAMES,
    st.one_of(st.none(), st.none(), NAMES),
    st.sampled_from(["", "", "", "c"]),
    FORMATS,
    st.lists(VALUES, max_size=3),
    st.integers(0, 2),
    st.sampled_from([b"", d(), d(), d("c"), frame(b"D", b"S\0"), frame(b"D", b"Ss\0")]),
    st.sampled_from([0, 0, 1]),
)
USUAL = st.builds(
    lambda text, name, values, describe: group(
        text, name, None, "", [], values, 0, d() if describe else b"", 0
    ),
    st.one_of(st.none(), TEXTS),
    NAMES,
    st.lists(VALUES, max_size=3),
    st.booleans(),
)
UNITS = st.one_of(
    USUAL,
    USUAL,
    USUAL,
    GROUPS,
    QUERIES.map(q),
    st.builds(lambda text, name: p(text, name) + S, TEXTS, NAMES),
    st.builds(lambda name: c(name) + S, NAMES),
    st.just(e() + S),
    st.just(e("c", 1) + S),
    st.tuples(USUAL, USUAL).map(b"".join),
    USUAL.map(lambda unit: unit[: -len(S)] + H),
)
# What happens besides: the epoch moves, time passes, the target reports another search_path.
EVENTS = st.sampled_from(["epoch", "time", "path", "notice"])
LIMITS = st.sampled_from(
    [DEFAULT_LIMITS, DEFAULT_LIMITS, Limits(message_bytes=60, parameter_bytes=3, names=1)]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a unit of which some bytes are others, gone or new."""
    unit = bytearray(draw(st.one_of(USUAL, GROUPS)))
    at = draw(st.integers(0, len(unit) - 1))
    new = draw(st.sampled_from([b"", b"\0", b"\1", b"\xff", b"PBDES", b"\0\0"]))
    unit[at : at + draw(st.integers(0, 2))] = new
    return bytes(unit)


class Watched(Gateway):
    """A gateway that keeps each list of steps, and whose target can say more than it should."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.log: list[list[Step]] = []
        self.also = b""
        super().__init__(self._decided, limits=limits)

    def _decided(self, question: Authorize) -> Answer:
        deletes = any(touch.verb == "sql.delete" for touch in question.statement.touches)
        if deletes and question.phase is Phase.EXECUTE:
            return Refused(RefusalKind.DENIED, "no deletes")
        # `do` is understood by nobody, and permitted: the names after it are in doubt.
        if not question.statement.complete and not question.text.startswith("do"):
            return Refused(RefusalKind.DENIED, "not understood")
        until = self.now + timedelta(seconds=60)
        return Permitted("ent_1", "req_1", epoch=self.epoch.value, reuse_until=until)

    def perform(self, steps: Sequence[Step]) -> None:
        """Keep the steps, and do them."""
        self.log.append(list(steps))
        super().perform(steps)

    def reply(self, data: bytes) -> None:
        """Send as the target, and before it what the target also has to say."""
        also, self.also = self.also, b""
        if not self.closed:
            super().reply(also + data)

    def live(self, happening: bytes | str) -> None:
        """Let the client send a chunk, or something else happen."""
        if self.closed:
            return
        match happening:
            case bytes():
                self.send(happening)
            case "epoch":
                self.epoch.bump()
            case "time":
                self.wait(61)
            case "path":
                self.also = frame(b"S", b"search_path\0public\0") + frame(
                    b"S", b"search_path\0other\0"
                )
            case _:
                self.also = frame(b"N", b"\0")

    def state(self) -> object:
        """Return all that later decisions rest on."""
        conversation = self.relay._conversation
        assert conversation is not None
        exchange = conversation._exchange
        names = exchange.names
        return (
            {name: known.text for name, known in names._statements.items()},
            {
                name: (portal.prepared.text, portal.parameters(), portal.permitted)
                for name, portal in names._portals.items()
            },
            (names.portal_generation, names.statement_generation, exchange.sequence),
            (exchange.status, exchange.unfinished, exchange.read_position, exchange.tail),
            (exchange.unit is None, exchange.stream.position + exchange.stream.passed),
        )


def lived(limits: Limits, happenings: Sequence[bytes | str]) -> Watched:
    """Return a gateway after all of that."""
    gateway = Watched(limits)
    for happening in happenings:
        gateway.live(happening)
    return gateway


def lived_slowly(limits: Limits, happenings: Sequence[bytes | str]) -> Watched:
    """Return a gateway after all of that, with every message looked at by itself."""
    with (
        patch.object(AtOnce, "passes", lambda *_: False),
        patch.object(TargetSide, "_passes_at_once", lambda *_: False),
    ):
        return lived(limits, happenings)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(UNITS, UNITS, UNITS, damaged(), EVENTS), min_size=2, max_size=14), LIMITS)
def test_what_passes_at_once_leads_to_the_same_as_its_messages_one_by_one(
    happenings: list[bytes | str], limits: Limits
) -> None:
    fast, slow = lived(limits, happenings), lived_slowly(limits, happenings)
    assert fast.log == slow.log
    assert fast.state() == slow.state()
    assert "delete from t" not in fast.target.ran


ANSWERS = st.lists(
    st.sampled_from(
        [
            frame(b"1"),
            frame(b"2"),
            frame(b"3"),
            frame(b"T", b"\0\0"),
            frame(b"n"),
            frame(b"D", b"\0\1\0\0\0\1x"),
            frame(b"D", b"\0\1\0\0\0\1x") * 5,
            frame(b"D", b"\0\1\0\0\0\6Z\0\0\0\5I"),
            frame(b"C", b"SELECT 3\0"),
            frame(b"C", b"BEGIN\0"),
            frame(b"I"),
            frame(b"s"),
            frame(b"E", b"SERROR\0C22012\0Mno\0\0"),
            frame(b"S", b"a\0b\0"),
            frame(b"Z", b"I"),
            frame(b"Z", b"T"),
            frame(b"Z", b"?"),
            b"D\0\0\0\1",
            b"Z\0\0\0\5",
        ]
    ),
    max_size=7,
).map(b"".join)
LIKELY = st.builds(
    lambda before, description, rows, tag, status: (
        before
        + description
        + frame(b"D", b"\0\1\0\0\0\1x") * rows
        + frame(b"C", tag + b"\0")
        + frame(b"Z", status)
    ),
    st.sampled_from([b"", frame(b"2"), frame(b"1") + frame(b"2")]),
    st.sampled_from([b"", frame(b"n"), frame(b"T", b"\0\0")]),
    st.integers(0, 40),
    st.sampled_from([b"SELECT 3", b"BEGIN", b"INSERT 0 1"]),
    st.sampled_from([b"I", b"T", b"E"]),
)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(USUAL, USUAL, GROUPS, QUERIES.map(q)), st.one_of(LIKELY, ANSWERS)),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_a_target_answers_leads_to_the_same_at_once_as_one_by_one(
    turns: list[tuple[bytes, bytes]],
) -> None:
    def spoken() -> Watched:
        gateway = Watched()
        gateway.talks = False
        for sent, answered in turns:
            gateway.live(sent)
            if not gateway.closed and answered:
                gateway.reply(answered)
        return gateway

    fast = spoken()
    with (
        patch.object(AtOnce, "passes", lambda *_: False),
        patch.object(TargetSide, "_passes_at_once", lambda *_: False),
    ):
        slow = spoken()
    assert fast.log == slow.log
    assert fast.state() == slow.state()


def seen(gateway: Watched) -> tuple[bytes, bytes, list[Frame], list[Authorize], object]:
    """Return all that the outside saw, and what is left of it."""
    state = None if gateway.closed else gateway.state()
    return gateway.client, gateway.up, gateway.frames, gateway.asked, state


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(USUAL, USUAL, GROUPS, QUERIES.map(q)), min_size=2, max_size=10),
    st.lists(st.integers(1, 80), min_size=1, max_size=6),
)
def test_a_unit_that_is_cut_leads_to_the_same_as_one_that_passes_at_once(
    units: list[bytes], cuts: list[int]
) -> None:
    whole, cut = Watched(), Watched()
    for gateway in (whole, cut):
        gateway.talks = False
    for turn, unit in enumerate(units):
        at = cuts[turn % len(cuts)] % len(unit)
        for gateway, pieces in ((whole, [unit]), (cut, [unit[:at], unit[at:]])):
            mark = len(gateway.up)
            for piece in pieces:
                if piece and not gateway.closed:
                    gateway.send(piece)
            while not gateway.closed and mark < len(gateway.up):
                sent, mark = gateway.up[mark:], len(gateway.up)
                answered = gateway.target.feed(sent)
                middle = len(answered) // 2 if gateway is cut else 0
                for part in (answered[:middle], answered[middle:]):
                    if part and not gateway.closed:
                        gateway.reply(part)
    assert seen(whole) == seen(cut)


def test_the_generators_reach_the_hot_path() -> None:
    gateway = Watched()
    unit = group("select 1", "s", None, "", [], [b"7"], 0, d(), 0)
    gateway.live(unit)
    gateway.live(group(None, "s", None, "", [], [b"8"], 0, d(), 0))
    asked = len(gateway.asked)
    gateway.live(group(None, "s", None, "", [], [b"9"], 0, b"", 0))
    assert len(gateway.asked) == asked
    assert [tag for tag, _ in cut_messages(gateway.client)][-6:] == ["2", "D", "D", "D", "C", "Z"]
    assert gateway.now == NOW
