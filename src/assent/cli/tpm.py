"""A device's key in the machine's TPM, by the programs of tpm2-tools: it cannot be copied out.

TPM 2.0 Library, part 1, section 27 (attributes of objects): `fixedTPM`, `fixedParent` and
`sensitiveDataOrigin` say that it was made there and stays. What is kept beside it are two blobs
that only this TPM can load.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assent.cli.exit_codes import CommandFault, ExitCode

KIND = "ecdsa-p256"
_ATTRIBUTES = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|noda"
_WITHIN_S = 60
_DEVICE = Path("/dev/tpmrm0")


@dataclass(frozen=True, slots=True)
class Blobs:
    """A key as its TPM wrapped it."""

    public: bytes
    private: bytes


def is_there() -> bool:
    """Return whether there is a TPM that can be used, with the programs to do so."""
    if any(shutil.which(f"tpm2_{name}") is None for name in ("createprimary", "sign")):
        return False
    # The variable names another one, such as one of a virtual machine.
    return bool(os.environ.get("TPM2TOOLS_TCTI")) or os.access(_DEVICE, os.R_OK | os.W_OK)


def make() -> tuple[Blobs, bytes]:
    """Return a new key and its public half, an uncompressed point. Raises CommandFault."""
    with _folder() as folder:
        _primary(folder)
        _run(
            folder, "create", "-C", "primary.ctx", "-G", "ecc256:ecdsa-sha256", "-g", "sha256",
            "-a", _ATTRIBUTES, "-u", "key.pub", "-r", "key.priv",
        )  # fmt: skip
        _flush(folder)
        blobs = Blobs((folder / "key.pub").read_bytes(), (folder / "key.priv").read_bytes())
        _load(folder, blobs)
        _run(folder, "readpublic", "-c", "key.ctx", "-f", "pem", "-o", "key.pem")
        _flush(folder)
        return blobs, _point((folder / "key.pem").read_bytes())


def sign(blobs: Blobs, message: bytes) -> bytes:
    """Return the signature over a message, as `p256_keys` reads it. Raises CommandFault."""
    from assent.audit.p256_keys import signature_of

    with _folder() as folder:
        _primary(folder)
        _load(folder, blobs)
        (folder / "digest").write_bytes(sha256(message).digest())
        _run(
            folder, "sign", "-c", "key.ctx", "-g", "sha256", "-s", "ecdsa", "-d", "digest",
            "-f", "plain", "-o", "signature",
        )  # fmt: skip
        _flush(folder)
        return signature_of((folder / "signature").read_bytes())


def _primary(folder: Path) -> None:
    # The same one every time: it is derived from the TPM's own seed.
    _run(folder, "createprimary", "-C", "o", "-g", "sha256", "-G", "ecc256", "-c", "primary.ctx")
    _flush(folder)


def _load(folder: Path, blobs: Blobs) -> None:
    (folder / "key.pub").write_bytes(blobs.public)
    (folder / "key.priv").write_bytes(blobs.private)
    _run(folder, "load", "-C", "primary.ctx", "-u", "key.pub", "-r", "key.priv", "-c", "key.ctx")
    _flush(folder)


def _flush(folder: Path) -> None:
    # Without a resource manager what was loaded stays, and a TPM holds three things.
    _run(folder, "flushcontext", "-t")


def _point(pem: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_public_key(pem)
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="assent-tpm-") as name:
        yield Path(name)


def _run(folder: Path, program: str, *arguments: str) -> None:
    words: Sequence[str] = (f"tpm2_{program}", *arguments)
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            words,
            cwd=folder,
            capture_output=True,
            timeout=_WITHIN_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFault(
            ExitCode.OUTSIDE, "tpm", f"`tpm2_{program}` cannot be run: {error}"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = said[-1][:200] if said else f"it ended with {done.returncode}"
        words_of = f"the TPM does not do `{program}`: {last}; `--protection file` does without it"
        raise CommandFault(ExitCode.OUTSIDE, "tpm", words_of)
