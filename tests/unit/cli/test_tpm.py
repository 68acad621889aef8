"""A key in a TPM: made by a real one, in software, which signs and gives nothing out."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent.audit import p256_keys
from assent.cli import device_keys, tpm
from assent.cli.exit_codes import CommandFault

pytestmark = pytest.mark.skipif(
    shutil.which("swtpm") is None or shutil.which("tpm2_sign") is None,
    reason="there is no TPM in software here",
)


@pytest.fixture
def software_tpm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A TPM on two free ports of loopback, which ends with the test."""
    for attempt in range(5):
        port = _two_free_ports()
        process = subprocess.Popen(
            [
                "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={tmp_path}",
                "--server", f"type=tcp,port={port},bindaddr=127.0.0.1",
                "--ctrl", f"type=tcp,port={port + 1},bindaddr=127.0.0.1",
                "--flags", "startup-clear,not-need-init",
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if _listens(port + 1, process):
            break
        assert attempt < 4, "swtpm does not listen"
    monkeypatch.setenv("TPM2TOOLS_TCTI", f"swtpm:host=127.0.0.1,port={port}")
    monkeypatch.setenv("ASSENT_HOME", str(tmp_path / "home"))
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


def _two_free_ports() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as looking:
            if looking.connect_ex(("127.0.0.1", port)) == 0:
                return True
    return False


def test_what_a_tpm_signs_is_good_under_the_key_that_it_made(software_tpm: None) -> None:
    assert tpm.is_there()
    blobs, point = tpm.make()
    for number in range(4):
        message = b"message %d" % number
        p256_keys.check(point, message, tpm.sign(blobs, message))
    with pytest.raises(ValueError, match="does not fit"):
        p256_keys.check(point, b"another", tpm.sign(blobs, b"message"))


def test_a_device_key_is_in_the_tpm_where_there_is_one_and_nowhere_else(
    software_tpm: None,
) -> None:
    key = device_keys.make("http://127.0.0.1:1/", "ben")
    assert (key.kind, key.protection, key.seed) == ("ecdsa-p256", "tpm", None)
    device_keys.keep(key)
    assert "seed" not in device_keys.path().read_text()
    assert device_keys.path().stat().st_mode & 0o777 == 0o600
    again = device_keys.find("http://127.0.0.1:1", "ben")
    assert again == key
    from assent.audit.approval_signatures import check_signature

    check_signature(key.kind, key.public_key, b"one", again.sign(b"one"), {})


def test_a_tpm_that_is_away_says_so_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPM2TOOLS_TCTI", "swtpm:host=127.0.0.1,port=1")
    with pytest.raises(CommandFault, match="`--protection file` does without it"):
        tpm.make()
    assert os.environ["TPM2TOOLS_TCTI"]
