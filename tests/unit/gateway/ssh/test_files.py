"""SFTP by the relay to OpenSSH's own server: what is asked, what passes and what never does."""

import asyncio
from pathlib import Path

import pytest

from assent.core.frame import OutputFrame
from assent.protocols.ssh import sftp_wire as wire
from assent.protocols.ssh.sftp_wire import Kind, Status, number, string
from sftp_ends import Judge, attributes, between, extended, name

LONG = (0).to_bytes(8)


async def test_a_file_is_decided_on_when_it_is_opened_and_then_passes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    judge = Judge()
    async with between(judge, tmp_path) as client:
        handle = await client.open("a")
        kind, rest = await client.ask(Kind.READ, string(handle), LONG, number(100))
        assert (kind, rest[4:]) == (Kind.DATA, b"content")
        assert await client.close(handle) == Status.OK
    (seen,) = judge.seen
    assert seen.touches == [("file.read", str(tmp_path / "a"))]
    assert seen.text == f"sftp get {tmp_path}/a"
    assert seen.statement.reusable
    assert seen.ended == (7, "")


async def test_what_is_written_is_counted(tmp_path: Path) -> None:
    judge = Judge()
    flags = wire.WRITE | wire.CREATE | wire.TRUNCATE
    async with between(judge, tmp_path) as client:
        handle = await client.open("new", flags, 0o644)
        wanted = await client.status(Kind.WRITE, string(handle), LONG, string(b"x" * 200_000))
        assert wanted == Status.OK
        await client.close(handle)
    assert (tmp_path / "new").read_bytes() == b"x" * 200_000
    (seen,) = judge.seen
    assert seen.touches == [("file.write", str(tmp_path / "new"))]
    assert not seen.statement.reusable
    assert seen.ended == (200_000, "")


@pytest.mark.parametrize(
    ("flags", "verbs"),
    [
        (0, ["file.read"]),
        (wire.READ, ["file.read"]),
        (wire.WRITE, ["file.write"]),
        (wire.READ | wire.WRITE, ["file.read", "file.write"]),
        (wire.CREATE, ["file.read", "file.write"]),
        (wire.TRUNCATE, ["file.read", "file.write"]),
        (wire.READ | wire.TRUNCATE, ["file.read", "file.write"]),
        (wire.APPEND, ["file.read", "file.write"]),
        (wire.WRITE | wire.APPEND, ["file.write"]),
    ],
)
async def test_flags_that_make_or_empty_a_file_write_to_it(
    tmp_path: Path, flags: int, verbs: list[str]
) -> None:
    judge = Judge(refused=["sftp"])
    async with between(judge, tmp_path) as client:
        await client.status(Kind.OPEN, name("a"), number(flags), attributes())
    assert [verb for verb, _ in judge.seen[0].touches] == verbs


async def test_what_is_refused_never_reaches_the_server_and_the_client_hears_why(
    tmp_path: Path,
) -> None:
    (tmp_path / "kept").write_text("kept")
    judge = Judge(refused=["rm", "rename", "put"])
    async with between(judge, tmp_path) as client:
        kind, rest = await client.ask(Kind.REMOVE, name("kept"))
        assert kind == Kind.STATUS
        assert int.from_bytes(rest[:4]) == Status.PERMISSION_DENIED
        assert b"no policy permits that" in rest
        assert await client.status(Kind.RENAME, name("kept"), name("b")) == 3
        flags = number(wire.WRITE | wire.TRUNCATE)
        assert await client.status(Kind.OPEN, name("kept"), flags, attributes()) == 3
    assert (tmp_path / "kept").read_text() == "kept"
    assert "no policy permits that" in client.said


async def test_links_and_dots_are_resolved_before_anything_is_decided(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("key")
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "open" / "file").symlink_to("../secret/key")
    judge = Judge(refused=["secret"])
    ways = ["open/link/key", "open/../secret/key", "open/file", "./open/./link/../secret/key"]
    async with between(judge, tmp_path) as client:
        for way in ways:
            assert await client.status(Kind.OPEN, name(way), number(1), attributes()) == 3, way
            assert await client.status(Kind.STAT, name(way)) == 3, way
    assert {seen.touches[0][1] for seen in judge.seen} == {str(tmp_path / "secret" / "key")}


