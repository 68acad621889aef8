import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from assent.audit.cosignature import open_cosignature
from assent.audit.note import split_note
from assent.audit.proof import MAX_BYTES
from unit.witnesses.serving import served
from unit.witnesses.witness_builders import AWitness, a_note, a_submission


async def ask(
    url: str, body: bytes, *, path: str = "/add-checkpoint", method: str = "POST"
) -> tuple[int, dict[str, str], str]:
    """Return status, headers and body of a request that is written by hand."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"{method} {path} HTTP/1.1\r\nhost: w\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
    answer = (await reader.read()).decode()
    writer.close()
    top, _, rest = answer.partition("\r\n\r\n")
    first, *lines = top.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, rest


async def test_a_checkpoint_that_continues_the_log_is_cosigned(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    async with served(a.witness) as url:
        status, _, body = await ask(url, a_submission(0, 5).encode())
        assert status == 200
        assert open_cosignature(body, a.cosigner.verifier, split_note(a_note(5))[0])


async def test_a_conflict_says_the_size_in_its_own_media_type(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    async with served(a.witness) as url:
        status, headers, body = await ask(url, a_submission(3, 7).encode())
        assert (status, headers["content-type"], body) == (409, "text/x.tlog.size", "5\n")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (a_submission(5, 9, "forged"), 422),
        (a_submission(5, 5, "forged"), 409),
        (a_submission(5, 9).replace("\n9\n", "\n8\n"), 403),
        (a_submission(5, 9).replace("assent.example/audit\n9", "assent.example/other\n9"), 404),
        ("old 9\n\n" + a_note(5), 400),
        ("nonsense", 400),
    ],
)
async def test_each_refusal_has_its_status(tmp_path: Path, body: str, status: int) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    async with served(a.witness) as url:
        assert (await ask(url, body.encode()))[0] == status
        assert (await ask(url, a_submission(5, 9).encode()))[0] == 200


async def test_nothing_else_is_answered(tmp_path: Path) -> None:
    async with served(AWitness(tmp_path).witness) as url:
        assert (await ask(url, b"", path="/"))[0] == 404
        assert (await ask(url, b"", method="GET"))[0] == 405


async def test_a_body_without_end_is_refused(tmp_path: Path) -> None:
    async with served(AWitness(tmp_path).witness) as url:
        assert (await ask(url, b"x" * (MAX_BYTES + 1)))[0] == 413


async def test_a_request_that_never_comes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.witnesses.server.READ_WITHIN_S", 0.05)
    async with served(AWitness(tmp_path).witness) as url:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 9\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_disk_that_refuses_is_a_fault_of_the_server(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    (tmp_path / "logs").rmdir()
    (tmp_path / "logs").write_text("a file")
    async with served(a.witness) as url:
        status, _, body = await ask(url, a_submission(0, 5).encode())
        assert (status, body) == (500, "the witness cannot remember checkpoints now\n")


async def test_requests_at_once_are_answered_one_after_the_other(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    async with served(a.witness) as url:
        answers = await asyncio.gather(
            *(ask(url, a_submission(0, size).encode()) for size in range(1, 21))
        )
    assert sorted(status for status, _, _ in answers) == [200, *[409] * 19]
