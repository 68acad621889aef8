"""Laws of recordings: what was recorded comes back, and whatever was changed is found."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assent.core.frame import Frame, MarkFrame, ResultFrame, StatementFrame
from assent.core.ids import SessionId
from assent.recording.frames import LONGEST_TEXT, decode, encode
from assent.recording.journal import frame_line, line_start, read_journals
from assent.recording.segment import Segment, seal, verify_segments

SESSION = SessionId("ses_1")
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
texts = st.text(max_size=200)
any_texts = st.text(st.characters(exclude_categories=()), max_size=200)
instants = st.datetimes(timezones=st.just(UTC))
sequences = st.integers(0, 2**31)
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(
        StatementFrame,
        sequences,
        instants,
        texts,
        st.lists(st.none() | texts, max_size=4).map(tuple),
        texts,
        texts,
        texts,
    ),
    st.builds(
        ResultFrame, sequences, instants, sequences, st.integers(-1, 2**31), sequences, texts
    ),
    st.builds(MarkFrame, sequences, instants, texts, texts),
)


@given(frames)
def test_a_frame_comes_back_as_it_was(frame: Frame) -> None:
    back = decode(encode(frame))
    assert "cut" not in back
    for name in frame.__slots__:
        value = getattr(frame, name)
        if name == "at":
            assert datetime.fromisoformat(str(back["at"])) == value
        else:
            assert back[name] == (list(value) if isinstance(value, tuple) else value)


@given(any_texts, st.integers(1, 3 * LONGEST_TEXT), st.lists(st.none() | any_texts, max_size=3))
def test_any_text_is_recorded_and_bounded(
    text: str, times: int, parameters: list[str | None]
) -> None:
    repeated = (text * times)[: 3 * LONGEST_TEXT]
    frame = StatementFrame(1, NOW, repeated, tuple(parameters), "permit", "ent_1")
    back = decode(encode(frame))
    shown = back["text"]
    assert isinstance(shown, str)
    assert len(shown.encode()) <= LONGEST_TEXT
    assert shown == repeated or "cut" in back


@given(st.lists(frames, min_size=1, max_size=8), st.data())
def test_a_journal_cut_anywhere_keeps_every_line_before_the_cut(
    recorded: list[Frame], data: st.DataObject
) -> None:
    start = line_start(SESSION)
    lines = [frame_line(start, number, encode(frame)) for number, frame in enumerate(recorded, 1)]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    found = read_journals([whole[:cut]])
    kept = found.sessions[SESSION].frames if found.sessions else {}
    complete = sum(len(b"".join(lines[:end])) - 1 <= cut for end in range(1, len(lines) + 1))
    assert list(kept.values()) == [encode(frame) for frame in recorded[:complete]]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_any_flipped_bit_is_found(sizes: list[int], data: st.DataObject) -> None:
    segments: list[Segment] = []
    sequence, previous, first = 0, "", 1
    for number, size in enumerate(sizes, 1):
        lines = []
        for _ in range(size):
            sequence += 1
            lines.append(encode(StatementFrame(sequence, NOW, "select 1", (), "permit", "ent_1")))
        segments.append(seal(SESSION, number, previous, first, lines))
        previous, first = segments[-1].digest, first + size
    digests = [segment.digest for segment in segments]
    stored = [bytearray(segment.data) for segment in segments]
    assert verify_segments(SESSION, [bytes(item) for item in stored], digests) == ()
    chosen = data.draw(st.sampled_from(stored))
    chosen[data.draw(st.integers(0, len(chosen) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert verify_segments(SESSION, [bytes(item) for item in stored], digests) != ()