async def test_an_entry_that_is_a_link_is_removed_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("stays")
    (tmp_path / "link").symlink_to("file")
    judge = Judge()
    async with between(judge, tmp_path) as client:
        assert await client.status(Kind.REMOVE, name("link")) == Status.OK
    assert judge.seen[0].touches == [("file.delete", str(tmp_path / "link"))]
    assert (tmp_path / "file").read_text() == "stays"
    assert not (tmp_path / "link").is_symlink()


async def test_a_file_is_made_where_a_dangling_link_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    judge = Judge()
    async with between(judge, tmp_path) as client:
        await client.close(await client.open("link", wire.WRITE | wire.CREATE))
    assert judge.seen[0].touches == [("file.write", str(tmp_path / "elsewhere"))]


async def test_what_is_held_waits_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    assent = asyncio.Event()
    judge = Judge(held={"put": assent})
    async with between(judge, tmp_path) as client:
        flags = number(wire.WRITE | wire.CREATE)
        held = client.send(Kind.OPEN, name("new"), flags, attributes())
        await judge.began.wait()
        assert await client.close(await client.open("a")) == Status.OK
        assert not (tmp_path / "new").exists()
        assert client.said == ["it waits"]
        assent.set()
        kind, of, _ = await client.receive()
        assert (kind, of) == (Kind.HANDLE, held)
    assert (tmp_path / "new").exists()


async def test_what_leads_elsewhere_after_the_wait_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assent = asyncio.Event()
    judge = Judge(held={"put": assent})
    async with between(judge, tmp_path) as client:
        flags = number(wire.WRITE | wire.CREATE)
        client.send(Kind.OPEN, name("a/new"), flags, attributes())
        await judge.began.wait()
        (tmp_path / "a").rmdir()
        (tmp_path / "a").symlink_to("b")
        assent.set()
        kind, _, rest = await client.receive()
        assert (kind, int.from_bytes(rest[:4])) == (Kind.STATUS, Status.PERMISSION_DENIED)
    assert list((tmp_path / "b").iterdir()) == []
    assert judge.seen[0].ended == (0, "moved")


async def test_a_client_that_hangs_up_withdraws_what_it_holds(tmp_path: Path) -> None:
    judge = Judge(held={"put": asyncio.Event()})
    async with between(judge, tmp_path) as client:
        flags = number(wire.WRITE | wire.CREATE)
        client.send(Kind.OPEN, name("new"), flags, attributes())
        await judge.began.wait()
        client.hang_up()
    assert not (tmp_path / "new").exists()
    assert judge.seen[0].ended is None


