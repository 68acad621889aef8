"""Unit tests of stores/recordings/recorder.py, on real files."""

import asyncio
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import recording_world
from assent.audit.sealing import key_of, open_sealed
from assent.core.entry import EntryKind
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.frame import MarkFrame, Recorded
from assent.core.ids import DataKeyId, SessionId
from assent.core.secret import Secret
from assent.recording.frames import encode
from assent.recording.journal import (
    JournalCipher,
    frame_line,
    header_of,
    line_start,
    opened,
    sealed_line,
)
from assent.recording.segment import LARGEST_BYTES, compose
from assent.stores.recordings import FileRecorder
from assent.stores.recordings import recorder as recorder_module
from assent.stores.recordings.journal_files import ABOUT_JOURNAL_KEY
from assent.stores.recordings.pace import LONGEST_BEHIND_S
from assent.stores.recordings.timeline import SEAL_AFTER_S
from recording_world import (
    ANA,
    NOW,
    ONE,
    TWO,
    Keys,
    RecordingWorld,
    abandon,
    result,
    running,
    statement,
    until,
)


def journals(folder: Path) -> list[bytes]:
    """Return the lines of each journal, opened."""
    opened_lines = []
    for path in sorted(folder.glob("journal-*.jsonl")):
        data = path.read_bytes()
        header = header_of(data)
        assert header is not None
        name = key_of(header.key)
        assert name is not None
        key = open_sealed(header.key, Keys()._key(name), ABOUT_JOURNAL_KEY)
        lines, damaged = opened(data, JournalCipher(Secret(key), header.generation))
        assert damaged == 0
        opened_lines.append(lines)
    return opened_lines


async def whole(world: RecordingWorld, recorder: FileRecorder, session: SessionId) -> bool:
    return await world.problems(recorder, session) == ()


async def sequences(recorder: FileRecorder, session: SessionId) -> list[object]:
    return [frame["sequence"] for frame in await recorder.frames(session)]


