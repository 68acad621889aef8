"""Certificates of SSH: whose, for what and for how long, and which ones count for nothing."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.core.faults import ConflictFault
from assent.core.ids import CredentialId
from assent.core.secret import Secret
from assent.credentials.ssh_certificate import SshCertificates, SshKeys

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CREDENTIAL = CredentialId("credential_1")


def certificates(first: int = 1) -> SshCertificates:
    return SshCertificates(SshKeys(*(Secret(bytes([first + n]) * 32) for n in range(4))))


def line(key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    encoded = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return encoded.decode()


def issued(lasts: timedelta = timedelta(hours=1)) -> str:
    key = line(Ed25519PrivateKey.generate())
    return certificates().issue(key, CREDENTIAL, "ana", "web1", NOW, NOW + lasts)


def test_a_certificate_says_whose_it_is_for_what_and_which_credential_it_stands_for() -> None:
    key = line(Ed25519PrivateKey.generate())
    text = certificates().issue(key, CREDENTIAL, "ana", "web1", NOW, NOW + timedelta(minutes=1))
    shown = certificates().read(text, NOW)
    assert shown is not None
    assert (shown.credential, shown.person, shown.target) == (CREDENTIAL, "ana", "web1")
    assert shown.public_key == key


def test_no_certificate_of_a_client_lasts_longer_than_a_minute() -> None:
    text = issued()
    assert certificates().read(text, NOW + timedelta(seconds=59)) is not None
    assert certificates().read(text, NOW + timedelta(seconds=60)) is None
    assert certificates().read(text, NOW - timedelta(minutes=5)) is None
    assert certificates().read(issued(timedelta(seconds=5)), NOW + timedelta(seconds=5)) is None


def test_what_another_authority_signed_counts_for_nothing() -> None:
    assert certificates(10).read(issued(), NOW) is None
    _, for_target = certificates().for_target("root", "assent", NOW)
    _, for_host = certificates().for_host("web1", NOW)
    for text in (for_target, for_host):
        assert certificates().read(text, NOW) is None


def test_what_opens_the_gateway_opens_no_target() -> None:
    """The two authorities are two keys, and a client's certificate says a critical word more."""
    its = certificates()
    assert len({its.host_key, its.host_authority, its.target_authority}) == 3
    signed = serialization.load_ssh_public_identity(issued().encode())
    assert isinstance(signed, serialization.SSHCertificate)
    authority = signed.signature_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    assert authority.decode() != its.target_authority
    assert set(signed.critical_options) == {b"target@assent"}


@pytest.mark.parametrize(
    "text", ["", "x", "ssh-ed25519 AAAA", "ssh-ed25519-cert-v01@openssh.com A"]
)
def test_what_is_no_certificate_counts_for_nothing(text: str) -> None:
    assert certificates().read(text, NOW) is None


def test_a_bare_key_and_a_changed_certificate_count_for_nothing() -> None:
    its = certificates()
    assert its.read(its.host_key, NOW) is None
    kind, encoded = issued().split(" ")
    middle = len(encoded) // 2
    other = "A" if encoded[middle] != "A" else "B"
    assert its.read(f"{kind} {encoded[:middle]}{other}{encoded[middle + 1 :]}", NOW) is None


def test_only_keys_of_usual_kinds_are_certified() -> None:
    wrong = ("", "x", "ssh-ed25519 AAAA", "é", "a" * 20_000)
    for key in (*wrong, line(rsa.generate_private_key(65537, 2048))):
        with pytest.raises(ConflictFault):
            certificates().issue(key, CREDENTIAL, "ana", "web1", NOW, NOW)


def test_openssh_reads_what_the_gateway_signs(tmp_path: Path) -> None:
    _, certificate = certificates().for_target("deploy", "assent session_1", NOW)
    file = tmp_path / "key-cert.pub"
    file.write_text(certificate)
    done = subprocess.run(
        ["ssh-keygen", "-L", "-f", str(file)], capture_output=True, text=True, check=True
    )
    assert 'Key ID: "assent session_1"' in done.stdout
    assert "deploy" in done.stdout
    assert "permit-pty" in done.stdout