async def test_a_file_that_nobody_closed_ends_with_the_session(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    judge = Judge()
    async with between(judge, tmp_path) as client:
        handle = await client.open("a")
        await client.ask(Kind.READ, string(handle), LONG, number(3))
    assert judge.seen[0].ended == (3, "not-closed")


async def test_only_what_was_opened_for_it_is_read_and_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    async with between(Judge(), tmp_path) as client:
        handle = await client.open("a")
        wanted = await client.status(Kind.WRITE, string(handle), LONG, string(b"no"))
        assert wanted == Status.FAILURE
        guessed = bytes([0, 0, 0, handle[-1] + 1])
        assert await client.status(Kind.READ, string(guessed), LONG, number(1)) == Status.FAILURE
    assert (tmp_path / "a").read_bytes() == b"content"


async def test_modes_and_owners_are_administered(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    judge = Judge(refused=["set mode=4755"])
    async with between(judge, tmp_path) as client:
        assert await client.status(Kind.SETSTAT, name("a"), attributes(0o600)) == Status.OK
        assert await client.status(Kind.SETSTAT, name("a"), attributes(0o4755)) == 3
        handle = await client.open("a", wire.WRITE)
        fsetstat = Kind.FSETSTAT, string(handle)
        assert await client.status(*fsetstat, attributes(0o4755)) == 3
        assert await client.status(*fsetstat, number(1), (2).to_bytes(8)) == Status.OK
    assert (tmp_path / "a").stat().st_mode & 0o7777 == 0o600
    assert (tmp_path / "a").read_bytes() == b"co"
    verbs = [seen.statement.kind for seen in judge.seen]
    assert verbs == ["file.administer", "file.administer", "file.write", "file.administer"]


async def test_a_new_file_with_rights_of_its_owner_is_administered(tmp_path: Path) -> None:
    judge = Judge()
    async with between(judge, tmp_path) as client:
        await client.close(await client.open("s", wire.WRITE | wire.CREATE, 0o4755))
    assert [verb for verb, _ in judge.seen[0].touches] == ["file.write", "file.administer"]


async def test_another_name_for_a_file_touches_both(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    a, b, c = (str(tmp_path / word) for word in "abc")
    judge = Judge()
    async with between(judge, tmp_path) as client:
        assert await client.status(Kind.SYMLINK, name("a"), name("b")) == Status.OK
        hard = Kind.EXTENDED, extended("hardlink@openssh.com")
        assert await client.status(*hard, name("a"), name("c")) == Status.OK
        moved = Kind.EXTENDED, extended("posix-rename@openssh.com")
        assert await client.status(*moved, name("c"), name("d")) == Status.OK
    assert judge.seen[0].touches == [("file.write", b), ("file.administer", a)]
    assert judge.seen[1].touches == [
        ("file.read", a),
        ("file.administer", a),
        ("file.write", c),
    ]
    assert ("file.delete", c) in judge.seen[2].touches
    assert (tmp_path / "b").readlink() == Path("a")
    assert (tmp_path / "d").read_bytes() == b"content"


async def test_a_folder_is_listed_and_its_names_are_recorded_where_obliged(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("")
    judge = Judge(results=True)
    async with between(judge, tmp_path) as client:
        kind, rest = await client.ask(Kind.OPENDIR, name("."))
        handle = string(wire.Fields(rest).string(256))
        assert kind == Kind.HANDLE
        kind, rest = await client.ask(Kind.READDIR, handle)
        assert kind == Kind.NAME
        assert await client.status(Kind.CLOSE, handle) == Status.OK
    assert judge.seen[0].touches == [("file.list", str(tmp_path))]
    (frame,) = judge.frames
    assert isinstance(frame, OutputFrame)
    assert "here" in frame.data.split("\n")


async def test_what_nobody_understands_is_refused(tmp_path: Path) -> None:
    async with between(Judge(), tmp_path) as client:
        unknown = Kind.EXTENDED, extended("sudo@example.com")
        assert await client.status(*unknown) == Status.OP_UNSUPPORTED
        assert await client.status(99) == Status.OP_UNSUPPORTED
        assert await client.status(Kind.OPEN, name("a")) == Status.BAD_MESSAGE
        assert await client.status(Kind.STAT, name(b"a\0b")) == Status.BAD_MESSAGE


async def test_a_name_that_is_no_text_is_not_understood(tmp_path: Path) -> None:
    judge = Judge()
    async with between(judge, tmp_path) as client:
        await client.status(Kind.REMOVE, name(b"\xff"))
    assert not judge.seen[0].statement.complete
    assert "ssh.unknown" in {verb for verb, _ in judge.seen[0].touches}


async def test_the_server_says_itself_that_a_folder_is_missing(tmp_path: Path) -> None:
    judge = Judge()
    async with between(judge, tmp_path) as client:
        wanted = await client.status(Kind.REMOVE, name("no/where/a"))
        assert wanted == Status.NO_SUCH_FILE
    assert judge.seen == []


async def test_no_more_files_are_open_than_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    async with between(Judge(), tmp_path) as client:
        for _ in range(256):
            await client.open("a")
        assert await client.status(Kind.OPEN, name("a"), number(1), attributes()) == Status.FAILURE


async def test_a_packet_that_is_too_long_ends_it(tmp_path: Path) -> None:
    async with between(Judge(), tmp_path) as client:
        client.sent.feed_data((300_000).to_bytes(4) + b"\x06")
        assert await client.answers.read() == b""
    assert "262144" in client.said[-1]


async def test_bytes_are_copied_between_files_that_are_open_for_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    async with between(Judge(), tmp_path) as client:
        source = string(await client.open("a"))
        into = string(await client.open("b", wire.WRITE | wire.CREATE))
        copy = Kind.EXTENDED, extended("copy-data")
        assert await client.status(*copy, source, LONG, LONG, into, LONG) in (
            Status.OK,
            Status.OP_UNSUPPORTED,
        )
        assert await client.status(*copy, into, LONG, LONG, source, LONG) == Status.FAILURE