async def test_a_statement_is_in_the_file_when_record_returns(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    assert b'"text":"select 1"' in journals(tmp_path)[0]
    await recorder.stop()


async def test_a_result_goes_with_the_next_write_and_keeps_its_place(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, result(1))
    assert journals(tmp_path) == [b""]
    recorder.record(ONE, MarkFrame(1, NOW, "held"))
    first, second, _ = journals(tmp_path)[0].split(b"\n")
    assert b'"number":1,"frame":{"sequence":1' in first
    assert b'"kind":"mark"' in second
    await recorder.stop()


async def test_many_results_do_not_wait_without_end(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    for number in range(600):
        recorder.record(ONE, result(number))
    assert len(journals(tmp_path)[0]) > 32 * 1024
    await recorder.stop()


async def test_what_is_written_is_synced_soon(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    async with running(recorder):
        recorder.record(ONE, statement(1))
        recorder.record(ONE, result(1))
        assert recorder._oldest == world.at
        await until(lambda: recorder._oldest == float("inf"))
    assert b'"kind":"result"' in journals(tmp_path)[0]
    await recorder.stop()


async def test_closing_a_session_seals_it_into_the_log(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    recorder.record(ONE, result(1))
    await recorder.close(ONE)
    (entry,) = world.log
    assert (entry.kind, entry.session) == (EntryKind.SESSION_SEGMENT, ONE)
    assert (entry.facts["number"], entry.facts["frames"]) == (1, 2)
    assert await whole(world, recorder, ONE)
    assert await sequences(recorder, ONE) == [1, 1]
    await recorder.stop()


async def test_a_session_without_frames_leaves_nothing(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    await recorder.close(ONE)
    await recorder.close(ONE)
    await recorder.stop()
    assert world.log == []
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


async def test_frames_that_are_many_are_sealed_while_the_session_goes_on(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    async with running(recorder):
        for number in range(1, LARGEST_BYTES // 4000 + 2):
            recorder.record(ONE, statement(number, "x" * 4000))
        await until(lambda: world.log)
    recorder.record(ONE, statement(number + 1))
    assert await sequences(recorder, ONE) == list(range(1, number + 2))
    await recorder.close(ONE)
    assert len(world.log) == 2
    assert await whole(world, recorder, ONE)
    await recorder.stop()


async def test_frames_that_are_old_are_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "SWEEP_EVERY_S", 0.01)
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    await recorder.sync()
    world.at += SEAL_AFTER_S
    async with running(recorder):
        await until(lambda: world.log)
    await recorder.stop()


async def test_sessions_do_not_mix(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    for session in (ONE, TWO):
        recorder.open(session, ANA)
    for number in range(1, 4):
        recorder.record(ONE, statement(number, "one"))
        recorder.record(TWO, statement(number, "two"))
    await recorder.close(ONE)
    assert {str(frame["text"]) for frame in await recorder.frames(ONE)} == {"one"}
    assert {str(frame["text"]) for frame in await recorder.frames(TWO)} == {"two"}
    await recorder.stop()
    assert await whole(world, recorder, TWO)


async def test_a_session_that_is_not_open_cannot_be_recorded(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    with pytest.raises(OutsideFault, match="is not open"):
        recorder.record(ONE, statement(1))
    assert await recorder.frames(ONE) == []
    await recorder.stop()


async def test_a_session_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    with pytest.raises(ValueError, match="no id of a session"):
        recorder.open(SessionId("../ses_1"), ANA)
    assert await recorder.frames(SessionId("../ses_1")) == []
    await recorder.stop()


async def test_a_full_disk_refuses_the_frame_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    before = journals(tmp_path)
    write = os.write
    with monkeypatch.context() as patched:
        # Half of it fits: what was written of the line must not stay.
        patched.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
        with pytest.raises(OutsideFault, match="cannot be written") as caught:
            recorder.record(ONE, statement(2))
    assert caught.value.code == "recording-unavailable"
    assert journals(tmp_path) == before
    recorder.record(ONE, statement(2))
    await recorder.close(ONE)
    assert await sequences(recorder, ONE) == [1, 2]
    assert await whole(world, recorder, ONE)
    await recorder.stop()


async def test_a_disk_that_falls_behind_lets_sessions_wait(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    assert not recorder.behind
    world.at += 0.1
    recorder.record(ONE, result(1))
    assert recorder.behind
    waiting = asyncio.ensure_future(recorder.ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    await recorder.sync()
    await waiting
    assert not recorder.behind
    await recorder.stop()


async def test_a_disk_that_stays_behind_ends_sessions(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    world.at += 0.1
    recorder.record(ONE, result(1))
    world.at += LONGEST_BEHIND_S
    with pytest.raises(OutsideFault, match="fallen behind"):
        recorder.record(ONE, result(1))
    with pytest.raises(OutsideFault, match="fallen behind"):
        await recorder.ready()
    await recorder.sync()
    recorder.record(ONE, statement(2))
    await recorder.stop()


async def test_a_sync_that_hangs_is_noticed_while_nobody_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LATE_S", 0.01)
    goes_on = threading.Event()
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", lambda file: goes_on.wait(10))
        syncing = asyncio.ensure_future(recorder.sync())
        await until(lambda: recorder.behind)
        goes_on.set()
        await syncing
    assert not recorder.behind
    await recorder.stop()


async def test_a_session_that_is_not_sealed_fast_enough_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LARGEST_BYTES", 400)
    monkeypatch.setattr(recorder_module, "MANY_UNSEALED", 400)
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    for number in range(1, 5):
        recorder.record(ONE, statement(number))
    assert recorder.behind
    await recorder.close(ONE)
    assert not recorder.behind
    await recorder.stop()


async def test_a_failed_sync_stops_recording_until_all_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    recorder.record(ONE, result(1))

    def fail(file: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        for _ in range(2):
            await recorder.sync()
            with pytest.raises(OutsideFault, match="cannot be synced"):
                recorder.record(ONE, statement(2))
    await recorder.sync()
    recorder.record(ONE, statement(2))
    (journal,) = journals(tmp_path)
    assert journal.count(b'"number":1,') == journal.count(b'"number":3,') == 1
    await recorder.close(ONE)
    assert await sequences(recorder, ONE) == [1, 1, 2]
    await recorder.stop()


async def test_a_log_that_is_away_delays_the_seal_and_changes_no_byte_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "SWEEP_EVERY_S", 0.01)
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    world.is_away = True
    await recorder.close(ONE)
    assert world.log == []
    assert await sequences(recorder, ONE) == [1]
    world.is_away = False
    async with running(recorder):
        await until(lambda: world.log)
    assert await whole(world, recorder, ONE)
    await recorder.stop()


async def test_a_session_that_cannot_be_sealed_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MOST_UNSEALED", 500)
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    for number in range(1, 5):
        recorder.record(ONE, statement(number))
    with pytest.raises(OutsideFault, match="cannot be sealed"):
        recorder.record(ONE, statement(5))
    await recorder.stop()


async def test_a_journal_is_renewed_and_deleted_when_all_in_it_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LARGEST_JOURNAL", 100)
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.open(TWO, ANA)
    recorder.record(ONE, statement(1))
    recorder.record(ONE, result(1))
    await recorder.sync()
    recorder.record(TWO, statement(1))
    assert [data.count(b"\n") for data in journals(tmp_path)] == [2, 1]
    await recorder.close(ONE)
    assert len(journals(tmp_path)) == 1
    await recorder.stop()
    assert journals(tmp_path) == []


async def test_a_second_process_cannot_take_the_folder(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    with pytest.raises(OperatorFault, match="another process"):
        await RecordingWorld().recorder(tmp_path)
    await recorder.stop()
    await (await RecordingWorld().recorder(tmp_path)).stop()


async def test_what_a_stopped_process_left_is_sealed_at_the_next_start(tmp_path: Path) -> None:
    world = RecordingWorld()
    killed = await world.recorder(tmp_path)
    for session in (ONE, TWO):
        killed.open(session, ANA)
        killed.record(session, statement(1))
    killed.record(TWO, statement(2))
    await killed.close(ONE)
    abandon(killed)

    recorder = await world.recorder(tmp_path)
    await recorder.recover()
    assert [(entry.session, entry.facts.get("recovered")) for entry in world.log] == [
        (ONE, None),
        (TWO, True),
    ]
    for session in (ONE, TWO):
        assert await whole(world, recorder, session)
    assert await sequences(recorder, TWO) == [1, 2]
    await recorder.recover()
    assert len(world.log) == 2
    await recorder.stop()


async def test_a_segment_that_never_came_into_the_log_is_logged_after_a_crash(
    tmp_path: Path,
) -> None:
    world = RecordingWorld()
    killed = await world.recorder(tmp_path)
    killed.open(ONE, ANA)
    killed.record(ONE, statement(1))
    world.is_away = True
    await killed.close(ONE)
    abandon(killed)
    assert world.log == []
    world.is_away = False
    recorder = await world.recorder(tmp_path)
    await recorder.recover()
    (entry,) = world.log
    assert (entry.facts["number"], entry.facts["recovered"]) == (1, True)
    assert await whole(world, recorder, ONE)
    await recorder.stop()


async def test_a_seal_whose_mark_was_written_is_not_logged_again(tmp_path: Path) -> None:
    world = RecordingWorld()
    killed = await world.recorder(tmp_path)
    killed.open(ONE, ANA)
    killed.open(TWO, ANA)
    killed.record(ONE, statement(1))
    await killed.close(ONE)
    killed.record(TWO, statement(1))
    abandon(killed)
    recorder = await world.recorder(tmp_path)
    await recorder.recover()
    assert [entry.session for entry in world.log] == [ONE, TWO]
    await recorder.stop()


async def test_a_recovery_that_fails_can_be_tried_again(tmp_path: Path) -> None:
    world = RecordingWorld()
    killed = await world.recorder(tmp_path)
    killed.open(ONE, ANA)
    killed.record(ONE, statement(1))
    abandon(killed)
    recorder = await world.recorder(tmp_path)
    world.is_away = True
    with pytest.raises(OutsideFault):
        await recorder.recover()
    world.is_away = False
    await recorder.recover()
    assert await whole(world, recorder, ONE)
    await recorder.stop()


async def test_frames_survive_kill_minus_nine(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
from pathlib import Path
from recording_world import ANA, ONE, RecordingWorld, statement

async def main():
    recorder = await RecordingWorld().recorder(Path({str(tmp_path)!r}))
    recorder.open(ONE, ANA)
    for number in range(1, 101):
        recorder.record(ONE, statement(number))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    tests = str(Path(recording_world.__file__).parent)
    killed = subprocess.run(
        [sys.executable, "-c", program], check=False, env={**os.environ, "PYTHONPATH": tests}
    )
    assert killed.returncode == -9
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    await recorder.recover()
    assert await sequences(recorder, ONE) == list(range(1, 101))
    assert await whole(world, recorder, ONE)
    await recorder.stop()


async def test_a_damaged_segment_is_said_to_be_damaged(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    await recorder.close(ONE)
    (tmp_path / ONE / "000001.segment").write_bytes(b"x")
    with pytest.raises(OutsideFault, match="is damaged: segment 1"):
        await recorder.frames(ONE)
    await recorder.stop()


async def test_files_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    recorder = await RecordingWorld().recorder(folder)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    await recorder.close(ONE)
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    await recorder.stop()


async def test_no_statement_can_be_read_in_any_file(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    for session in (ONE, TWO):
        recorder.open(session, ANA)
        recorder.record(session, statement(1, "select very_secret from orders"))
        recorder.record(session, result(1))
    await recorder.close(ONE)
    await recorder.sync()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"very_secret" not in path.read_bytes(), path
            assert b"select" not in path.read_bytes(), path
    assert [frame["text"] for frame in await recorder.frames(TWO) if "text" in frame] == [
        "select very_secret from orders"
    ]
    await recorder.stop()


async def test_the_end_of_a_session_says_how_much_there_is(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    recorder.record(ONE, result(1))
    ended = await recorder.close(ONE)
    assert ended == await recorder.close(ONE) == Recorded(2, 1)
    assert await world.problems(recorder, ONE, ended) == ()
    assert await recorder.close(TWO) == Recorded(0, 0)
    await recorder.stop()


async def test_of_what_could_not_be_sealed_the_end_says_the_frames_only(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    world.keys.is_away = True
    assert await recorder.close(ONE) == Recorded(1, None)
    world.keys.is_away = False
    assert await recorder.close(ONE) == Recorded(1, 1)
    await recorder.stop()


async def test_a_segment_is_under_the_key_of_its_person(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    await recorder.close(ONE)
    (entry,) = world.log
    assert (entry.subject, entry.facts["key"]) == (ANA, "dek_sub_ana_1")
    data = await recorder.segment(ONE, 1)
    assert data is not None
    assert key_of(data) == "dek_sub_ana_1"
    await recorder.stop()


async def test_what_was_erased_is_said_to_be_erased(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    recorder.record(ONE, result(1))
    await recorder.seal_all(ANA)
    world.keys.generation = 2
    world.keys.destroyed.add(DataKeyId("dek_sub_ana_1"))
    recorder.record(ONE, statement(2))
    ended = await recorder.close(ONE)
    kinds = [(number, frame["kind"]) for number, frame in await recorder.page(ONE)]
    assert kinds == [(2, "erased"), (3, "statement")]
    assert await world.problems(recorder, ONE, ended) == ()
    await recorder.stop()


async def test_a_recording_is_read_by_page_across_segments(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    for number in range(1, 8):
        recorder.record(ONE, statement(number))
        if number % 3 == 0:
            await recorder.seal_all(ANA)
    assert [number for number, _ in await recorder.page(ONE, 2, 3)] == [3, 4, 5]
    assert [number for number, _ in await recorder.page(ONE, 5, 100)] == [6, 7]
    assert await recorder.page(ONE, 7, 100) == []
    await recorder.stop()


async def test_a_session_that_is_forgotten_leaves_nothing(tmp_path: Path) -> None:
    recorder = await RecordingWorld().recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    await recorder.forget(ONE)
    await recorder.close(ONE)
    assert len(await recorder.segments(ONE)) == 1
    await recorder.forget(ONE)
    assert not (tmp_path / ONE).exists()
    assert await recorder.frames(ONE) == []
    await recorder.stop()


async def test_what_the_first_version_left_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / ONE).mkdir()
    plain = compose(ONE, 1, "", 1, [encode(statement(1))])
    (tmp_path / ONE / "000001.jsonl").write_bytes(plain)
    lines = frame_line(line_start(ONE), 2, encode(statement(2))) + sealed_line(ONE, 1, 1)
    (tmp_path / "journal-00000001.jsonl").write_bytes(lines)
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    await recorder.recover()
    assert [entry.facts["number"] for entry in world.log] == [2]
    assert await sequences(recorder, ONE) == [1, 2]
    await recorder.stop()


async def test_a_journal_that_cannot_be_opened_stops_the_start(tmp_path: Path) -> None:
    world = RecordingWorld()
    killed = await world.recorder(tmp_path)
    killed.open(ONE, ANA)
    killed.record(ONE, statement(1))
    abandon(killed)
    world.keys.destroyed.add(DataKeyId("dek_nobody_1"))
    recorder = await world.recorder(tmp_path)
    with pytest.raises(OperatorFault, match="its key is gone"):
        await recorder.recover()
    world.keys.destroyed.clear()
    await recorder.recover()
    assert await sequences(recorder, ONE) == [1]
    await recorder.stop()


async def test_what_is_sealed_before_an_erasure_leaves_the_journal_too(tmp_path: Path) -> None:
    world = RecordingWorld()
    recorder = await world.recorder(tmp_path)
    recorder.open(ONE, ANA)
    recorder.record(ONE, statement(1))
    world.is_away = True
    with pytest.raises(OutsideFault, match="cannot be sealed now"):
        await recorder.seal_all(ANA)
    world.is_away = False
    await recorder.seal_all(ANA)
    await recorder.sync()
    (lines,) = journals(tmp_path)
    assert b"select 1" not in lines
    recorder.record(ONE, statement(2))
    await recorder.close(ONE)
    assert await whole(world, recorder, ONE)
    await recorder.stop()
