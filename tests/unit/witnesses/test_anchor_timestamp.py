import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from assent.core.entry import Checkpoint
from assent.core.faults import OperatorFault, OutsideFault
from assent.witnesses.anchor_timestamp import TimestampAnchor, roots_in
from unit.witnesses.serving import answering, http
from unit.witnesses.witness_builders import NOON, a_note

pytestmark = pytest.mark.skipif(which("openssl") is None, reason="openssl is the authority here")

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
[ca]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[stamps]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
"""
CHECKPOINT = Checkpoint(5, b"r" * 32, a_note(5), NOON)


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a time stamping authority."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for name in ("ca", "other"):
        openssl(
            folder, "req", "-x509", *curve, "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-days", "30", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign",
        )  # fmt: skip
    openssl(
        folder, "req", "-new", *curve, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=t"
    )
    openssl(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days",
        "30", "-CAcreateserial", "-extfile", "openssl.cnf", "-extensions", "stamps", "-out",
        "tsa.pem",
    )  # fmt: skip
    return folder


def stamped(folder: Path, query: bytes) -> bytes:
    """Return what the authority answers to a query."""
    (folder / "query").write_bytes(query)
    openssl(
        folder, "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query", "-out", "reply"
    )
    return (folder / "reply").read_bytes()


@asynccontextmanager
async def serving(folder: Path, query: bytes = b"") -> AsyncIterator[str]:
    """Serve the authority. query: that it answers, whatever it is asked."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        asked = await reader.readexactly(length)
        answer = await asyncio.to_thread(stamped, folder, query or asked)
        writer.write(http(200, answer, "application/timestamp-reply"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def roots(folder: Path, name: str = "ca") -> list[x509.Certificate]:
    return list(roots_in((folder / f"{name}.pem").read_bytes(), "here"))


async def test_the_stamp_is_over_the_note_and_openssl_agrees(
    authority: Path, tmp_path: Path
) -> None:
    async with serving(authority) as url:
        anchor = TimestampAnchor("tsa", url, roots(authority))
        kept = await anchor.keep(CHECKPOINT, f"{a_note(5)}— w AAAAAAAA\n")
        await anchor.close()
    assert kept.body is not None
    assert kept.reference.startswith(f"{url} at 20")
    names = [cert.subject.rfc4514_string() for cert in pkcs7.load_der_pkcs7_certificates(kept.body)]
    assert "CN=t" in names
    (tmp_path / "token").write_bytes(kept.body)
    (tmp_path / "note").write_text(a_note(5))
    openssl(
        tmp_path, "ts", "-verify", "-in", "token", "-token_in", "-data", "note", "-CAfile",
        str(authority / "ca.pem"), "-no_check_time",
    )  # fmt: skip


async def test_a_stamp_by_another_authority_is_not_taken(authority: Path) -> None:
    async with serving(authority) as url:
        anchor = TimestampAnchor("tsa", url, roots(authority, "other"))
        with pytest.raises(OutsideFault, match="does not hold"):
            await anchor.keep(CHECKPOINT, CHECKPOINT.note)
        await anchor.close()


async def test_a_stamp_of_something_else_is_not_taken(authority: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("something else")
    openssl(
        tmp_path, "ts", "-query", "-data", "data", "-sha256", "-cert", "-no_nonce", "-out", "query"
    )
    async with serving(authority, (tmp_path / "query").read_bytes()) as url:
        anchor = TimestampAnchor("tsa", url, roots(authority))
        with pytest.raises(OutsideFault, match="does not hold"):
            await anchor.keep(CHECKPOINT, CHECKPOINT.note)
        await anchor.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(200, b"no stamp"), "no time stamp"),
        (http(500, b""), "answers 500"),
        (http(200, b"x" * 300_000), "more than"),
        (b"nonsense\r\n\r\n", "cannot be reached"),
    ],
)
async def test_another_answer_is_a_fault_of_the_outside(
    authority: Path, answer: bytes, words: str
) -> None:
    async with answering(answer) as url:
        anchor = TimestampAnchor("tsa", url, roots(authority))
        with pytest.raises(OutsideFault, match=words):
            await anchor.keep(CHECKPOINT, CHECKPOINT.note)
        await anchor.close()


def test_a_file_without_certificates_vouches_for_nobody(authority: Path) -> None:
    with pytest.raises(OperatorFault, match="no PEM"):
        roots_in(b"hello", "here")
    ca = roots(authority)[0].public_bytes(Encoding.PEM)
    assert len(roots_in(ca, "here")) == 1
