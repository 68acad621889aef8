"""Laws of recordings: what was recorded comes back, and whatever was changed is found."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.audit.sealing import about_segment, open_sealed
from assent.audit.sealing import seal as seal_bytes
from assent.core.frame import (
    Frame,
    InputFrame,
    MarkFrame,
    OutputFrame,
    ResizeFrame,
    ResultFrame,
    StatementFrame,
)
from assent.core.ids import DataKeyId, SessionId
from assent.core.secret import Secret
from assent.recording.checking import Found, verify_segments
from assent.recording.frames import LONGEST_TEXT, decode, encode
from assent.recording.journal import (
    JournalCipher,
    frame_line,
    header_line,
    line_start,
    opened,
    read_journals,
)
from assent.recording.segment import Segment, seal
from recording_world import ANA, ONE, RecordingWorld, abandon

SESSION = SessionId("ses_1")
KEY = Secret(b"k" * 32)
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
    st.builds(OutputFrame, sequences, instants, texts),
    st.builds(InputFrame, sequences, instants, texts),
    st.builds(ResizeFrame, sequences, instants, st.integers(1, 10_000), st.integers(1, 10_000)),
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
def test_a_journal_cut_anywhere_keeps_every_record_before_the_cut(
    recorded: list[Frame], data: st.DataObject
) -> None:
    start = line_start(SESSION)
    cipher = JournalCipher(KEY, 1)
    head = header_line(1, b"")
    records = [
        cipher.seal(frame_line(start, number, encode(frame)))
        for number, frame in enumerate(recorded, 1)
    ]
    whole = head + b"".join(records)
    cut = data.draw(st.integers(len(head), len(whole)))
    lines, _ = opened(whole[:cut], JournalCipher(KEY, 1))
    found = read_journals([lines])
    kept = found.sessions[SESSION].frames if found.sessions else {}
    ends = [len(head) + len(b"".join(records[:end])) - 1 for end in range(1, len(records) + 1)]
    complete = sum(end <= cut for end in ends)
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
        segments.append(seal(SESSION, number, previous, first, lines, key="dek", encrypt=encrypt))
        previous, first = segments[-1].facts.digest, first + size
    logged = [segment.facts for segment in segments]
    stored = {segment.facts.number: segment.data for segment in segments}
    assert verify_segments(SESSION, looked_at(stored), logged) == ()
    chosen = data.draw(st.sampled_from(sorted(stored)))
    changed = bytearray(stored[chosen])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    problems = verify_segments(SESSION, looked_at({**stored, chosen: bytes(changed)}), logged)
    assert problems[0] == f"segment {chosen}: its digest is not the one in the log"


@given(st.permutations([1, 2, 3]))
def test_segments_open_in_their_own_place_only(order: list[int]) -> None:
    lines = [encode(MarkFrame(0, NOW, "held"))]
    segments = [
        seal(SESSION, number, "", number, lines, key="dek", encrypt=encrypt) for number in (1, 2, 3)
    ]
    stored = {place: segments[taken - 1].data for place, taken in enumerate(order, 1)}
    for place, found in looked_at(stored).items():
        assert (found.plain is not None) == (order[place - 1] == place)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(frames, st.sampled_from(["", "seal", "sync", "crash"])), max_size=12))
def test_what_is_recorded_is_what_is_read_back(steps: list[tuple[Frame, str]]) -> None:
    asyncio.run(_lived_through(steps))


async def _lived_through(steps: list[tuple[Frame, str]]) -> None:
    world = RecordingWorld()
    expected = [decode(encode(frame)) for frame, _ in steps]
    with TemporaryDirectory() as folder:
        recorder = await world.recorder(Path(folder))
        session = ONE
        recorder.open(session, ANA)
        done: list[tuple[SessionId, int]] = [(session, 0)]
        for frame, then in steps:
            recorder.record(session, frame)
            done[-1] = (session, done[-1][1] + 1)
            if then == "seal":
                await recorder.seal_all(ANA)
            elif then in {"sync", "crash"}:
                await recorder.sync()
            if then == "crash":
                abandon(recorder)
                recorder = await world.recorder(Path(folder))
                await recorder.recover()
                # A session ends with its process; what comes next is another one.
                session = SessionId(f"ses_{len(done) + 1}")
                recorder.open(session, ANA)
                done.append((session, 0))
        back = []
        for one, count in done:
            back += await recorder.frames(one)
            ended = await recorder.close(one)
            assert ended.frames == count
            found = await world.problems(recorder, one, ended)
            # Any frames are recorded here, not only those whose statements are in order.
            assert [words for words in found if "statement" not in words] == []
        assert back == expected
        await recorder.stop()


def encrypt(session: SessionId, number: int, plain: bytes) -> bytes:
    nonce = number.to_bytes(12, "big")
    return seal_bytes(plain, DataKeyId("dek"), KEY, nonce, about_segment(session, number))


def looked_at(stored: dict[int, bytes]) -> dict[int, Found]:
    found = {}
    for number, data in stored.items():
        try:
            plain = open_sealed(data, KEY, about_segment(SESSION, number))
            found[number] = Found(data, plain)
        except ValueError as error:
            found[number] = Found(data, None, str(error))
    return found
