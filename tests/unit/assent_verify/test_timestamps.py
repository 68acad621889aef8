"""Time stamps of an authority (RFC 3161), made by openssl."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from assent_verify.der import read_one
from assent_verify.report import Status
from assent_verify.timestamps import check_token, read_token
from unit.assent_verify.exports import (
    KEY,
    WITNESS,
    a_log,
    a_note,
    an_export,
    check,
    verified,
    words,
)

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
digests = sha256, sha512
accuracy = secs:1
[stamps]
extendedKeyUsage = critical, timeStamping
[plain]
keyUsage = critical, digitalSignature
"""
NOTE = a_note(a_log(6)).encode()


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certified(folder: Path, name: str, extensions: str) -> None:
    """Make a key and a certificate that `ca` vouches for."""
    openssl(
        folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
    )  # fmt: skip
    openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "30", "-extfile", "openssl.cnf", "-extensions", extensions,
        "-out", f"{name}.pem",
    )  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a time stamping authority, and of another that nobody trusts."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    for name, kind in (("ca", "rsa:2048"), ("other", "ed25519")):
        openssl(
            folder, "req", "-x509", "-newkey", kind, "-nodes", "-keyout", f"{name}.key", "-out",
            f"{name}.pem", "-days", "30", "-subj", f"/CN={name}",
            "-addext", "keyUsage=critical,keyCertSign",
        )  # fmt: skip
    certified(folder, "tsa", "stamps")
    certified(folder, "plain", "plain")
    return folder


def stamp(folder: Path, data: bytes, *options: str, digest: str = "-sha256") -> bytes:
    """Return the authority's answer."""
    (folder / "data").write_bytes(data)
    openssl(
        folder, "ts", "-query", "-data", "data", digest, "-cert", "-config", "openssl.cnf",
        "-out", "query",
    )  # fmt: skip
    openssl(
        folder, "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query", *options,
        "-out", "reply",
    )  # fmt: skip
    return (folder / "reply").read_bytes()


def der(folder: Path, name: str) -> bytes:
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    return certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("trusted", ["ca", "tsa"])
@pytest.mark.parametrize("form", [(), ("-token_out",)])
def test_a_stamp_that_a_trusted_authority_signed_is_good(
    authority: Path, trusted: str, form: tuple[str, ...]
) -> None:
    token = read_token(stamp(authority, NOTE, *form))
    check_token(token, [der(authority, trusted)])
    assert abs(token.at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_stamp_of_an_authority_that_nobody_trusts_is_refused(authority: Path) -> None:
    token = read_token(stamp(authority, NOTE))
    with pytest.raises(ValueError, match="no authority that you trust"):
        check_token(token, [der(authority, "other")])


def test_a_stamp_by_who_may_not_stamp_is_refused(authority: Path) -> None:
    # What its certificate says is looked at before its signature is.
    token = read_token(stamp(authority, NOTE))
    with pytest.raises(ValueError, match=r"is not here|may not stamp"):
        check_token(
            type(token)(token.imprint, token.at, token.content, token.signer, ()),
            [der(authority, "plain")],
        )


def test_a_stamp_over_another_content_does_not_fit(authority: Path) -> None:
    good, other = read_token(stamp(authority, NOTE)), read_token(stamp(authority, b"x"))
    mixed = type(good)(good.imprint, good.at, other.content, good.signer, good.certificates)
    with pytest.raises(ValueError, match="is over something else"):
        check_token(mixed, [der(authority, "ca")])


def test_any_changed_byte_of_its_signature_shows(authority: Path) -> None:
    data = bytearray(stamp(authority, NOTE, "-token_out"))
    data[-3] ^= 1
    with pytest.raises(ValueError, match=r"does not fit|cut off|malformed|missing"):
        check_token(read_token(bytes(data)), [der(authority, "ca")])


def test_a_stamp_of_another_hash_is_not_read(authority: Path) -> None:
    with pytest.raises(ValueError, match="than a sha-256"):
        read_token(stamp(authority, NOTE, digest="-sha512"))


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"\x30\x80"])
def test_what_is_no_stamp_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_token(data)


@pytest.mark.parametrize("data", [b"\x1f\x01\x00", b"\x04\x85\x00\x00\x00\x00\x00", b"\x04\x02a"])
def test_der_that_is_malformed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_one(data)


def test_an_anchored_stamp_counts_as_an_observation(authority: Path) -> None:
    leaves = a_log(6)
    files = an_export(leaves, keys=[KEY, WITNESS])
    files["anchor/6/tsa"] = stamp(authority, NOTE, "-token_out")
    trusted = verified(
        files,
        authorities=[der(authority, "ca")],
        at=datetime.now(UTC),
        fresh_within=timedelta(hours=1),
    )
    assert check(trusted, 13).status is Status.OK
    assert "`tsa` saw the log of size 6" in words(check(trusted, 8))
    assert trusted.exit_code == 0
    unchecked = check(verified(files), 13)
    assert unchecked.status is Status.SKIPPED
    assert "name the authority" in words(unchecked)
    assert check(verified(files, authorities=[der(authority, "other")]), 13).status == "failed"


def test_a_stamp_of_another_note_does_not_fit(authority: Path) -> None:
    files = an_export(a_log(6)) | {"anchor/6/tsa": stamp(authority, b"another", "-token_out")}
    found = check(verified(files), 13)
    assert (found.status, "of something else" in words(found)) == (Status.FAILED, True)
