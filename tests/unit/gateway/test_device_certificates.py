"""Certificates of devices: for one device, of our own authority, for as long as a password."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.core.faults import ConflictFault
from assent.core.ids import DeviceKeyId
from assent.gateway.device_certificates import authority_of, device_of, new_authority

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = DeviceKeyId("key_1")


def der(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_a_certificate_is_for_its_device_and_ends_with_the_password() -> None:
    authority = authority_of(new_authority(NOW))
    public = der(ec.generate_private_key(ec.SECP256R1()))
    pem = authority.issue(public, KEY, "ana", NOW, NOW + timedelta(minutes=5))
    made = x509.load_pem_x509_certificate(pem.encode())
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.authority.encode()))
    assert made.not_valid_after_utc - NOW <= timedelta(minutes=10)
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert device_of(made.public_bytes(serialization.Encoding.DER)) == KEY


def test_only_keys_of_p_256_are_certified() -> None:
    authority = authority_of(new_authority(NOW))
    other = der(ec.generate_private_key(ec.SECP384R1()))
    wrong = (b"", b"x", der(Ed25519PrivateKey.generate()), other)
    for public in wrong:
        with pytest.raises(ConflictFault):
            authority.issue(public, KEY, "ana", NOW, NOW)


def test_a_certificate_of_something_else_is_of_no_device() -> None:
    authority = authority_of(new_authority(NOW)).authority
    certificate = x509.load_pem_x509_certificate(authority.encode())
    assert device_of(certificate.public_bytes(serialization.Encoding.DER)) is None
    assert device_of(b"x") is None
    assert device_of(None) is None


def test_a_file_that_is_no_authority_is_none() -> None:
    for content in (b"", b"-----BEGIN PRIVATE KEY-----\n"):
        with pytest.raises(ValueError, match=r".+"):
            authority_of(content)
